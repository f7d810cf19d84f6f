package invariants_test

import (
	"github.com/asynkron/protoactor-go/actor"
)

// inbox is an actor of the user's that asks targets by message and keeps
// whatever comes back.
type inbox struct {
	system  *actor.ActorSystem
	pid     *actor.PID
	replies chan any
}

// errand has the inbox ask somebody.
type errand struct {
	to      *actor.PID
	message any
}

func openInbox(system *actor.ActorSystem) *inbox {
	b := &inbox{system: system, replies: make(chan any, 10_000)}
	b.pid = system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case errand:
			c.Request(m.to, m.message)
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			b.replies <- m
		}
	}))
	return b
}

func (b *inbox) request(to *actor.PID, message any) {
	b.system.Root.Send(b.pid, errand{to: to, message: message})
}

func (b *inbox) close() { b.system.Root.Stop(b.pid) }

// now gives the replies that are there.
func (b *inbox) now() []any {
	var all []any
	for {
		select {
		case r := <-b.replies:
			all = append(all, r)
		default:
			return all
		}
	}
}
