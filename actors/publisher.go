package actors

import (
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// publisherQueue is how many events may wait for the event stream. A
// subscriber to the raw stream that blocks would otherwise grow the queue for
// ever.
const publisherQueue = 8192

// engineSubscriptions is the number of subscriptions that an actor system
// makes on its own event stream when it starts: two of its dead letters and
// one of its supervision log.
const engineSubscriptions = 3

// publisher is the one actor that puts events on the event stream. The
// stream calls its subscribers on the goroutine of whoever publishes, so it
// must be nobody that others wait for.
type publisher struct {
	system  *actor.ActorSystem
	ref     *Ref
	waiting atomic.Int64
	dropped atomic.Uint64
	stopped chan struct{}
}

func spawnPublisher(system *actor.ActorSystem, name string) (*publisher, error) {
	p := &publisher{system: system, stopped: make(chan struct{})}
	box := newMailbox(onGoroutine, func(message any) {
		if _, ok := message.(Event); ok {
			p.waiting.Add(-1)
			p.dropped.Add(1)
		}
	})
	p.ref = &Ref{box: box}
	if err := p.ref.start(system.Root, name, func() actor.Actor { return p }); err != nil {
		return nil, err
	}
	return p, nil
}

// heard says whether anybody but the engine listens to the event stream.
func (p *publisher) heard() bool {
	return p.system.EventStream.Length() > engineSubscriptions
}

func (p *publisher) offer(e Event) {
	if p.waiting.Add(1) > publisherQueue {
		p.waiting.Add(-1)
		p.dropped.Add(1)
		return
	}
	p.ref.Tell(e)
}

type stopPublisher struct{}

// stop ends the publisher behind what is queued.
func (p *publisher) stop() { p.ref.Tell(stopPublisher{}) }

// Receive implements [actor.Actor].
func (p *publisher) Receive(c actor.Context) {
	switch message := c.Message().(type) {
	case Event:
		p.waiting.Add(-1)
		p.publish(message)
	case stopPublisher:
		c.Stop(c.Self())
	case *actor.Stopped:
		p.ref.Close()
		close(p.stopped)
	}
}

// publish puts one event on the stream. A subscriber that panics or ends the
// goroutine keeps the event from those behind it, so that counts as a drop;
// more isolation than that the stream does not allow.
func (p *publisher) publish(e Event) {
	published := false
	defer func() {
		if !published {
			_ = recover()
			p.dropped.Add(1)
		}
	}()
	p.system.EventStream.Publish(e)
	published = true
}
