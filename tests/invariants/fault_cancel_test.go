package invariants_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The caller's context ends at each of the places where an operation can be.

var errCause = errors.New("the caller's own cause")

// cancelAfter gives a context that ends after d, by cancellation.
func cancelAfter(d time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(context.Background())
	time.AfterFunc(d, func() { cancel(errCause) })
	return ctx
}

// Broken: a cancelled caller waits on, its operation runs on, or nobody can
// tell from the error what happened.
func TestFault_CancelledDuringTheWait(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		calls := newClockwork()
		o := soon(t, async(func() (int, error) {
			return w.call(cancelAfter(2500*time.Millisecond), sup, "x", calls.failing(9, errTemp))
		}), "the caller")
		require.Equal(t, 2500*time.Millisecond, o.at.Sub(calls.began), "at once")
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		require.Equal(t, retry.CallerGone, exhausted.Reason)
		require.Equal(t, 2, exhausted.Attempts)
		require.ErrorIs(t, o.err, errTemp)
		require.ErrorIs(t, o.err, errCause)
		pass(time.Hour)
		require.Equal(t, seconds(0, 1), calls.at(), "nothing runs after the end")
		require.Zero(t, sup.Snapshot().Targets[0].InBackoff)
		works(t, sup, "x")
	})
}

// Broken: a deadline that the next wait can't meet lets the caller wait for
// nothing.
func TestFault_NoWaitThatCannotEndBeforeTheDeadline(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		ctx, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		calls := newClockwork()
		o := soon(t, async(func() (int, error) { return w.call(ctx, sup, "x", calls.failing(9, errTemp)) }), "the caller")
		require.Equal(t, time.Second, o.at.Sub(calls.began), "the second wait would end at 3 s")
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		require.Equal(t, retry.CallerDeadline, exhausted.Reason)
		require.ErrorIs(t, o.err, errTemp)
	})
}

// Broken: an inline caller is freed while its function still runs, or a
// detached one is not freed.
func TestFault_CancelledDuringAnAttemptThatIgnoresIt(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1))})
		for _, result := range []error{nil, errTemp} {
			calls := newClockwork()
			o := soon(t, async(func() (int, error) {
				return w.call(cancelAfter(time.Second), sup, "x", func(context.Context) (int, error) {
					calls.tick()
					<-time.After(5 * time.Second)
					return 42, result
				})
			}), "the caller")
			switch {
			case !w.inline:
				require.Equal(t, time.Second, o.at.Sub(calls.began))
				require.ErrorIs(t, o.err, errCause)
			case result == nil:
				require.Equal(t, 5*time.Second, o.at.Sub(calls.began))
				require.NoError(t, o.err, "a success that came late is a success")
			default:
				require.Equal(t, 5*time.Second, o.at.Sub(calls.began))
				require.ErrorIs(t, o.err, errTemp)
			}
			pass(time.Minute)
			require.Equal(t, 1, calls.calls())
			works(t, sup, "x")
		}
	})
}

// Broken: a function that heeds its context is not told, or its leaving is
// held against the target.
func TestFault_CancelledDuringAnAttemptThatHeedsIt(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(1))})
		began := time.Now()
		o := soon(t, async(func() (int, error) {
			return w.call(cancelAfter(time.Second), sup, "x", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		}), "the caller")
		require.Equal(t, time.Second, o.at.Sub(began))
		require.Error(t, o.err)
		synctest.Wait()
		require.Zero(t, sup.Breaker("x").Counts().Failures, "a cancelled call says nothing of the target")
		works(t, sup, "x")
	})
}

// Broken: a call that hung until its caller's deadline counts for nobody, so
// that hangs never open the breaker.
func TestFault_ACallThatHangsUntilItsDeadlineIsAFailure(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(2))})
		for range 2 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, err := w.call(ctx, sup, "x", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
			synctest.Wait()
		}
		_, err := w.call(context.Background(), sup, "x", succeed)
		require.ErrorIs(t, err, supervisor.ErrOpen)
	})
}

// Broken: one that leaves the park, or the queue, is run later all the same,
// or those behind it are forgotten.
func TestFault_CancelledWhileParkedAndWhileQueued(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"park": target(parks), "queue": target(workers(1))})
		sup.Breaker("park").ForceOpenFor(10 * time.Second)
		hold := make(chan struct{})
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "queue", func(context.Context) (int, error) { <-hold; return 1, nil })
		})
		synctest.Wait()
		began := time.Now()
		for _, name := range []string{"park", "queue"} {
			var leave, stay []<-chan outcome
			left, stayed := newClockwork(), newClockwork()
			for range 3 {
				leave = append(leave, async(func() (int, error) {
					return w.call(cancelAfter(time.Second), sup, name, left.failing(0, nil))
				}))
				stay = append(stay, async(func() (int, error) {
					return w.call(context.Background(), sup, name, stayed.failing(0, nil))
				}))
			}
			for _, ch := range leave {
				o := soon(t, ch, "one that leaves "+name)
				var rejected *supervisor.RejectedError
				require.ErrorAs(t, o.err, &rejected, "it never ran")
				require.ErrorIs(t, o.err, errCause)
			}
			require.LessOrEqual(t, time.Since(began), 2*time.Second)
			if name == "queue" {
				close(hold)
				require.NoError(t, soon(t, busy, "the busy one").err)
			} else {
				defer func() { require.Zero(t, left.calls()) }()
			}
			for _, ch := range stay {
				if name == "queue" {
					require.NoError(t, soon(t, ch, "one that stays in "+name).err)
				} else {
					defer func() { require.NoError(t, soon(t, ch, "one that stays in "+name).err) }()
				}
			}
			if name == "queue" {
				require.Zero(t, left.calls())
				require.Equal(t, 3, stayed.calls())
			}
		}
	})
}

// Broken: a caller who leaves while the breaker is being asked keeps the
// half-open slot.
func TestFault_CancelledAroundAProbe(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		for i := range 200 {
			sup.Breaker("x").ForceOpenFor(time.Second)
			pass(time.Second)
			ctx, cancel := context.WithCancel(context.Background())
			ch := async(func() (int, error) { return w.call(ctx, sup, "x", succeed) })
			if i%2 == 0 {
				go cancel()
			} else {
				cancel()
			}
			soon(t, ch, "a probe whose caller leaves")
			cancel()
			synctest.Wait()
			works(t, sup, "x")
		}
	})
}
