package supervisor

import (
	"context"
	"maps"
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
	"github.com/holdfast-go/holdfast/policies/retry"
)

// rampUp makes a breaker that trips at the second failure in a row and ramps
// for d.
func rampUp(d time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold, p.Breaker.Ramp = 2, d }
}

// calls100ms records when each call began, since from.
type calls100ms struct {
	from    time.Time
	mu      sync.Mutex
	began   map[int]time.Duration
	running int
}

func (c *calls100ms) run(i int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		c.mu.Lock()
		if c.began == nil {
			c.began = map[int]time.Duration{}
		}
		c.began[i] = time.Since(c.from)
		c.running++
		c.mu.Unlock()
		<-time.After(100 * time.Millisecond)
		c.mu.Lock()
		c.running--
		c.mu.Unlock()
		return i, nil
	}
}

func (c *calls100ms) seen() (began map[int]time.Duration, running int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.began), c.running
}

func fallsIll(s *Supervisor) {
	for s.Breaker("x").State() == breaker.Closed {
		_, _ = Do(bg, s, "x", failWith(errPlain))
	}
}

// closes trips the breaker of x and brings it to the beginning of its ramp.
func closes(t *testing.T, s *Supervisor) {
	t.Helper()
	fallsIll(s)
	pass(30 * time.Second)
	require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	_, err := Do(bg, s, "x", succeed)
	require.NoError(t, err)
	require.Equal(t, breaker.Closed, s.Breaker("x").State())
}

func rampOf(s *Supervisor) (limit, running int) {
	c := s.Breaker("x").Counts()
	return c.RampLimit, c.RampRunning
}

// An outage of 30 s with a thousand operations parked, a ramp of 10 s to 64
// workers, calls of 100 ms. If it failed, the service would be stampeded by all
// of them as soon as it is back, or they would wait for longer than they have to.
func TestAThousandParkedOperationsComeBackByDegrees(t *testing.T) {
	for name, c := range map[string]struct {
		ramp time.Duration
		// At the moment of closing and after each second from there: how
		// many may run at a time, how many do, and how many have begun.
		limits, running, began []int
	}{
		// The limit is 64^(s/10) after s seconds.
		"a ramp of 10 s": {10 * time.Second,
			[]int{1, 1, 2, 3, 5, 8, 12, 18, 27, 42, 0},
			[]int{1, 1, 2, 3, 5, 8, 12, 18, 27, 42, 0},
			[]int{2, 12, 26, 50, 89, 151, 248, 396, 622, 970, 1000}},
		"no ramp": {0,
			[]int{0, 0, 0},
			[]int{64, 64, 0},
			[]int{65, 705, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, parks, rampUp(c.ramp), workers(64))
				fallsIll(s)
				all := &calls100ms{from: time.Now().Add(30 * time.Second)}
				for i := range 1000 {
					Go(bg, s, "x", all.run(i))
				}
				synctest.Wait()
				require.Equal(t, 1000, snapshotOf(t, s, "x").Parked)
				pass(30*time.Second + 100*time.Millisecond) // the first of them is the probe
				require.Equal(t, breaker.Closed, s.Breaker("x").State())

				for second := range c.began {
					if second > 0 {
						pass(time.Second)
					}
					limit, places := rampOf(s)
					began, running := all.seen()
					assert.Equal(t, c.limits[second], limit, "may run after %d s", second)
					assert.Equal(t, c.running[second], running, "run after %d s", second)
					assert.Len(t, began, c.began[second], "have begun after %d s", second)
					if limit > 0 {
						assert.Equal(t, running, places)
					}
				}
				began, _ := all.seen()
				for i := range 999 {
					assert.LessOrEqual(t, began[i], began[i+1], "operation %d went before %d", i+1, i)
				}
			})
		})
	}
}

