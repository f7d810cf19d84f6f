package actors

import "github.com/asynkron/protoactor-go/actor"

// grave takes the place of an actor that has ended, in a mailbox that others may
// still refer to, so that nothing but the mailbox is kept.
type grave struct {
	system *actor.ActorSystem
	pid    *actor.PID
}

var _ actor.MessageInvoker = (*grave)(nil)

// bury closes the mailbox and lets go of the actor as soon as it is finished.
func (m *mailbox) bury(g *grave, undeliverable func(message any)) {
	m.mu.Lock()
	m.undeliverable = undeliverable
	m.grave = g
	m.mu.Unlock()
	m.close()
}

// InvokeSystemMessage implements [actor.MessageInvoker]. It tells who begins to
// watch that there is nothing to be seen, as the engine does for a stopped actor.
func (g *grave) InvokeSystemMessage(message any) {
	watch, ok := message.(*actor.Watch)
	if !ok {
		return
	}
	if process, there := g.system.ProcessRegistry.Get(watch.Watcher); there {
		process.SendSystemMessage(watch.Watcher, &actor.Terminated{Who: g.pid})
	}
}

// InvokeUserMessage implements [actor.MessageInvoker]. None gets here: the
// mailbox is closed.
func (g *grave) InvokeUserMessage(any) {}

// EscalateFailure implements [actor.MessageInvoker].
func (g *grave) EscalateFailure(any, any) {}
