package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// everyWay calls f for each way in which a function can be run.
func everyWay(t *testing.T, f func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error))) {
	for name, run := range map[string]func(*Supervisor, func(context.Context) (int, error)) (int, error){
		"Do": func(s *Supervisor, fn func(context.Context) (int, error)) (int, error) { return Do(bg, s, "x", fn) },
		"Go": func(s *Supervisor, fn func(context.Context) (int, error)) (int, error) {
			return Go(bg, s, "x", fn).Wait(bg)
		},
	} {
		t.Run(name, func(t *testing.T) { bubble(t, func(t *testing.T) { f(t, run) }) })
	}
}

// If it failed, somebody who stops a worker would take its place from the
// target, or an operation from its caller.
func TestAStoppedWorkerIsReplaced(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		s := one(t, workers(1))
		j := listen(s)
		for n := range 3 {
			_, err := run(s, succeed)
			require.NoError(t, err)
			s.System().Root.Stop(s.Target("x").pool.first.idle[0].ref.PID())
			synctest.Wait()
			assert.Empty(t, snapshotOf(t, s, "x").Workers)
			assert.Len(t, eventsOf[actors.WorkerStopped](j), n+1)
		}
		// Stopped while it is busy and another operation waits.
		g := newGate()
		busy := async(func() (int, error) { return run(s, g.run) })
		synctest.Wait()
		waits := async(func() (int, error) { return run(s, succeed) })
		synctest.Wait()
		s.System().Root.Stop(s.Target("x").pool.workers["holdfast/x/worker-4"].ref.PID())
		synctest.Wait()
		g.end <- nil
		assert.NoError(t, soon(t, busy, "the attempt").err)
		assert.NoError(t, soon(t, waits, "the one that waited").err)
	})
}

// An operation may be given a worker whose end nobody has noticed yet. It then
// gets another one, and has not run.
func TestAnOperationThatFindsItsWorkerDeadGetsAnother(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		s := one(t, workers(1))
		_, err := run(s, succeed)
		require.NoError(t, err)
		synctest.Wait()
		p := &s.Target("x").pool
		dead := p.first.idle[0]
		dead.ref.Stop()
		synctest.Wait()
		// As if the notice were still on its way.
		p.workers = map[string]*worker{dead.ref.ID(): dead}
		p.first.idle = append(p.first.idle, dead)
		dead.retired = false
		p.size++

		result := async(func() (int, error) { return run(s, succeed) })
		synctest.Wait()
		assert.Empty(t, result, "the pool is full until the notice comes")
		dead.ref.Close()                                           // nothing is left in it
		s.Target("x").tell(&actor.Terminated{Who: dead.ref.PID()}) // here it is
		o := soon(t, result, "the operation")
		assert.NoError(t, o.err)
		assert.Equal(t, 42, o.value)
		synctest.Wait()
		assert.Zero(t, p.busy())
	})
}

// If it failed, somebody who stops a breaker would close it, or leave its
// target without one.
func TestAStoppedBreakerComesBackAsItWas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		_, _ = Do(bg, s, "x", failWith(errPlain))
		s.System().Root.Stop(s.Breaker("x").PID())
		synctest.Wait()
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// If it failed, somebody who stops a target would leave those that wait there,
// or the name would be dead for good.
func TestAStoppedTargetIsForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		j := listen(s)
		old := s.Target("x")
		g := newGate()
		busy := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		synctest.Wait()
		waits := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		s.System().Root.Stop(old.PID())
		assert.ErrorIs(t, soon(t, waits, "the one that waited").err, ErrTargetStopped)
		g.end <- errTemp
		o := soon(t, busy, "the one that ran")
		assert.ErrorIs(t, o.err, errTemp)
		assert.ErrorIs(t, o.err, ErrTargetStopped)
		synctest.Wait()

		assert.NotSame(t, old, s.Target("x"), "its name is another's now")
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		_, err = DoOn(bg, old, succeed)
		assert.NoError(t, err, "a target that was looked up before leads there too")
		_, err = GoOn(bg, old, succeed).Wait(bg)
		assert.NoError(t, err)
		assert.NoError(t, old.Start())
		assert.EqualValues(t, 3, snapshotOf(t, s, "x").Succeeded)
		stopped := eventsOf[actors.TargetStopped](j)
		require.Len(t, stopped, 1)
		assert.Equal(t, ErrTargetStopped, stopped[0].Reason)
	})
}

// If it failed, Shutdown would hang when somebody has stopped the root.
func TestAStoppedRootEndsEverything(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		s.System().Root.Stop(s.root.PID())
		synctest.Wait()
		_, err := DoOn(bg, x, succeed)
		var rejected *RejectedError
		assert.ErrorAs(t, err, &rejected)
		assert.ErrorIs(t, s.Target("api").Err(), ErrShutdown)
		assert.ErrorIs(t, s.Apply(setOf(t, nil)), ErrShutdown)
		assert.NoError(t, s.Shutdown(bg))
	})
}

// If it failed, asking a handle of a target that was stopped from outside for
// its address or its policy would be a panic as soon as the supervisor is shut
// down: there is no target then that has its name.
func TestAHandleOfAStoppedTargetOutlivesTheSupervisor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		s.System().Root.Stop(x.PID())
		synctest.Wait()
		require.NoError(t, s.Shutdown(bg))
		assert.Nil(t, x.PID())
		assert.Zero(t, x.Policy())
		assert.ErrorIs(t, x.Start(), ErrShutdown)
	})
}