// If it failed, a caller could not tell this refusal from one by an open
// breaker, or would sleep to the end of a long ramp for a place that is free.
func TestACallBeyondTheRampIsRefused(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		s := one(t, rampUp(8*time.Second), workers(16))
		j := listen(s)
		closes(t, s)
		g := newGate()
		first := async(func() (int, error) { return run(s, g.run) })
		soon(t, g.begun, "the first")
		_, err := run(s, succeed)
		var refusal *OpenError
		require.ErrorAs(t, err, &refusal)
		require.ErrorIs(t, err, ErrOpen)
		assert.True(t, refusal.Recovering)
		assert.False(t, refusal.Probing)
		assert.Equal(t, time.Second, refusal.RetryAfter())
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Refused)

		pass(2*time.Second + time.Microsecond)
		_, err = run(s, succeed)
		assert.NoError(t, err, "two may run")
		pass(6*time.Second - 300*time.Millisecond - time.Microsecond)
		assert.Equal(t, 300*time.Millisecond, refusal.RetryAfter())
		pass(300 * time.Millisecond)
		g.end <- nil
		assert.NoError(t, soon(t, first, "the first").err)
		assert.Len(t, eventsOf[actors.RampStarted](j), 1)
		assert.Len(t, eventsOf[actors.RampEnded](j), 1)
	})
}

// Another actor's message has no short way either.
func TestAMessageBeyondTheRampIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second), workers(16))
		closes(t, s)
		g := newGate()
		Go(bg, s, "x", g.run)
		soon(t, g.begun, "the first")
		in := newInbox(t, s)
		in.ask(s.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { return 1, nil }})
		var refusal *OpenError
		require.ErrorAs(t, in.result().Err, &refusal)
		assert.True(t, refusal.Recovering)
		g.end <- nil
	})
}

// A retry that comes due while as many run as may ends there, as it would at a
// half-open breaker.
func TestARetryBeyondTheRampIsExhausted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(time.Minute), workers(16))
		closes(t, s)
		retried := async(func() (int, error) { return Do(bg, s, "x", failWith(errTemp)) })
		synctest.Wait()
		g := newGate()
		Go(bg, s, "x", g.run)
		var exhausted *ExhaustedError
		require.ErrorAs(t, soon(t, retried, "the retry").err, &exhausted)
		assert.Equal(t, retry.BreakerOpen, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
		assert.ErrorIs(t, exhausted, ErrOpen)
		assert.ErrorIs(t, exhausted, errTemp)
		g.end <- nil
	})
}

// Whatever ends an attempt gives its place back, or the ramp would let fewer
// and fewer through.
func TestNoEndingLeaksAPlaceOfTheRamp(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *Supervisor){
		"success": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", succeed) },
		"failure": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errPlain)) },
		"ignored": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errAside)) },
		"panic":   func(_ *testing.T, s *Supervisor) { _, _ = Go(bg, s, "x", crash).Wait(bg) },
		"Goexit": func(_ *testing.T, s *Supervisor) {
			_, _ = Go(bg, s, "x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Wait(bg)
		},
		"a caller ended by Goexit": func(_ *testing.T, s *Supervisor) {
			over := make(chan struct{})
			go func() {
				defer close(over)
				_, _ = Do(bg, s, "x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			}()
			<-over
		},
		"a caller who leaves": func(_ *testing.T, s *Supervisor) {
			ctx, cancel := context.WithCancel(bg)
			g := newGate()
			f := Go(ctx, s, "x", g.run)
			<-g.begun
			cancel()
			_, _ = f.Wait(bg)
			g.end <- context.Canceled
		},
		"a worker that is stopped": func(t *testing.T, s *Supervisor) {
			g := newGate()
			f := Go(bg, s, "x", g.run)
			<-g.begun
			for _, w := range s.Target("x").pool.workers {
				s.System().Root.Stop(w.ref.PID())
			}
			g.end <- nil
			_, _ = f.Wait(bg)
		},
		"a caller who left while it was woken": func(t *testing.T, s *Supervisor) {
			x := s.Target("x")
			ctx, cancel := context.WithCancel(bg)
			op := &call[int]{fn: succeed}
			op.start(op, x, ctx, x.policy.Load(), &noOptions, true)
			op.trouble()
			x.tell(&admit{op: &op.operation})
			synctest.Wait()
			_, running := rampOf(s)
			require.Equal(t, 1, running)
			cancel()
			assert.Nil(t, x.await(&op.operation))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(1), rampUp(time.Hour))
				closes(t, s)
				end(t, s)
				synctest.Wait()
				limit, running := rampOf(s)
				assert.Equal(t, 1, limit)
				assert.Zero(t, running)
				_, err := Do(bg, s, "x", succeed)
				assert.NoError(t, err, "the place is free")
			})
		})
	}
}

