package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// calls starts n operations that note the order in which they run.
func calls(s *Supervisor, n int, ran *[]int, options ...CallOption) []<-chan outcome {
	var all []<-chan outcome
	for i := range n {
		all = append(all, async(func() (int, error) {
			return Do(bg, s, "x", func(context.Context) (int, error) { *ran = append(*ran, i); return i, nil }, options...)
		}))
		synctest.Wait()
	}
	return all
}

// If it failed, callers would be served out of turn, or more would wait than
// the policy allows.
func TestTheQueueIsServedInOrderAndHasALimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1), pending(5))
		g := newGate()
		Go(bg, s, "x", g.run)
		synctest.Wait()
		var ran []int
		all := calls(s, 6, &ran)
		assert.Equal(t, 5, snapshotOf(t, s, "x").Queued)
		var rejected *RejectedError
		require.ErrorAs(t, soon(t, all[5], "one too many").err, &rejected)
		assert.Equal(t, ErrOverloaded, rejected.Err)
		g.end <- nil
		for _, r := range all[:5] {
			assert.NoError(t, soon(t, r, "one in the queue").err)
		}
		assert.Equal(t, []int{0, 1, 2, 3, 4}, ran)
		snap := snapshotOf(t, s, "x")
		assert.Zero(t, snap.Queued)
		assert.EqualValues(t, 1, snap.Rejected)
		assert.Len(t, snap.Workers, 1)
	})
}

// A retry has to wait too, and is told so if it can't.
func TestARetryFindsNoPlaceToWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, pending(0))
		_, err := Do(bg, s, "x", failWith(errTemp))
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, ReasonOverloaded, exhausted.Reason)
		assert.ErrorIs(t, err, ErrOverloaded)
		assert.ErrorIs(t, err, errTemp)

		s = start(t, targets{"x": policy(pending(0), noWaits)}, WithName("other"), WithSystem(s.System()))
		_, err = Do(bg, s, "x", failWith(errTemp))
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 3, exhausted.Attempts, "a retry that need not wait needs no place")
	})
}

// If it failed, operations that wait for a worker would wait on although the
// breaker has opened.
func TestTheQueueHearsOfATrip(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1), trips(1))
		g := newGate()
		Go(bg, s, "x", g.run)
		synctest.Wait()
		var ran []int
		all := calls(s, 2, &ran)
		parked := async(func() (int, error) { return Do(bg, s, "x", succeed, ParkWhenOpen()) })
		synctest.Wait()
		g.end <- errPlain
		for _, r := range all {
			assert.ErrorIs(t, soon(t, r, "one in the queue").err, ErrOpen)
		}
		synctest.Wait() // the one that parks is the last in the queue
		assert.Empty(t, ran)
		assert.EqualValues(t, 2, snapshotOf(t, s, "x").Refused)
		assert.Equal(t, 1, snapshotOf(t, s, "x").Parked)
		assert.NoError(t, soon(t, parked, "the one that parks").err)
	})
}

// Parked operations go in order, all of them when the breaker closes.
func TestParkedOperationsGoInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, pending(4), workers(1))
		j := listen(s)
		s.Breaker("x").ForceOpen()
		var ran []int
		all := calls(s, 5, &ran)
		assert.ErrorIs(t, soon(t, all[4], "one too many").err, ErrOverloaded)
		assert.Equal(t, 4, snapshotOf(t, s, "x").Parked)
		assert.Zero(t, snapshotOf(t, s, "x").Refused)
		s.Breaker("x").Reset()
		for _, r := range all[:4] {
			assert.NoError(t, soon(t, r, "a parked one").err)
		}
		assert.Equal(t, []int{0, 1, 2, 3}, ran)
		synctest.Wait()
		parked := eventsOf[actors.OperationParked](j)
		assert.Len(t, parked, 4)
		assert.Equal(t, 1, parked[0].Attempt)
	})
}

// A half-open breaker lets the parked ones probe, one at a time.
func TestParkedOperationsProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, trips(1), attempts(1), func(p *policies.Policy) { p.Breaker.SuccessThreshold = 2 })
		_, _ = Do(bg, s, "x", failWith(errPlain))
		g := newGate()
		var all []*Future[int]
		for range 4 {
			all = append(all, Go(bg, s, "x", g.run))
		}
		pass(30 * time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		require.Len(t, g.begun, 1, "one probe")
		g.end <- nil
		synctest.Wait()
		require.Len(t, g.begun, 2, "the next one")
		assert.Equal(t, 2, snapshotOf(t, s, "x").Parked)
		g.end <- nil
		synctest.Wait()
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Len(t, g.begun, 4, "all that waited")
		g.end <- nil
		g.end <- nil
		for _, f := range all {
			_, err := f.Wait(bg)
			assert.NoError(t, err)
		}
		assert.Zero(t, s.Breaker("x").Counts().Rejected, "nobody was refused")
	})
}

