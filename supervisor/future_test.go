package supervisor

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/retry"
)

// If it failed, one waiter would wake and the others sleep on.
func TestManyMayWaitForAFuture(t *testing.T) {
	for name, end := range map[string]error{"success": nil, "failure": errPlain} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t)
				g := newGate()
				f := Go(bg, s, "x", g.run)
				results := make(chan outcome, 20)
				for range cap(results) {
					go func() {
						value, err := f.Wait(bg)
						results <- outcome{value: value, err: err}
					}()
				}
				synctest.Wait()
				assert.False(t, isClosed(f.Done()))
				assert.Empty(t, results)
				g.end <- end
				for range cap(results) {
					r := soon(t, results, "a waiter")
					assert.Equal(t, end, r.err)
					assert.Equal(t, end == nil, r.value == 42)
				}
				assert.True(t, isClosed(f.Done()))
			})
		})
	}
}

// If it failed, a waiter that gives up would end the operation, or a done
// context would hide an outcome that is there.
func TestAWaiterMayGiveUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		g := newGate()
		f := Go(bg, s, "x", g.run)
		why := errors.New("no patience")
		ctx, cancel := context.WithTimeoutCause(bg, time.Second, why)
		defer cancel()
		value, err := f.Wait(ctx)
		assert.Equal(t, why, err)
		assert.Zero(t, value)
		_, err = f.Wait(noContext)
		assert.Equal(t, ErrNilContext, err)

		g.end <- nil
		value, err = f.Wait(bg)
		assert.NoError(t, err)
		assert.Equal(t, 42, value)
		for range 20 {
			value, err = f.Wait(ctx)
			assert.NoError(t, err, "the outcome is there")
			assert.Equal(t, 42, value)
		}
	})
}

// A caller who leaves is free at once, whatever its function does, and learns
// how far it had come.
func TestACallerWhoLeavesIsFree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		why := errors.New("no interest any more")
		ctx, cancel := context.WithCancelCause(bg)
		g := newGate()
		f := Go(ctx, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		cancel(why)
		_, err := f.Wait(bg)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, ExhaustedError{Target: "x", Operation: exhausted.Operation, Attempts: 1,
			Reason: retry.CallerGone, Cause: why}, *exhausted)
		assert.EqualError(t, err, `operation on "x" failed after 1 attempt (caller_gone): no interest any more`)
		assert.Len(t, snapshotOf(t, s, "x").Workers, 1)
		g.end <- nil
		synctest.Wait()
		snap := snapshotOf(t, s, "x")
		assert.False(t, snap.Workers[0].Busy, "the worker comes back when the function returns")
		assert.EqualValues(t, 1, snap.Failed)
		assert.Zero(t, snap.Succeeded, "its caller got an error")
	})
}

// The same while the operation waits.
func TestACallerWhoLeavesAWaitIsFree(t *testing.T) {
	for name, c := range map[string]struct {
		fn       func(context.Context) (int, error)
		before   func(*Supervisor) // the operation starts
		attempts int
	}{
		"in backoff": {failWith(errTemp), func(*Supervisor) {}, 1},
		"parked":     {succeed, func(s *Supervisor) { s.Breaker("x").ForceOpen() }, 0},
		"for a worker": {succeed, func(s *Supervisor) {
			Go(bg, s, "x", func(context.Context) (int, error) { <-time.After(time.Hour); return 0, nil })
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				for way, call := range map[string]func(context.Context, *Supervisor) (int, error){
					"Do": func(ctx context.Context, s *Supervisor) (int, error) { return Do(ctx, s, "x", c.fn) },
					"Go": func(ctx context.Context, s *Supervisor) (int, error) { return Go(ctx, s, "x", c.fn).Wait(bg) },
				} {
					s := one(t, parks, workers(1))
					c.before(s)
					synctest.Wait()
					start := time.Now()
					ctx, cancel := context.WithCancel(bg)
					left := async(func() (int, error) { return call(ctx, s) })
					pass(500 * time.Millisecond)
					assert.Empty(t, left, way)
					cancel()
					o := soon(t, left, way)
					assert.Equal(t, 500*time.Millisecond, o.at.Sub(start))
					assert.ErrorIs(t, o.err, context.Canceled)
					var rejected *RejectedError
					var exhausted *ExhaustedError
					if c.attempts == 0 {
						assert.ErrorAs(t, o.err, &rejected, way)
					} else if assert.ErrorAs(t, o.err, &exhausted, way) {
						assert.Equal(t, c.attempts, exhausted.Attempts)
					}
					require.NoError(t, s.Shutdown(bg))
				}
			})
		})
	}
}

// If it failed, whoever asks while the outcome comes would wait for ever, or
// Done would give one channel before and another after.
func TestASignalReachesWhoeverAsksMeanwhile(t *testing.T) {
	for range 200 {
		var s signal
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				ch := s.done()
				<-ch
				assert.Equal(t, ch, s.done())
			})
		}
		all.Go(s.give)
		all.Wait()
	}
	var late signal
	late.give()
	assert.True(t, isClosed(late.done()))
}
