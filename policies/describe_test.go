package policies

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// If this fails, a program shows other settings than it uses.
func TestDescribe(t *testing.T) {
	p := Default(API)
	p.Retry.MaxAttempts, p.Retry.MinWait = 9, 1500*time.Millisecond
	p.Retry.CustomExceptions = []string{"http.503", "net.timeout"}
	p.Breaker.FailureThreshold, p.Breaker.FailureRate = Never, 0.5
	code := Origin{Source: FromCode}
	assert.Equal(t, []Field{
		{Path: "type", Value: "api", Default: true},
		{Path: "retry_policy.enabled", Value: "true", Default: true},
		{Path: "retry_policy.max_attempts", Value: "9", Origin: code},
		{Path: "retry_policy.min_wait", Value: "1.5s", Origin: code},
		{Path: "retry_policy.max_wait", Value: "15s", Default: true},
		{Path: "retry_policy.jitter", Value: "full", Default: true},
		{Path: "retry_policy.max_elapsed", Value: "0s", Default: true},
		{Path: "retry_policy.max_server_wait", Value: "1m0s", Default: true},
		{Path: "retry_policy.when_open", Value: "fail", Default: true},
		{Path: "retry_policy.idempotent", Value: "auto", Default: true},
		{Path: "retry_policy.custom_exceptions", Value: "http.503, net.timeout", Origin: code},
		{Path: "retry_policy.retry_on", Value: "none", Default: true},
		{Path: "retry_policy.never_retry", Value: "none", Default: true},
		{Path: "circuit_breaker.enabled", Value: "true", Default: true},
		{Path: "circuit_breaker.failure_threshold", Value: "never", Origin: code},
		{Path: "circuit_breaker.failure_rate", Value: "0.5", Origin: code},
		{Path: "circuit_breaker.slow_call_rate", Value: "0", Default: true},
		{Path: "circuit_breaker.slow_call_duration", Value: "1m0s", Default: true},
		{Path: "circuit_breaker.window_calls", Value: "100", Default: true},
		{Path: "circuit_breaker.window_duration", Value: "0s", Default: true},
		{Path: "circuit_breaker.minimum_calls", Value: "20", Default: true},
		{Path: "circuit_breaker.recovery_timeout", Value: "1m0s", Default: true},
		{Path: "circuit_breaker.recovery_multiplier", Value: "2", Default: true},
		{Path: "circuit_breaker.max_recovery_timeout", Value: "10m0s", Default: true},
		{Path: "circuit_breaker.recovery_jitter", Value: "0.1", Default: true},
		{Path: "circuit_breaker.half_open_max_calls", Value: "1", Default: true},
		{Path: "circuit_breaker.success_threshold", Value: "2", Default: true},
		{Path: "circuit_breaker.probe_lease", Value: "1m0s", Default: true},
		{Path: "circuit_breaker.ignore", Value: "none", Default: true},
		{Path: "circuit_breaker.trip_on", Value: "none", Default: true},
		{Path: "pool.workers", Value: "256", Default: true},
		{Path: "pool.max_pending", Value: "10000", Default: true},
		{Path: "restart.max_restarts", Value: "never", Default: true},
		{Path: "restart.within", Value: "10s", Default: true},
		{Path: "restart.exceeded", Value: "trip_breaker", Default: true},
	}, Describe(p))
}

func TestDescribeTakesNoListForAnEmptyOne(t *testing.T) {
	p := Default(API)
	p.Retry.CustomExceptions = []string{}
	assert.Contains(t, Describe(p), Field{Path: "retry_policy.custom_exceptions", Value: "none", Default: true})
}

// If this fails, a reload restarts targets that did not change, or leaves
// those that did.
func TestEqual(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(p *Policy)
		want   bool
	}{
		"nothing":            {func(*Policy) {}, true},
		"an empty list":      {func(p *Policy) { p.Retry.CustomExceptions = []string{} }, true},
		"a list":             {func(p *Policy) { p.Retry.CustomExceptions = []string{"x"} }, false},
		"the type":           {func(p *Policy) { p.Type = Worker }, false},
		"the last of fields": {func(p *Policy) { p.Restart.Exceeded = Escalate }, false},
	} {
		p := Default(API)
		tc.change(&p)
		assert.Equal(t, tc.want, Equal(Default(API), p), name)
		assert.Equal(t, tc.want, Equal(p, Default(API)), name)
	}
}

func TestOutcomesHaveNames(t *testing.T) {
	assert.Equal(t, []string{"success", "failure", "ignored", "throttled", "unknown"},
		[]string{Success.String(), Failure.String(), Ignored.String(), Throttled.String(), Outcome(9).String()})
}
