package actors

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// keepingMailbox keeps the failures that its actor is told of.
type keepingMailbox struct {
	*mailbox
	failures notes[*actor.Failure]
}

func (m *keepingMailbox) PostSystemMessage(message any) {
	if f, ok := message.(*actor.Failure); ok {
		m.failures.add(f)
	}
	m.mailbox.PostSystemMessage(message)
}

// An incarnation has room for one failure. If this failed, whoever kept the notice
// of it would see it change into the next.
func TestAFailureThatWasToldOfDoesNotChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := newSystem(t)
		p := &parent{failures: make(chan failure, 64)}
		box := &keepingMailbox{mailbox: newMailbox(onPoster, func(any) {})}
		p.ref = &Ref{box: box.mailbox}
		require.NoError(t, p.ref.spawn(system.Root, "parent", actor.PropsFromProducer(func() actor.Actor { return p },
			actor.WithMailbox(func() actor.Mailbox { return box }))))
		w := newWorker(t, p, nil)
		said := []error{errors.New("first"), errors.New("second"), errors.New("third")}
		for _, err := range said {
			w.Run(&Task{Runner: &job{run: func(func() (Worker, error)) error { return err }}})
			<-p.failures
			w.Resume()
		}
		kept := box.failures.list()
		require.Len(t, kept, len(said))
		for i, f := range kept {
			assert.Equal(t, said[i], f.Reason)
			assert.Equal(t, w.ID(), f.Who.Id)
		}
	})
}

// If it failed, the next operation would run on a worker that has just failed, with
// the state that is to be renewed.
func TestAFailedWorkerWaitsForItsSupervisor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		w := newWorker(t, p, nil)
		failed, behind, next := &job{}, &job{}, &job{}
		failed.run = func(func() (Worker, error)) error {
			w.Tell(&Task{Runner: behind})
			return errPlain
		}
		try(w, failed)
		soon(t, p.failures, "the failure")
		assert.Empty(t, behind.ends.list())
		assert.Empty(t, try(w, next).ends.list())
		w.Restart()
		synctest.Wait()
		assert.Equal(t, []string{"succeeded"}, behind.ends.list())
		assert.Equal(t, []string{"succeeded"}, next.ends.list())
	})
}

// If it failed, whoever listens to the engine's dead letters, which is somebody
// else's code, would run on the goroutine of a worker that outlives its supervisor.
func TestAFailureThatNobodyIsThereToHearIsNoDeadLetter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		w, system := newWorker(t, p, nil), p.system()
		var letters notes[any]
		listener := system.EventStream.Subscribe(func(event any) {
			if letter, ok := event.(*actor.DeadLetterEvent); ok {
				letters.add(letter.Message)
			}
		})
		defer system.EventStream.Unsubscribe(listener)
		p.ref.Stop()
		synctest.Wait()
		require.True(t, gone(system, p.ref))
		require.False(t, gone(system, w), "the engine does not know that it is a child")
		assert.Equal(t, []string{"failed"}, try(w, &job{run: func(func() (Worker, error)) error { return errPlain }}).ends.list())
		assert.Empty(t, letters.list())
	})
}

// If it failed, each restart or end of a worker without a state would cost a
// goroutine, though there is nothing to close.
func TestAWorkerWithoutAStateIsRenewedOnTheGoroutineThatAsks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		var w *Ref
		var renewedOn string
		p.do(func(c actor.Context) {
			var err error
			w, err = SpawnWorker(c, "worker", nil, func() { renewedOn = goroutine() })
			require.NoError(t, err)
		})
		try(w, &job{run: func(func() (Worker, error)) error { return errPlain }})
		soon(t, p.failures, "the failure")
		w.Restart()
		assert.Equal(t, goroutine(), renewedOn)
	})
}
