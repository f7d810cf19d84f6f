package supervisor

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

func timesOut(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.AttemptTimeout = after }
}

func abandons(atMost int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Pool.MaxAbandoned = atMost }
}

// ways are the ways to call a target and wait.
var ways = map[string]func(context.Context, *Supervisor, func(context.Context) (int, error), ...CallOption) (int, error){
	"Do": func(ctx context.Context, s *Supervisor, fn func(context.Context) (int, error), o ...CallOption) (int, error) {
		return Do(ctx, s, "x", fn, o...)
	},
	"Go": func(ctx context.Context, s *Supervisor, fn func(context.Context) (int, error), o ...CallOption) (int, error) {
		return Go(ctx, s, "x", fn, o...).Wait(bg)
	},
}

// Broken, a function that ignores its context would hold its caller, or count
// for nothing: each of three attempts gets its 5 s, with waits of 1 s and 2 s.
func TestAHungAttemptIsLeftBehindAtItsTimeout(t *testing.T) {
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(5*time.Second))
				j := listen(s)
				g := newGate()
				began := time.Now()
				value, err := call(bg, s, g.run)
				assert.Equal(t, 18*time.Second, time.Since(began))
				assert.Zero(t, value)
				var exhausted *ExhaustedError
				require.ErrorAs(t, err, &exhausted)
				assert.Equal(t, 3, exhausted.Attempts)
				var timeout *AttemptTimeoutError
				require.ErrorAs(t, err, &timeout)
				assert.Equal(t, 5*time.Second, timeout.Timeout)
				assert.NoError(t, timeout.Err)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
				for range 3 {
					assert.ErrorAs(t, context.Cause(<-g.begun), &timeout, "the attempt's context says why it ended")
				}

				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, 3, snap.Abandoned)
				assert.Equal(t, 3, snap.StillRunning)
				assert.Len(t, snap.Workers, 3)
				for _, w := range snap.Workers {
					assert.True(t, w.Abandoned)
				}
				for range 3 {
					g.end <- nil
				}
				pass(time.Second)
				snap = snapshotOf(t, s, "x")
				assert.Zero(t, snap.StillRunning)
				assert.Empty(t, snap.Workers, "a worker that was left behind is not used again")
				assert.Zero(t, snap.Succeeded, "what came too late is no success")
				assert.Len(t, eventsOf[actors.AttemptAbandoned](j), 3)
				returned := eventsOf[actors.AttemptReturned](j)
				require.Len(t, returned, 3)
				assert.Equal(t, 0, returned[2].Running)
				assert.Empty(t, eventsOf[actors.WorkerStopped](j), "nobody else stopped them")
			})
		})
	}
}

// Broken, a function that heeds its context would count as left behind, or its
// caller would not learn what the context's end was.
func TestAnAttemptThatHeedsItsTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(5*time.Second), attempts(1))
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 5*time.Second, time.Until(deadline))
			// A function that notices a moment earlier, so that its end and
			// the timeout are not at one instant.
			time.Sleep(time.Until(deadline) - 1)
			return 0, errPlain
		})
		require.ErrorIs(t, err, errPlain)
		assert.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, snapshotOf(t, s, "x").Abandoned)
	})
}

// Broken, whoever looks for the reason would find a bare context error.
func TestAContextErrorOfTheTimeoutSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(5*time.Second), attempts(1))
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		var timeout *AttemptTimeoutError
		require.ErrorAs(t, err, &timeout, "whether it returned in time or was left behind")
	})
}

// Broken, a slow attempt that succeeds in time would be disturbed, or one that
// follows a hung one would not give its value.
func TestASuccessAfterAHungAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(5*time.Second))
		g := newGate()
		var calls atomic.Int32
		began := time.Now()
		value, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			if calls.Add(1) == 1 {
				return g.run(ctx)
			}
			attempt, _ := CurrentAttempt(ctx)
			assert.Equal(t, 2, attempt.Number)
			time.Sleep(4 * time.Second)
			return 7, nil
		})
		require.NoError(t, err)
		assert.Equal(t, 7, value)
		assert.Equal(t, 10*time.Second, time.Since(began))
		g.end <- nil
		pass(time.Second)
		assert.Equal(t, 7, value, "the late one changes nothing")
	})
}

