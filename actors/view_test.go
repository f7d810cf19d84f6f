package actors

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, a caller that sleeps for as long as it is told would call in a
// tight loop while the last probe runs.
func TestRetryAfterIsNeverBelowAMillisecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		now := time.Now()
		assert.Equal(t, time.Second, (&OpenError{Probing: true}).RetryAfter(), "nobody knows how long a probe takes")
		for name, c := range map[string]struct {
			until time.Time
			want  time.Duration
		}{
			"a while":                  {now.Add(30 * time.Second), 30 * time.Second},
			"a millisecond":            {now.Add(time.Millisecond), time.Millisecond},
			"less than that":           {now.Add(time.Microsecond), time.Millisecond},
			"now":                      {now, time.Millisecond},
			"long ago":                 {now.Add(-time.Hour), time.Millisecond},
			"until somebody closes it": {time.Time{}, time.Minute},
		} {
			assert.Equal(t, c.want, (&OpenError{Until: c.until}).RetryAfter(), name)
		}
		for left, want := range map[time.Duration]time.Duration{
			time.Hour: time.Second, 300 * time.Millisecond: 300 * time.Millisecond, -1: time.Millisecond,
		} {
			e := &OpenError{Until: now.Add(left), Recovering: true}
			assert.Equal(t, want, e.RetryAfter(), "a place may come free before a ramp ends")
		}
	})
}

// The error is made once and shared; what it says of the wait must be of now.
func TestRetryAfterGetsShorter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &OpenError{Until: time.Now().Add(time.Minute)}
		pass(20 * time.Second)
		assert.Equal(t, 40*time.Second, e.RetryAfter())
	})
}

func TestAnOpenErrorSaysWhatToDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		until := time.Now().Add(1500 * time.Millisecond)
		for want, e := range map[string]*OpenError{
			`circuit breaker "api" is open, call not made; retry after 1.5s`:                               {Name: "api", Until: until},
			`circuit breaker "api" is open, call not made; retry after 1.5s (last failure: plain failure)`: {Name: "api", Until: until, Cause: errPlain},
			`circuit breaker "api" is open before an external wall (a used-up quota, an unpaid bill), call not made; retry after 1.5s (last failure: plain failure)`: {
				Name: "api", Until: until, Reason: breaker.ReasonExternalWall, WallUntil: until, Cause: errPlain},
			`circuit breaker "api" is open before an external wall (a used-up quota, an unpaid bill), call not made; retry after 1.5s, for nobody said when it ends`: {
				Name: "api", Until: until, Reason: breaker.ReasonExternalWall},
			`circuit breaker "api" is open before an external wall (a used-up quota, an unpaid bill), call not made; retry after 1.5s, as max_wall says; the wall stands for 1h0m1.5s`: {
				Name: "api", Until: until, Reason: breaker.ReasonExternalWall, WallUntil: until.Add(time.Hour)},
			`circuit breaker "api" was opened by hand, call not made; Reset or ForceClose lets calls through`:                               {Name: "api"},
			`circuit breaker "api" was opened by hand, call not made; Reset or ForceClose lets calls through (last failure: plain failure)`: {Name: "api", Cause: errPlain},
			`circuit breaker "api" is half-open and its probes are out, call not made; retry after 1s (last failure: plain failure)`:        {Name: "api", Cause: errPlain, Probing: true},
			`circuit breaker "api" has closed and lets calls back in by degrees, call not made; retry after 1s`:                             {Name: "api", Until: until, Recovering: true},
		} {
			assert.EqualError(t, e, want)
		}
	})
}

// If it failed, a refusal would not be recognised, or taken for the failure of
// another call.
func TestAnOpenErrorIsErrOpenAndNotItsCause(t *testing.T) {
	err := error(&OpenError{Cause: errPlain})
	assert.ErrorIs(t, err, ErrOpen)
	assert.NotErrorIs(t, err, errPlain)
	assert.NoError(t, errors.Unwrap(err))
}

// If it failed, an operation within another's attempt would be repeated by
// both, and a refusal counted as a failure of a target that was not called.
func TestARefusalIsNoFailureOfTheOneAround(t *testing.T) {
	e := &OpenError{}
	assert.False(t, e.Retryable())
	assert.Equal(t, policies.Ignored, e.BreakerOutcome())
}
