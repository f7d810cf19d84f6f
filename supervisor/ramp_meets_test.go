package supervisor

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

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
		op := &detached[int]{fn: succeed}
		op.start(op, x, bg, x.policy.Load(), &noOptions, true)
		assert.Nil(t, x.enterWhole(&op.operation), "the breaker has to be asked")
		pass(8 * time.Second)
		w := x.enterWhole(&op.operation)
		require.NotNil(t, w)
		x.release(w, false)
		assert.True(t, x.breaker.View().Quiet, "a success need not be told")
	})
}
