package invariants_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Somebody outside stops an actor of the supervisor's, as any code in the same
// actor system can.

// ending is a way to end an actor from outside.
type ending struct {
	name string
	end  func(system *actor.ActorSystem, id string)
}

var endings = []ending{
	{"Stop", func(s *actor.ActorSystem, id string) { s.Root.Stop(actor.NewPID(s.Address(), id)) }},
	{"Poison", func(s *actor.ActorSystem, id string) { s.Root.Poison(actor.NewPID(s.Address(), id)) }},
}

func eachEnding(t *testing.T, f func(t *testing.T, w way, e ending)) {
	for _, e := range endings {
		for _, w := range ways {
			t.Run(e.name+" "+w.name, func(t *testing.T) { bubble(t, func(t *testing.T) { f(t, w, e) }) })
		}
	}
}

// workerIDs are the PIDs of a target's workers.
func workerIDs(sup *supervisor.Supervisor, name string) []string {
	var ids []string
	for _, x := range sup.Snapshot().Targets {
		for _, w := range x.Workers {
			if x.Name == name {
				ids = append(ids, w.PID)
			}
		}
	}
	return ids
}

// Broken: a target that lost its idle worker does not start another.
func TestFault_AnIdleWorkerIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(workers(1)), "y": target()})
		events := listen(sup)
		works(t, sup, "x")
		for range 3 {
			ids := workerIDs(sup, "x")
			require.Len(t, ids, 1)
			e.end(sup.System(), ids[0])
			o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }), "a call after the kill")
			require.NoError(t, o.err)
		}
		works(t, sup, "y")
		synctest.Wait()
		require.Len(t, eventsOf[actors.WorkerStopped](events), 3)
		require.Len(t, workerIDs(sup, "x"), 1, "a dead worker is not listed")
	})
}

// Broken: the operation of a worker that is stopped is lost or run twice, or
// the operations in the queue behind it wait for ever.
func TestFault_ABusyWorkerIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(workers(1)), "y": target()})
		hold := make(chan struct{})
		calls := newClockwork()
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { calls.tick(); <-hold; return 7, nil })
		})
		synctest.Wait()
		var queued []<-chan outcome
		for range 4 {
			queued = append(queued, async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(0, nil)) }))
		}
		synctest.Wait()
		e.end(sup.System(), workerIDs(sup, "x")[0])
		synctest.Wait()
		close(hold)
		o := soon(t, busy, "the operation whose worker was stopped")
		require.NoError(t, o.err)
		require.Equal(t, 7, o.value)
		for _, ch := range queued {
			require.NoError(t, soon(t, ch, "an operation in the queue").err)
		}
		require.Equal(t, 5, calls.calls())
		works(t, sup, "x")
		works(t, sup, "y")
	})
}

// Broken: the failure of a worker that was stopped during its attempt reaches
// nobody, so that the caller waits for ever; or it gets no further attempt.
func TestFault_AWorkerIsStoppedAndItsAttemptFails(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(workers(1))})
		calls := newClockwork()
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
				if calls.tick() == 1 {
					e.end(sup.System(), workerIDs(sup, "x")[0])
					return 0, errTemp
				}
				return 42, nil
			})
		}), "the operation whose worker was stopped")
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)
		require.Equal(t, seconds(0, 1), calls.at())
		works(t, sup, "x")
	})
}

// Broken: a worker that is stopped while its operation waits for its next
// attempt takes the operation with it.
func TestFault_AWorkerIsStoppedDuringABackoff(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(workers(1))})
		calls := newClockwork()
		waiting := async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(1, errTemp)) })
		pass(500 * time.Millisecond)
		for _, id := range workerIDs(sup, "x") {
			e.end(sup.System(), id)
		}
		o := soon(t, waiting, "the operation in backoff")
		require.NoError(t, o.err)
		require.Equal(t, seconds(0, 1), calls.at())
	})
}