// Whatever ends a probe gives its slot back.
func TestNoEndingLeaksASlot(t *testing.T) {
	for name, end := range map[string]struct {
		run   func(s *Supervisor)
		state breaker.State
	}{
		"success": {func(s *Supervisor) { _, _ = Do(bg, s, "x", succeed) }, breaker.Closed},
		"failure": {func(s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errPlain)) }, breaker.Open},
		"panic":   {func(s *Supervisor) { _, _ = Go(bg, s, "x", crash).Wait(bg) }, breaker.Open},
		"ignored": {func(s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errAside)) }, breaker.HalfOpen},
		"a caller who leaves a detached probe": {func(s *Supervisor) {
			ctx, cancel := context.WithCancel(bg)
			g := newGate()
			f := Go(ctx, s, "x", g.run)
			<-g.begun
			cancel()
			_, _ = f.Wait(bg)
			g.end <- context.Canceled
			synctest.Wait()
		}, breaker.HalfOpen},
		"a caller who leaves an inline probe": {func(s *Supervisor) {
			ctx, cancel := context.WithCancel(bg)
			_, _ = Do(ctx, s, "x", func(ctx context.Context) (int, error) { cancel(); return 0, ctx.Err() })
		}, breaker.HalfOpen},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, trips(1), attempts(1))
				_, _ = Do(bg, s, "x", failWith(errPlain))
				pass(30 * time.Second)
				require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
				end.run(s)
				assert.Equal(t, end.state.String(), s.Breaker("x").State().String())
				assert.Zero(t, s.Breaker("x").Counts().ProbesRunning)
				if end.state == breaker.HalfOpen {
					_, err := Do(bg, s, "x", succeed)
					assert.NoError(t, err, "the slot is free")
				}
			})
		})
	}
}

// An attempt that outlives its breaker's state is late for both.
func TestALateOutcomeIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1), attempts(1))
		j := listen(s)
		g := newGate()
		inline := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		detached := Go(bg, s, "x", g.run)
		synctest.Wait()
		_, _ = Do(bg, s, "x", failWith(errPlain))
		g.end <- nil
		g.end <- nil
		assert.NoError(t, soon(t, inline, "the inline caller").err)
		_, err := detached.Wait(bg)
		assert.NoError(t, err)
		synctest.Wait()
		assert.Len(t, eventsOf[actors.StaleOutcome](j), 2)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// If it failed, an inline caller who left while it was given a worker would
// keep that worker, or the breaker's leave.
func TestALeaveThatComesTooLateIsHandedBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		x := s.Target("x")
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		for name, c := range map[string]struct {
			meanwhile func(cancel func())
			is        error
		}{
			"the caller left":    {func(cancel func()) { cancel() }, context.Canceled},
			"the breaker moved":  {func(func()) { s.Breaker("x").Reset() }, nil},
			"the breaker opened": {func(func()) { s.Breaker("x").ForceOpen() }, ErrOpen},
		} {
			ctx, cancel := context.WithCancelCause(bg)
			op := &detached[int]{fn: succeed}
			op.start(op, x, ctx, x.policy.Load(), &noOptions, true)
			op.trouble()
			w := x.pool.take(op)
			require.NotNil(t, w, name)
			op.admitted(w, breaker.Permit{Generation: x.breaker.View().Generation}, x.breaker.View())
			op.course.waiter.wake(w)
			c.meanwhile(func() {
				cancel(context.Canceled)
				x.tell(&withdraw{op: &op.operation, cause: context.Canceled}) // as its own watch may be first
			})
			got := x.await(&op.operation)
			if c.is == nil {
				assert.Same(t, w, got, name)
				x.release(w, false)
			} else {
				assert.Nil(t, got, name)
				assert.ErrorIs(t, op.course.waiter.outcome, c.is, name)
			}
			cancel(errors.New("over"))
			s.Breaker("x").Reset()
			_, err := Do(bg, s, "x", succeed)
			assert.NoError(t, err, "%s: the worker is back", name)
		}
	})
}

// asked is a context that tells when somebody asks for its end.
type asked struct {
	context.Context
	forDone func()
}

func (c asked) Done() <-chan struct{} {
	c.forDone()
	return c.Context.Done()
}

// If it failed, an operation that need not wait for its next attempt would stand
// among those that do until a timer has fired.
func TestARetryWithoutAWaitTakesNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, noWaits, attempts(2))
		var op *operation
		var ready []bool // whether the caller had its worker by the time it waits for one
		ctx := asked{bg, func() {
			if op != nil {
				ready = append(ready, op.course.waiter.phase.Load() == woken)
			}
		}}
		_, err := Do(ctx, s, "x", func(ctx context.Context) (int, error) {
			if op == nil {
				op, _ = attemptOf(ctx)
				return 0, errTemp
			}
			return 42, nil
		})
		require.NoError(t, err)
		assert.Equal(t, []bool{true}, ready)
	})
}