// If it failed, those that wait would be let at a target that is ill again, or
// the open time would not grow.
func TestATripDuringTheRampParksTheRest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, attempts(1), rampUp(10*time.Second), workers(64))
		fallsIll(s)
		ill := atomic.Bool{}
		for range 100 {
			Go(bg, s, "x", func(context.Context) (int, error) {
				<-time.After(time.Second)
				if ill.Load() {
					return 0, errPlain
				}
				return 42, nil
			})
		}
		pass(31 * time.Second) // the probe
		limit, _ := rampOf(s)
		require.Equal(t, 1, limit)
		pass(4 * time.Second)
		limit, running := rampOf(s)
		assert.Equal(t, 5, limit)
		assert.Equal(t, 5, running)
		ill.Store(true)
		began := 100 - snapshotOf(t, s, "x").Parked
		pass(time.Second) // the first two failures
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		tripped := snapshotOf(t, s, "x")
		assert.Equal(t, 1, tripped.Breaker.Counts.Reopens)
		assert.Equal(t, time.Minute, tripped.Breaker.Until.Sub(tripped.Breaker.Since), "twice the first open time")
		assert.LessOrEqual(t, 100-tripped.Parked, began+3, "what the first endings and steps let through")
		ill.Store(false)
		pass(2 * time.Minute)
		assert.Zero(t, snapshotOf(t, s, "x").Parked)
		assert.Zero(t, snapshotOf(t, s, "x").Breaker.Counts.Reopens)
	})
}

// Reload x ramp: the ramp ends where the new policy says, and those that wait
// go at the new pace.
func TestAReloadDuringTheRamp(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*policies.Policy)
		// running after the reload, and 5 s into the ramp
		now, later int
	}{
		"no ramp":        {func(p *policies.Policy) { p.Breaker.Ramp = 0 }, 64, 64},
		"a longer one":   {func(p *policies.Policy) { p.Breaker.Ramp = time.Minute }, 2, 2}, // 3 after 15.8 s
		"a shorter one":  {func(p *policies.Policy) { p.Breaker.Ramp = 5 * time.Second }, 7, 64},
		"more workers":   {func(p *policies.Policy) { p.Pool.Workers = 100 }, 3, 10},
		"fewer workers":  {func(p *policies.Policy) { p.Pool.Workers = 2 }, 2, 2},
		"another policy": {func(p *policies.Policy) { p.Retry.MaxAttempts = 7 }, 2, 8},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				now := []func(*policies.Policy){parks, rampUp(10 * time.Second), workers(64)}
				s := one(t, now...)
				fallsIll(s)
				ctx, cancel := context.WithCancel(bg)
				var running, allowed atomic.Int64
				allowed.Store(1)
				for range 100 {
					Go(ctx, s, "x", func(ctx context.Context) (int, error) {
						if allowed.Add(-1) >= 0 {
							return 42, nil // the probe
						}
						running.Add(1)
						<-ctx.Done()
						return 0, ctx.Err()
					})
				}
				pass(30*time.Second + 2*time.Second + 400*time.Millisecond)
				require.EqualValues(t, 2, running.Load())
				require.NoError(t, s.Apply(setOf(t, targets{"x": policy(append(now, c.edit)...)})))
				synctest.Wait()
				assert.EqualValues(t, c.now, running.Load(), "after the reload")
				pass(2*time.Second + 600*time.Millisecond)
				assert.EqualValues(t, c.later, running.Load(), "after 5 s")
				cancel()
			})
		})
	}
}

