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
	assert.Equal(t, []Field{
		{"type", "api", true},
		{"retry_policy.enabled", "true", true},
		{"retry_policy.max_attempts", "9", false},
		{"retry_policy.min_wait", "1.5s", false},
		{"retry_policy.max_wait", "15s", true},
		{"retry_policy.jitter", "full", true},
		{"retry_policy.max_elapsed", "0s", true},
		{"retry_policy.max_server_wait", "1m0s", true},
		{"retry_policy.when_open", "fail", true},
		{"retry_policy.idempotent", "auto", true},
		{"retry_policy.custom_exceptions", "http.503, net.timeout", false},
		{"circuit_breaker.enabled", "true", true},
		{"circuit_breaker.failure_threshold", "never", false},
		{"circuit_breaker.failure_rate", "0.5", false},
		{"circuit_breaker.slow_call_rate", "0", true},
		{"circuit_breaker.slow_call_duration", "1m0s", true},
		{"circuit_breaker.window_calls", "100", true},
		{"circuit_breaker.window_duration", "0s", true},
		{"circuit_breaker.minimum_calls", "20", true},
		{"circuit_breaker.recovery_timeout", "1m0s", true},
		{"circuit_breaker.recovery_multiplier", "2", true},
		{"circuit_breaker.max_recovery_timeout", "10m0s", true},
		{"circuit_breaker.recovery_jitter", "0.1", true},
		{"circuit_breaker.half_open_max_calls", "1", true},
		{"circuit_breaker.success_threshold", "2", true},
		{"circuit_breaker.probe_lease", "1m0s", true},
		{"pool.workers", "256", true},
		{"pool.max_pending", "10000", true},
		{"restart.max_restarts", "never", true},
		{"restart.within", "10s", true},
		{"restart.exceeded", "trip_breaker", true},
	}, Describe(p))
}

func TestDescribeTakesNoListForAnEmptyOne(t *testing.T) {
	p := Default(API)
	p.Retry.CustomExceptions = []string{}
	assert.Contains(t, Describe(p), Field{"retry_policy.custom_exceptions", "none", true})
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
