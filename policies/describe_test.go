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
	var paths []string
	var set []Field
	for _, f := range Describe(p) {
		paths = append(paths, f.Path)
		if !f.Default {
			set = append(set, f)
		}
	}
	assert.Equal(t, []Field{
		{Path: "retry_policy.max_attempts", Value: "9", Origin: code},
		{Path: "retry_policy.min_wait", Value: "1.5s", Origin: code},
		{Path: "retry_policy.custom_exceptions", Value: "http.503, net.timeout", Origin: code},
		{Path: "circuit_breaker.failure_threshold", Value: "never", Origin: code},
		{Path: "circuit_breaker.failure_rate", Value: "0.5", Origin: code},
	}, set)
	assert.Subset(t, Describe(p), []Field{
		{Path: "type", Value: "api", Default: true},
		{Path: "retry_policy.enabled", Value: "true", Default: true},
		{Path: "retry_policy.max_wait", Value: "15s", Default: true},
		{Path: "retry_policy.jitter", Value: "full", Default: true},
		{Path: "retry_policy.retry_on", Value: "none", Default: true},
		{Path: "retry_budget.shared", Value: "none", Default: true},
		{Path: "pool.workers", Value: "256", Default: true},
		{Path: "restart.max_restarts", Value: "never", Default: true},
	})
	var all []string
	for _, s := range Settings() {
		all = append(all, s.Path)
	}
	assert.Equal(t, all, paths, "every setting, in the order of the structs")
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
		"a name":             {func(p *Policy) { p.RetryBudget.Shared = "x" }, false},
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
