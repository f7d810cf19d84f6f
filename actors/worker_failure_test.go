package actors

import (
	"errors"
	"testing"

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