// Broken, hung functions would pile up without bound; or a target would stay
// refused when they have returned.
func TestATargetRefusesWhileTooManyFunctionsHang(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), attempts(1), abandons(2))
		g := newGate()
		for range 2 {
			_, err := Do(bg, s, "x", g.run)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		_, err := Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrTooManyAbandoned)
		var rejected *RejectedError
		require.ErrorAs(t, err, &rejected)
		g.end <- nil
		pass(0)
		_, err = Do(bg, s, "x", succeed)
		require.NoError(t, err)
		g.end <- errPlain
	})
}

// Broken, hung calls would never open the breaker; a late success would close it.
func TestHungAttemptsTripTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), attempts(1), trips(2))
		g := newGate()
		for range 2 {
			_, err := Do(bg, s, "x", g.run)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		g.end <- nil
		g.end <- nil
		pass(time.Second)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.EqualValues(t, 2, s.Breaker("x").Counts().Failures)

		pass(30 * time.Second) // half-open: a hung probe gives its slot back
		_, err := Do(bg, s, "x", g.run)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		g.end <- nil
		pass(60 * time.Second)
		_, err = Do(bg, s, "x", succeed)
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// Broken, a call that was cancelled while it hung would count for nothing, so
// that hangs never open the breaker, and its goroutine for nobody.
func TestACancelledHungCallCountsAtItsTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(5*time.Second), trips(1))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		g := newGate()
		began := time.Now()
		_, err := Do(ctx, s, "x", g.run)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began), "its caller is free")
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		pass(5 * time.Second)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, 1, snapshotOf(t, s, "x").StillRunning)
		g.end <- nil
	})
}

// Broken, a hung connection would be handed to the next operation, or never
// closed.
func TestAHungStatefulWorkerIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		hang := make(chan struct{})
		o := &office{answer: func(_ context.Context, payload any) (any, error) {
			if payload == "hang" {
				<-hang
			}
			return 1, nil
		}}
		s := start(t, targets{"x": policy(timesOut(time.Second), attempts(1), workers(1))}, WithWorker("x", func(ctx context.Context) (Worker, error) {
			mu.Lock() // the worker that hangs has nothing to do with its successor
			defer mu.Unlock()
			return o.hire(ctx)
		}))
		_, err := Ask[int](bg, s, "x", "hang")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = Ask[int](bg, s, "x", "go")
		require.NoError(t, err, "the pool of one has a worker again")
		assert.Equal(t, 2, o.made)
		assert.Equal(t, 0, o.closed)
		close(hang)
		pass(time.Second)
		assert.Equal(t, 1, o.closed)
	})
}

// Broken, an operation that is not to run twice would run beside itself.
func TestAHungAttemptIsNotRepeatedIfThatIsNotSafe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo })
		g := newGate()
		_, err := Do(bg, s, "x", g.run)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 1, exhausted.Attempts)
		g.end <- nil
	})
}

// Broken, Shutdown would not wait for a function that was left behind, or not
// say that it is what it waits for.
func TestShutdownNamesWhatWasLeftBehind(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, err := New(setOf(t, targets{"x": policy(timesOut(time.Second), attempts(1))}))
		require.NoError(t, err)
		g := newGate()
		_, err = Do(bg, s, "x", g.run)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		ctx, cancel := context.WithTimeout(bg, time.Minute)
		defer cancel()
		var stragglers *StragglersError
		require.ErrorAs(t, s.Shutdown(ctx), &stragglers)
		require.Len(t, stragglers.Stragglers, 1)
		assert.Equal(t, "x", stragglers.Stragglers[0].Target)
		g.end <- nil
		require.NoError(t, s.Shutdown(bg))
	})
}