// Park x shutdown: what waits for the ramp is rejected, what runs may finish.
func TestShutdownDuringTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, rampUp(time.Hour))
		closes(t, s)
		g := newGate()
		runs := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the first")
		var waits []*Future[int]
		for range 3 {
			waits = append(waits, Go(bg, s, "x", succeed))
		}
		synctest.Wait()
		assert.Equal(t, 3, snapshotOf(t, s, "x").Parked)
		over := async(func() (int, error) { return 0, s.Shutdown(bg) })
		for _, f := range waits {
			_, err := f.Wait(bg)
			assert.ErrorIs(t, err, ErrShutdown)
		}
		assert.Empty(t, over)
		g.end <- nil
		_, err := runs.Wait(bg)
		assert.NoError(t, err)
		assert.NoError(t, soon(t, over, "the shutdown").err)
	})
}

// Whoever closes the breaker by hand wants everybody through.
func TestAHandEndsTheRamp(t *testing.T) {
	for name, command := range map[string]func(*Breaker){
		"Reset": (*Breaker).Reset, "ForceClose": (*Breaker).ForceClose, "Disable": (*Breaker).Disable,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, parks, rampUp(time.Hour))
				closes(t, s)
				g := newGate()
				for range 10 {
					Go(bg, s, "x", g.run)
				}
				synctest.Wait()
				require.Len(t, g.begun, 1)
				command(s.Breaker("x"))
				synctest.Wait()
				assert.Len(t, g.begun, 10)
				for range 10 {
					g.end <- nil
				}
			})
		})
	}
}

// If it failed, stopping the breaker actor would let all the parked ones go at
// once, or none of them ever.
func TestTheBreakerActorIsStoppedDuringTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, rampUp(8*time.Second), workers(16))
		closes(t, s)
		g := newGate()
		for range 10 {
			Go(bg, s, "x", g.run)
		}
		synctest.Wait()
		s.System().Root.Stop(s.Breaker("x").PID())
		synctest.Wait()
		assert.Len(t, g.begun, 1)
		pass(2*time.Second + time.Microsecond)
		assert.Len(t, g.begun, 2)
		pass(6 * time.Second)
		assert.Len(t, g.begun, 10)
		for range 10 {
			g.end <- nil
		}
	})
}

// A place of the ramp is not held by one who waits for a worker: those that
// hang from before the trip have them all.
func TestARampWaitsForWorkers(t *testing.T) {
	for name, c := range map[string]struct {
		parkedBefore   bool
		queued, parked int
	}{
		"calls during the ramp":        {false, 3, 0},
		"calls parked from the outage": {true, 1, 1}, // one was the probe, one is the foremost
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, rampUp(time.Hour), workers(3), attempts(1))
				fallsIll(s)
				s.Breaker("x").Reset()
				hung := newGate()
				for range 2 {
					Go(bg, s, "x", hung.run)
				}
				synctest.Wait()
				var ran []int
				var waits []<-chan outcome
				if c.parkedBefore {
					Go(bg, s, "x", hung.run)
					synctest.Wait()
					s.Breaker("x").ForceOpenFor(30 * time.Second)
					waits = calls(s, 3, &ran, ParkWhenOpen())
					pass(30 * time.Second)
					require.Equal(t, []int{0}, ran)
				} else {
					closes(t, s)
					Go(bg, s, "x", hung.run)
					synctest.Wait()
					waits = calls(s, 3, &ran, ParkWhenOpen())
				}
				assert.Len(t, hung.begun, 3)
				limit, _ := rampOf(s)
				require.Equal(t, 1, limit)
				assert.Equal(t, c.queued, snapshotOf(t, s, "x").Queued)
				assert.Equal(t, c.parked, snapshotOf(t, s, "x").Parked)
				for range 3 {
					hung.end <- nil
				}
				for _, r := range waits {
					assert.NoError(t, soon(t, r, "one that waits").err)
				}
				assert.Equal(t, []int{0, 1, 2}, ran)
			})
		})
	}
}

