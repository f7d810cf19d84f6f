package supervisor

import (
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// forwarding is the way from a passivated target to its successor, and all that
// is left of it when its actor has ended and no handle to it is kept.
type forwarding struct {
	space *keyspace
	id    string
}

func (t *Target) forwarding() forwarding { return forwarding{t.keyed.space, t.keyed.id} }

// succeed calls then with the successor, at once or later, on the root. then
// must not block.
func (f forwarding) succeed(then func(*Target)) {
	f.space.sup.root.Tell(&openKey{template: f.space.name, id: f.id, then: then})
}

// undeliverable is redirect for what reaches the actor after its end.
func (f forwarding) undeliverable(message any) {
	if e, ok := message.(*actor.MessageEnvelope); ok {
		f.redirect(e.Message, e.Sender)
		return
	}
	f.redirect(message, nil)
}

// redirect hands a message to the successor. It runs on the actor, and after
// its end on whoever sends.
func (f forwarding) redirect(sent any, sender *actor.PID) {
	switch m := sent.(type) {
	case *admit:
		f.operation(m.op)
	case *withdraw:
		// An inline caller asks again where it is led. The others' operations
		// are on their way there.
		if !m.op.inline && !m.op.isConcluded() {
			f.succeed(func(t *Target) {
				if t.err == nil {
					t.tell(m)
				}
			})
		}
	case *actors.Operation:
		f.succeed(func(t *Target) {
			if t.err == nil {
				t.ref.Tell(&actor.MessageEnvelope{Message: m, Sender: sender})
				return
			}
			f.space.stats.rejected.Add(1)
			refused := &message{request: *m, sender: sender}
			refused.target = t
			refused.ended(t.err, 0)
		})
	case *startAgain:
		f.succeed(func(t *Target) {
			if t.err != nil {
				m.done <- t.err
				return
			}
			t.tell(m)
		})
	case *halt: // nothing runs here
		drained := make(chan struct{})
		close(drained)
		m.done <- drained
	case *applyPolicy:
		close(m.done)
	}
}

// operation is for one that has run nowhere yet: a target to which one that has
// belongs is not idle.
func (f forwarding) operation(op *operation) {
	switch {
	case op.isConcluded():
		op.unwatch()
	case op.inline:
		op.course.waiter.outcome = errMoved
		op.course.waiter.wake(nil)
	default:
		f.succeed(func(t *Target) {
			if t.err == nil {
				t.tell(&admit{op: op})
				return
			}
			t.refuse(op, errors.Unwrap(t.err))
			f.space.stats.rejected.Add(1)
		})
	}
}