// Broken, a list of conditions would not hold for timeouts, or a predicate of
// the user's that panics would leave the operation without an outcome.
func TestConditionsHoldForTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), func(p *policies.Policy) {
			p.Retry.NeverRetry = []string{classify.AttemptDeadline}
		})
		g := newGate()
		_, err := Do(bg, s, "x", g.run)
		var timeout *AttemptTimeoutError
		require.ErrorAs(t, err, &timeout)
		var exhausted *ExhaustedError
		assert.False(t, errors.As(err, &exhausted))
		g.end <- nil
	})
}

// Broken, a panic or a Goexit under a timeout would end otherwise than without.
func TestCrashesUnderATimeout(t *testing.T) {
	for name, fn := range map[string]func(context.Context) (int, error){
		"panic":  func(context.Context) (int, error) { panic("no") },
		"Goexit": func(context.Context) (int, error) { runtime.Goexit(); return 0, nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(time.Minute))
				_, err := Do(bg, s, "x", fn)
				var exhausted *ExhaustedError
				require.ErrorAs(t, err, &exhausted)
				assert.Equal(t, 3, exhausted.Attempts)
				assert.EqualValues(t, 3, snapshotOf(t, s, "x").Restarts)
			})
		})
	}
}

// Timeout x park. Broken, an operation that is parked while too many functions
// hang would be forgotten as one of them returns: there is a worker to be started
// for it then, however that function ends.
func TestAParkedOperationGoesOnAsAHungFunctionReturns(t *testing.T) {
	for name, end := range map[string]error{"well": nil, "with an error": errPlain} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(time.Second), attempts(1), abandons(1), parks)
				g := newGate()
				hung := async(func() (int, error) { return Do(bg, s, "x", g.run) })
				<-g.begun
				s.Breaker("x").ForceOpen()
				parked := async(func() (int, error) { return Do(bg, s, "x", succeed) })
				require.ErrorIs(t, soon(t, hung, "the hung one").err, context.DeadlineExceeded)
				s.Breaker("x").Reset()
				pass(time.Second)
				assert.Equal(t, 1, snapshotOf(t, s, "x").Parked)
				g.end <- end
				require.NoError(t, soon(t, parked, "the parked one").err)
			})
		})
	}
}

// If it failed, a function that was left behind and returns when its target has
// ended would be said to run for ever.
func TestAFunctionThatReturnsAfterItsTargetsEndRunsNoMore(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *Supervisor){
		"killed": func(_ *testing.T, s *Supervisor) { s.System().Root.Stop(s.PID("x")) },
		"shut down": func(t *testing.T, s *Supervisor) {
			ctx, cancel := context.WithTimeout(bg, time.Second)
			defer cancel()
			require.Error(t, s.Shutdown(ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(time.Second), attempts(1))
				x := s.Target("x")
				release := make(chan struct{})
				_, err := DoOn(bg, x, func(context.Context) (int, error) { <-release; return 0, nil })
				require.Error(t, err)
				require.EqualValues(t, 1, x.seldom().left.Load())
				end(t, s)
				synctest.Wait()
				close(release)
				synctest.Wait()
				assert.Zero(t, x.seldom().left.Load())
			})
		})
	}
}

// If it failed, a function would be said to run for ever whose return the end of
// the last worker has overtaken: the engine's messages come before ours.
func TestAReturnThatItsTargetsEndHasOvertakenCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		require.NoError(t, s.Shutdown(bg))
		x.seldom().left.Store(1)
		x.tell(&lateReturn{attempt: &watched{}})
		assert.EqualValues(t, 1, x.seldom().left.Load(), "it was not counted as left behind")
		x.tell(&lateReturn{attempt: &watched{counted: true}})
		assert.Zero(t, x.seldom().left.Load())
	})
}