// Who waited for a worker must not slip by the breaker when one comes free.
func TestWhoWaitedForAWorkerIsHeldToTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second), workers(3), attempts(1))
		hung, g := newGate(), newGate()
		for range 3 {
			Go(bg, s, "x", hung.run)
		}
		synctest.Wait()
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		pass(30 * time.Second)
		_, err := Do(bg, s, "x", succeed) // the probe has a worker of its own
		require.NoError(t, err)
		for range 3 {
			Go(bg, s, "x", g.run, ParkWhenOpen())
		}
		synctest.Wait()
		require.Equal(t, 3, snapshotOf(t, s, "x").Queued)
		for range 3 {
			hung.end <- nil
		}
		synctest.Wait()
		assert.Len(t, g.begun, 1, "one may run")
		assert.Equal(t, 2, snapshotOf(t, s, "x").Parked+snapshotOf(t, s, "x").Queued)
		pass(8 * time.Second)
		assert.Len(t, g.begun, 3)
		for range 3 {
			g.end <- nil
		}
	})
}

// Rate limit x ramp: both hold, and the order too.
func TestARampKeepsToTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, rampUp(8*time.Second), workers(16), rated(5, 1))
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		c := &calls100ms{from: time.Now().Add(30 * time.Second)}
		for i := range 20 {
			Go(bg, s, "x", c.run(i))
		}
		pass(40 * time.Second)
		began, _ := c.seen()
		for i := range 20 {
			assert.InDelta(t, time.Duration(i)*200*time.Millisecond, began[i], float64(time.Microsecond), "operation %d", i)
		}
	})
}

// Hedge x ramp: a hedge would be load on top of what the ramp lets through.
func TestThereIsNoHedgeDuringTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second), workers(16), hedged(time.Second))
		closes(t, s)
		f := scripted(step{5 * sec, nil})
		_, err := Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		pass(8 * time.Second)
		f = scripted(step{5 * sec, nil}, step{5 * sec, nil})
		_, err = Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Hedges, "the one after the ramp")
	})
}

// Attempt timeout x ramp: an attempt that was left behind gives its place back.
func TestAnAttemptLeftBehindGivesItsPlaceBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(time.Hour), attempts(1), func(p *policies.Policy) { p.Retry.AttemptTimeout = time.Second })
		closes(t, s)
		g := newGate()
		_, err := Do(bg, s, "x", g.run)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, running := rampOf(s)
		assert.Zero(t, running)
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		g.end <- nil
	})
}

// Who parks within an attempt that has the only place must not wait for itself
// for ever: the ramp goes on.
func TestAnAttemptThatParksWithinTheRampIsLetThroughInTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second), workers(16))
		closes(t, s)
		began := time.Now()
		r := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				return Do(ctx, s, "x", succeed, ParkWhenOpen())
			})
		})
		o := soon(t, r, "the outer one")
		assert.NoError(t, o.err)
		assert.WithinDuration(t, began.Add(2*time.Second), o.at, time.Microsecond, "when two may run")
	})
}

// If it failed, a target would be slower for ever after its first ramp.
func TestTheShortWayIsBackAfterTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second))
		closes(t, s)
		x := s.Target("x")
		op := &call[int]{fn: succeed}
		op.start(op, x, bg, x.policy.Load(), &noOptions, true)
		assert.Nil(t, x.enter(&op.operation), "the breaker has to be asked")
		pass(8 * time.Second)
		w := x.enter(&op.operation)
		require.NotNil(t, w)
		x.release(w, false)
		assert.True(t, x.breaker.View().Quiet, "a success need not be told")
	})
}
