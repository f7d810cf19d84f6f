package actors

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
)

// Bus carries events from the actors to whoever listens: isolated
// subscribers, each with a queue and a goroutine of its own, and the actor
// system's event stream. Publishing never blocks and calls no user code. It is
// safe for concurrent use.
type Bus struct {
	publisher *publisher
	epoch     time.Time // when it was made

	mu     sync.Mutex // guards changes to subs
	closed bool
	subs   atomic.Pointer[[]*Subscription]
}

// NewBus starts a bus that publishes to system's event stream.
func NewBus(system *actor.ActorSystem, name string) (*Bus, error) {
	p, err := spawnPublisher(system, name)
	if err != nil {
		return nil, err
	}
	b := &Bus{publisher: p, epoch: time.Now()}
	b.subs.Store(&[]*Subscription{})
	return b, nil
}

// Active says whether anybody listens. Publishers ask before they build an
// event that costs something.
func (b *Bus) Active() bool {
	return len(*b.subs.Load()) > 0 || b.publisher.heard()
}

// Publish gives e to every subscriber that has room for it; for the others
// the event is dropped and counted.
func (b *Bus) Publish(e Event) {
	for _, s := range *b.subs.Load() {
		s.offer(e)
	}
	if b.publisher.heard() {
		b.publisher.offer(e)
	}
}

// Subscribe calls f for each event from now on, one at a time and in order,
// on a goroutine of its own. A nil f or a bus that was closed gives a
// subscription that has ended.
func (b *Bus) Subscribe(f func(Event), buffer int) *Subscription {
	s := newSubscription(b, f, buffer)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed || f == nil {
		s.finish()
		close(s.done)
		return s
	}
	subs := append(slices.Clone(*b.subs.Load()), s)
	b.subs.Store(&subs)
	go s.run()
	return s
}

func (b *Bus) remove(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	subs := slices.Clone(*b.subs.Load())
	if i := slices.Index(subs, s); i >= 0 {
		subs = slices.Delete(subs, i, i+1)
		b.subs.Store(&subs)
	}
}

// StreamDropped is the number of events that did not reach the event stream,
// because a subscriber to the raw stream held it up.
func (b *Bus) StreamDropped() uint64 { return b.publisher.dropped.Load() }

// Close ends every subscription after what is in its queue, and the
// publisher. The returned channels close as each of them has ended; a
// subscriber that blocks for ever keeps its own open.
func (b *Bus) Close() []<-chan struct{} {
	b.mu.Lock()
	b.closed = true
	subs := *b.subs.Load()
	b.subs.Store(&[]*Subscription{})
	b.mu.Unlock()
	ended := make([]<-chan struct{}, 0, len(subs)+1)
	for _, s := range subs {
		s.finish()
		ended = append(ended, s.done)
	}
	b.publisher.stop()
	return append(ended, b.publisher.stopped)
}
