package actors

import "github.com/asynkron/protoactor-go/actor"

// Nursery starts actors that are never renewed: a restart only has them go on.
// What the engine wants to know of each, 250 bytes, they have in common. It is not
// safe for concurrent use, and only for parents that are actors.
type Nursery struct {
	props *actor.Props
	next  actor.Actor
	box   *mailbox
}

// NewNursery makes a Nursery.
func NewNursery() *Nursery {
	n := &Nursery{}
	// The engine asks for both before it runs the actor, and never again.
	n.props = actor.PropsFromProducer(func() actor.Actor { return n.next }, actor.WithMailbox(func() actor.Mailbox { return n.box }))
	return n
}

// Start is [Ref.Start].
func (n *Nursery) Start(parent actor.SpawnerContext, name string, r *Ref, a actor.Actor) error {
	r.box.lasting = true
	n.next, n.box = a, r.box
	defer func() { n.next, n.box = nil, nil }()
	return r.spawn(parent, name, n.props)
}
