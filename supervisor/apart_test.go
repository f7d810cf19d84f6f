package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, slow calls of a target with an attempt_timeout would never trip
// its breaker, since nobody would tell it how long they ran.
func TestAnAttemptApartIsTimed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Hour), func(p *policies.Policy) {
			p.Breaker.SlowCallRate, p.Breaker.SlowCallDuration, p.Breaker.MinimumCalls = 1, 5*time.Second, 1
		})
		runs := func(d time.Duration) func(context.Context) (int, error) {
			return func(context.Context) (int, error) { pass(d); return 0, nil }
		}
		_, err := Do(bg, s, "x", runs(5*time.Second-1))
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		s.Breaker("x").Reset()
		_, err = Do(bg, s, "x", runs(5*time.Second))
		require.NoError(t, err)
		synctest.Wait()
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// If it failed, what a function has started under its context would go on after
// it, until attempt_timeout.
func TestTheContextOfAnAttemptApartEndsWithIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Hour), attempts(1))
		for _, fn := range []func() (int, error){
			func() (int, error) { return 1, nil },
			func() (int, error) { return 0, errPlain },
			func() (int, error) { panic("crash") },
		} {
			var kept context.Context
			_, _ = Do(bg, s, "x", func(ctx context.Context) (int, error) {
				kept = ctx
				return fn()
			})
			synctest.Wait()
			assert.ErrorIs(t, kept.Err(), context.Canceled)
		}
	})
}

// If it failed, a program that logs or traces attempts would not hear of those
// with an attempt_timeout.
func TestAttemptsApartAreTraced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(timesOut(time.Hour), attempts(2), noWaits)}, WithLogger(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		j := listen(s)
		_, _ = Do(bg, s, "x", failWith(errTemp))
		synctest.Wait()
		assert.Len(t, eventsOf[actors.AttemptStarted](j), 2)
	})
}

// several are errors that cannot be compared, as a validation has them.
type several []error

func (s several) Error() string { return errors.Join(s...).Error() }

// If it failed, an attempt that lost its race and says so in words of its own
// would count against a target that has just answered, or cost it a worker.
func TestTheLoserOfARaceCountsForNobody(t *testing.T) {
	for name, own := range map[string]error{"plain": errPlain, "worth another attempt": errTemp, "several": several{errPlain}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, hedged(time.Second))
				var calls atomic.Int32
				value, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
					if calls.Add(1) > 1 {
						return 2, nil
					}
					<-ctx.Done()
					return 0, own
				}, Idempotent())
				require.NoError(t, err)
				assert.Equal(t, 2, value)
				synctest.Wait()
				c := s.Breaker("x").Counts()
				assert.Zero(t, c.Failures)
				assert.EqualValues(t, 1, c.Ignored)
				snap := snapshotOf(t, s, "x")
				assert.Zero(t, snap.Restarts)
				assert.Zero(t, snap.Retries)
			})
		})
	}
}

// If it failed, an error that came of the attempt's own timeout would not say so,
// or another one be taken for it.
func TestWhatAnAttemptsErrorCameOf(t *testing.T) {
	timeout := &AttemptTimeoutError{Target: "x", Timeout: time.Second}
	timedOut, cancel := context.WithDeadlineCause(bg, time.Now(), timeout)
	defer cancel()
	cancelled, cancel := context.WithCancel(bg)
	cancel()
	running, cancel := context.WithCancel(bg)
	defer cancel()
	wrapped := fmt.Errorf("reading: %w", context.DeadlineExceeded)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		want *AttemptTimeoutError
	}{
		"nothing was begun":             {nil, errNotBegun, nil},
		"its context has not ended":     {running, wrapped, nil},
		"it is another error":           {timedOut, errPlain, nil},
		"its context ended otherwise":   {cancelled, context.Canceled, nil},
		"it is the timeout":             {timedOut, wrapped, &AttemptTimeoutError{Target: "x", Timeout: time.Second, Err: wrapped}},
		"another deadline, other cause": {cancelled, wrapped, nil},
	} {
		assert.Equal(t, c.want, (&watched{Context: c.ctx}).timedOut(c.err), name)
	}
}

// If it failed, the end of an operation within an attempt would be judged as the
// end of the attempt.
func TestWhichErrorsEndAnInnerOperation(t *testing.T) {
	for err, want := range map[error]bool{
		errPlain:                                 false,
		&AttemptTimeoutError{Target: "x"}:        false,
		&ExhaustedError{Err: errPlain}:           true,
		&FallbackError{}:                         true,
		&RejectedError{Err: ErrOverloaded}:       true,
		errors.Join(errPlain, &ExhaustedError{}): true,
	} {
		assert.Equal(t, want, endsInner(err), "%T", err)
	}
}

// If it failed, attempts left behind would not count as restarts, and a target
// that only ever hangs would go on losing workers.
func TestAttemptsLeftBehindCountAsRestarts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), attempts(1), restartsAt(2, policies.TripBreaker))
		end := make(chan struct{})
		for i := range 3 {
			assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "after %d", i)
			_, err := Do(bg, s, "x", func(context.Context) (int, error) { <-end; return 0, nil })
			require.Error(t, err)
			synctest.Wait()
		}
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		close(end)
	})
}
