package supervisor

import (
	"context"
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

// If it failed, an operation whose caller has been told that it never ran
// would run.
func TestAConcludedOperationDoesNotRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		ran := func(context.Context) (int, error) { assert.Fail(t, "it ran"); return 0, nil }
		f := &Future[int]{}
		f.call.fn = ran
		f.call.start(&f.call, x, bg, x.policy.Load(), &noOptions, false)
		q := &question[int]{payload: 1}
		q.start(q, x, bg, x.policy.Load(), &noOptions, false)
		m := &message{request: actors.Operation{Run: func(ctx context.Context) (any, error) { return ran(ctx) }}}
		m.start(m, x, bg, x.policy.Load(), &noOptions, false)

		for _, b := range []body{&f.call, q, m} {
			op := b.untyped()
			attempts, first := op.claim()
			require.True(t, first)
			assert.Zero(t, attempts)
			_, first = op.claim()
			assert.False(t, first, "one outcome")
			assert.Equal(t, errNotBegun, b.run(nil, nil))

			// Even if it is on its way to a worker.
			if x.enterWhole(op) == nil {
				_, err := Do(bg, s, "x", succeed)
				require.NoError(t, err)
				require.NotNil(t, x.enterWhole(op))
			}
			op.send()
			synctest.Wait()
			x.tell(&admit{op: op}) // or to the supervisor
			assert.Zero(t, x.pool.busy(), "the worker is back")
		}
		assert.Zero(t, snapshotOf(t, s, "x").Failed)
		assert.Zero(t, s.Breaker("x").Counts().Failures)
	})
}

// A detached attempt may find, when a goroutine is there to run it, that the
// breaker has moved on and its worker is to go. It gets another of both.
func TestAnAttemptThatWasNotBegunIsAdmittedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		x := s.Target("x")
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		pid := s.Breaker("x").PID().Id
		f := &Future[int]{}
		f.call.fn = succeed
		f.call.start(&f.call, x, bg, x.policy.Load(), &noOptions, false)
		w := x.enterWhole(&f.call.operation)
		require.NotNil(t, w)
		x.tell(renew{})
		f.call.send()
		synctest.Wait()
		require.True(t, isClosed(f.Done()), "it is forgotten")
		value, err := f.Wait(bg)
		assert.NoError(t, err)
		assert.Equal(t, 42, value)
		assert.Nil(t, f.call.course.failure, "it keeps what is no failure of its own")
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 2, snap.Succeeded)
		assert.EqualValues(t, 2, snap.Breaker.Generation, "the target's supervisor has failed")
		assert.Equal(t, pid, snap.Breaker.PID)
		if assert.Len(t, snap.Workers, 1) {
			assert.NotEqual(t, w.ref.ID(), snap.Workers[0].PID)
		}
		assert.Zero(t, x.pool.busy())
	})
}

// A newcomer that parks must not overtake those that wait for the breaker.
func TestANewcomerParksBehindTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, trips(1), attempts(1), workers(1))
		_, _ = Do(bg, s, "x", failWith(errPlain))
		g := newGate()
		probe := Go(bg, s, "x", g.run)
		pass(0)
		var ran []int
		all := calls(s, 2, &ran)
		pass(30 * time.Second)
		require.Len(t, g.begun, 1, "the first of them probes")
		newcomers := calls(s, 2, &ran) // 0 and 1 again
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 4, snap.Parked)
		assert.Zero(t, snap.Queued, "nobody waits for a worker without the breaker's leave")
		g.end <- nil
		_, err := probe.Wait(bg)
		assert.NoError(t, err)
		for _, r := range append(all, newcomers...) {
			assert.NoError(t, soon(t, r, "a parked one").err)
		}
		assert.Equal(t, []int{0, 1, 0, 1}, ran)
	})
}

// If it failed, one who leaves the head of the line would keep those behind
// it waiting.
func TestTheFirstInLineMayLeave(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, workers(1))
		g := newGate()
		busy := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		s.Breaker("x").ForceOpen()
		ctx, cancel := context.WithCancel(bg)
		first := async(func() (int, error) { return Do(ctx, s, "x", succeed) })
		synctest.Wait()
		second := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		s.Breaker("x").Reset()
		synctest.Wait()
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 1, snap.Queued, "one waits for the worker")
		assert.Equal(t, 1, snap.Parked, "the other behind it")
		cancel()
		assert.ErrorIs(t, soon(t, first, "the first").err, context.Canceled)
		synctest.Wait()
		assert.Equal(t, 1, snapshotOf(t, s, "x").Queued)
		g.end <- nil
		assert.NoError(t, soon(t, second, "the second").err)
		_, err := busy.Wait(bg)
		assert.NoError(t, err)
	})
}

