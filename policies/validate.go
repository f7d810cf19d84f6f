package policies

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const day = 24 * time.Hour

// Validate reports every setting of p that is out of its range, with paths
// relative to the policy ("retry_policy.max_attempts"). The ranges are those
// in the fields' comments; they hold for switched-off halves as well. Nothing
// is clamped or filled in.
//
// The error is nil or an [Errors], and errors.Is finds [ErrInvalid] in it.
// What a name in CustomExceptions means is checked where it is resolved, by
// package classify; here it must only not be empty.
func (p Policy) Validate() error {
	var c checks
	checkEnum(&c, "type", p.Type, OperationTypes())
	c.retry(p.Retry)
	c.breaker(p.Breaker)
	c.within("pool.workers", p.Pool.Workers, 1, 1_000_000)
	c.within("pool.max_pending", p.Pool.MaxPending, 0, 10_000_000)
	c.threshold("restart.max_restarts", p.Restart.MaxRestarts)
	c.positive("restart.within", p.Restart.Within, day)
	checkEnum(&c, "restart.exceeded", p.Restart.Exceeded, Escalations())
	return c.found.orNil()
}

// checks collects what is wrong with one policy.
type checks struct{ found Errors }

func (c *checks) retry(r Retry) {
	c.within("retry_policy.max_attempts", r.MaxAttempts, 1, 1_000)
	c.notNegative("retry_policy.min_wait", r.MinWait, math.MaxInt64)
	c.notNegative("retry_policy.max_wait", r.MaxWait, day)
	if r.MinWait >= 0 && r.MaxWait >= 0 && r.MinWait > r.MaxWait {
		c.contradict("retry_policy.max_wait", r.MaxWait, "at least", "retry_policy.min_wait", r.MinWait)
	}
	checkEnum(c, "retry_policy.jitter", r.Jitter, Jitters())
	c.notNegative("retry_policy.max_elapsed", r.MaxElapsed, math.MaxInt64)
	c.notNegative("retry_policy.max_server_wait", r.MaxServerWait, day)
	checkEnum(c, "retry_policy.when_open", r.WhenOpen, WhenOpens())
	checkEnum(c, "retry_policy.idempotent", r.Idempotent, Idempotencies())
	for i, name := range r.CustomExceptions {
		if strings.TrimSpace(name) == "" {
			c.add(fmt.Sprintf("retry_policy.custom_exceptions[%d]", i), name, "must name an error condition, not be empty")
		}
	}
}

func (c *checks) breaker(b Breaker) {
	c.threshold("circuit_breaker.failure_threshold", b.FailureThreshold)
	c.between("circuit_breaker.failure_rate", b.FailureRate, 0, 1)
	c.between("circuit_breaker.slow_call_rate", b.SlowCallRate, 0, 1)
	c.positive("circuit_breaker.slow_call_duration", b.SlowCallDuration, math.MaxInt64)
	c.within("circuit_breaker.window_calls", b.WindowCalls, 1, 100_000)
	c.notNegative("circuit_breaker.window_duration", b.WindowDuration, day)
	c.within("circuit_breaker.minimum_calls", b.MinimumCalls, 1, math.MaxInt)
	if b.WindowDuration == 0 && b.WindowCalls >= 1 && b.MinimumCalls > b.WindowCalls {
		c.contradict("circuit_breaker.minimum_calls", b.MinimumCalls, "at most", "circuit_breaker.window_calls", b.WindowCalls)
	}
	c.positive("circuit_breaker.recovery_timeout", b.RecoveryTimeout, day)
	c.between("circuit_breaker.recovery_multiplier", b.RecoveryMultiplier, 1, 100)
	c.positive("circuit_breaker.max_recovery_timeout", b.MaxRecoveryTimeout, day)
	if b.RecoveryTimeout > 0 && b.MaxRecoveryTimeout > 0 && b.RecoveryTimeout > b.MaxRecoveryTimeout {
		c.contradict("circuit_breaker.max_recovery_timeout", b.MaxRecoveryTimeout, "at least", "circuit_breaker.recovery_timeout", b.RecoveryTimeout)
	}
	c.between("circuit_breaker.recovery_jitter", b.RecoveryJitter, 0, 1)
	c.within("circuit_breaker.half_open_max_calls", b.HalfOpenMaxCalls, 1, 10_000)
	c.within("circuit_breaker.success_threshold", b.SuccessThreshold, 1, 10_000)
	c.positive("circuit_breaker.probe_lease", b.ProbeLease, day)
}

func (c *checks) add(path string, value any, problem string) {
	c.found = append(c.found, &FieldError{Path: path, Value: value, Problem: problem})
}

func (c *checks) contradict(path string, value any, bound, related string, other any) {
	_, leaf, _ := strings.Cut(related, ".")
	c.found = append(c.found, &FieldError{
		Path: path, Value: value, Related: related,
		Problem: fmt.Sprintf("must be %s %s, which is %v", bound, leaf, other),
	})
}

func (c *checks) within(path string, n, least, most int) {
	switch {
	case n >= least && n <= most:
	case most == math.MaxInt:
		c.add(path, n, fmt.Sprintf("must be at least %d", least))
	default:
		c.add(path, n, fmt.Sprintf("must be from %d to %d", least, most))
	}
}

func (c *checks) threshold(path string, n int) {
	if n < 1 || n > Never {
		c.add(path, n, `must be at least 1, or "never" to turn the rule off`)
	}
}

// between is written so that NaN, which compares false with all, is refused.
func (c *checks) between(path string, f, least, most float64) {
	if !(f >= least && f <= most) {
		c.add(path, f, fmt.Sprintf("must be a number from %v to %v", least, most))
	}
}

func (c *checks) notNegative(path string, d, most time.Duration) {
	switch {
	case d < 0:
		c.add(path, d, "must not be negative")
	case d > most:
		c.add(path, d, fmt.Sprintf("must be at most %v", most))
	}
}

func (c *checks) positive(path string, d, most time.Duration) {
	switch {
	case d <= 0:
		c.add(path, d, "must be over 0")
	case d > most:
		c.add(path, d, fmt.Sprintf("must be at most %v", most))
	}
}

func checkEnum[T ~string](c *checks, path string, got T, allowed []T) {
	if slices.Contains(allowed, got) {
		return
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	problem := "must be one of " + strings.Join(names, ", ")
	if near := Nearest(string(got), names); near != "" {
		problem = fmt.Sprintf("did you mean %q? It %s", near, problem)
	}
	c.add(path, string(got), problem)
}
