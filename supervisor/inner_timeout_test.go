package supervisor

import (
	"context"
	"fmt"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// hostileEnd is an error that does what it must not when it is judged.
type hostileEnd struct {
	error
	judged func()
}

func (e hostileEnd) Unwrap() error { return e.error }
func (e hostileEnd) BreakerOutcome() policies.Outcome {
	e.judged()
	return policies.Failure
}

// heeding is a function that ends with its attempt's time, and then returns what
// end makes of that. It alone ends the attempt: its clock would do so in the same
// instant.
func heeding(end func(ctx context.Context) error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		attemptApart(ctx).clock.Stop()
		err := end(ctx)
		<-ctx.Done()
		return 0, err
	}
}

// exhaustedOn gives the end of an operation on y that has failed once, and whose
// second attempt ends with the time of the caller, as posted says.
func exhaustedOn(ctx context.Context, s *Supervisor, posted bool) error {
	calls := 0
	_, err := Do(ctx, s, "y", func(ctx context.Context) (int, error) {
		if calls++; calls == 1 {
			return 0, errTemp
		}
		<-ctx.Done()
		if posted {
			return 0, &url.Error{Op: "Post", URL: "http://y", Err: ctx.Err()}
		}
		return 0, ctx.Err()
	})
	return err
}

// If it failed, an attempt that had no time left for an operation within it would
// not count against its target, would not say what became of that operation, or
// would run again although that operation's request may have had its effect.
func TestAnAttemptWhoseInnerOperationRanOutOfTime(t *testing.T) {
	for name, c := range map[string]struct {
		posted   bool
		options  []CallOption
		judged   func() // what its error does
		attempts int
		reason   retry.Reason
	}{
		"as any timeout":              {attempts: 3, reason: retry.MaxAttempts},
		"a request not to repeat":     {posted: true, attempts: 1, reason: retry.NotIdempotent},
		"but it has a key":            {posted: true, options: []CallOption{IdempotencyKey("k")}, attempts: 3, reason: retry.MaxAttempts},
		"not to repeat, says another": {options: []CallOption{NotIdempotent()}, attempts: 1, reason: retry.NotIdempotent},
		"an end that can't be judged": {options: []CallOption{NotIdempotent()}, judged: func() { panic("BreakerOutcome") }, attempts: 1, reason: retry.NotIdempotent},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"x": policy(timesOut(5 * time.Second)), "y": policy()})
				_, err := Do(bg, s, "x", heeding(func(ctx context.Context) error {
					err := exhaustedOn(ctx, s, c.posted)
					if c.judged != nil {
						return hostileEnd{err, c.judged}
					}
					return err
				}), c.options...)
				reason, attempts := reasonOf(t, err)
				assert.Equal(t, c.reason, reason)
				assert.Equal(t, c.attempts, attempts)
				timeout, ok := err.(*ExhaustedError).Err.(*AttemptTimeoutError)
				require.True(t, ok, "%v", err)
				assert.Equal(t, "x", timeout.Target)
				var inner *ExhaustedError
				require.ErrorAs(t, timeout.Err, &inner)
				assert.Equal(t, "y", inner.Target)
				assert.EqualValues(t, c.attempts, s.Breaker("x").Counts().Failures)
				assert.Zero(t, snapshotOf(t, s, "x").Abandoned)
			})
		})
	}
}

// If it failed, what is known of a timeout would stand for an error that nobody
// could look at to its end, and which may forbid another attempt.
func TestATimeoutWhoseErrorEndsTheGoroutineIsNotRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(timesOut(5 * time.Second)), "y": policy()})
		_, err := Do(bg, s, "x", heeding(func(ctx context.Context) error {
			return hostileEnd{exhaustedOn(ctx, s, true), runtime.Goexit}
		}))
		require.IsType(t, hostileEnd{}, err)
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
	})
}

// If it failed, a function that heeds its timeout, and knows that it is useless
// to call it again, would be called again.
func TestATimeoutThatSaysMoreOfItselfIsHeard(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(5*time.Second))
		calls := 0
		_, err := Do(bg, s, "x", heeding(func(ctx context.Context) error {
			calls++
			return backoff.Permanent(fmt.Errorf("no use: %w", context.DeadlineExceeded))
		}))
		var timeout *AttemptTimeoutError
		require.ErrorAs(t, err, &timeout)
		assert.ErrorContains(t, timeout.Err, "no use")
		assert.Equal(t, 1, calls)
	})
}