// An operation that has run and waits for its retry in a line is not rejected
// when its time is over: it failed.
func TestARetryThatWaitsTooLongHasFailed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, func(p *policies.Policy) { p.Retry.MaxElapsed = 10 * time.Second })
		began := time.Now()
		_, err := Do(bg, s, "x", func(context.Context) (int, error) {
			s.Breaker("x").ForceOpen()
			return 0, errTemp
		})
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, retry.MaxElapsed, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
		assert.ErrorIs(t, err, errTemp)
		assert.Equal(t, 10*time.Second, time.Since(began))
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 1, snap.Failed)
		assert.Zero(t, snap.Rejected)
	})
}

// If it failed, a defect in the breaker's actor would stop it for good.
func TestABreakerActorThatFailsGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		s.Target("x").breaker.Ask(func(actors.Admission) { panic("a defect") })
		synctest.Wait()
		_, _ = Do(bg, s, "x", failWith(errPlain))
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// The root may be asked for a target that a reload has taken away meanwhile.
func TestTheRootLooksInTheSetOfNow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		assert.ErrorIs(t, s.open("nobody", nil).Err(), ErrUnknownTarget)
	})
}

// Renewed or made smaller, a target lets its idle workers go.
func TestIdleWorkersAreLetGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		busy := func() {
			g := newGate()
			for range 4 {
				Go(bg, s, "x", g.run)
			}
			synctest.Wait()
			for range 4 {
				g.end <- nil
			}
			synctest.Wait()
		}
		busy()
		require.Len(t, snapshotOf(t, s, "x").Workers, 4)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(workers(2))})))
		synctest.Wait()
		assert.Len(t, snapshotOf(t, s, "x").Workers, 2)
		s.Target("x").tell(renew{})
		synctest.Wait()
		assert.Empty(t, snapshotOf(t, s, "x").Workers)
		busy()
		assert.Len(t, snapshotOf(t, s, "x").Workers, 2)
		assert.Zero(t, snapshotOf(t, s, "x").Restarts)
	})
}

// A target that ends takes no orders, and its open breaker's refusal would
// promise a caller what can't be.
func TestATargetThatShutsDownSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		g := newGate()
		running := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		s.Breaker("x").ForceOpen()
		ended := make(chan error, 1)
		go func() { ended <- s.Shutdown(bg) }()
		synctest.Wait()
		assert.ErrorIs(t, x.Start(), ErrShutdown)
		_, err := DoOn(bg, x, succeed)
		assert.ErrorIs(t, err, ErrShutdown)
		assert.NotErrorIs(t, err, ErrOpen)
		g.end <- nil
		assert.NoError(t, soon(t, ended, "Shutdown"))
		_, err = running.Wait(bg)
		assert.NoError(t, err)
	})
}

// A target that was stopped by its policy is still shut down for good.
func TestAStoppedTargetIsNotStartedDuringShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), restartsAt(1, policies.StopTarget))
		x := s.Target("x")
		g := newGate()
		running := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		crashes(s, 2)
		require.ErrorIs(t, crashes(s, 1), ErrTargetStopped)
		ended := make(chan error, 1)
		go func() { ended <- s.Shutdown(bg) }()
		synctest.Wait()
		assert.ErrorIs(t, x.Start(), ErrShutdown)
		_, err := DoOn(bg, x, succeed)
		assert.ErrorIs(t, err, ErrShutdown)
		g.end <- nil
		assert.NoError(t, soon(t, ended, "Shutdown"))
		_, err = running.Wait(bg)
		assert.NoError(t, err)
	})
}

// If it failed, a target whose first use comes while the supervisor shuts down
// would take operations for as long as another one's attempts hold the shutdown up.
func TestNoTargetStartsDuringShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(), "y": policy()})
		j := listen(s)
		s.closing.Store(true) // Shutdown has begun and has seen no target
		y := s.open("y", nil)
		require.ErrorIs(t, y.Err(), ErrShutdown)
		require.NoError(t, s.Shutdown(bg))
		_, err := DoOn(bg, y, succeed)
		assert.ErrorIs(t, err, ErrShutdown)
		assert.Empty(t, eventsOf[actors.TargetStarted](j))
	})
}
