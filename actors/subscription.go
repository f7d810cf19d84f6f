package actors

import (
	"sync"
	"sync/atomic"
)

// Subscription is one isolated listener. Whatever its function does (block,
// panic, end its goroutine) it holds up nobody else. It is safe for
// concurrent use.
type Subscription struct {
	bus     *Bus
	f       func(Event)
	queue   chan Event
	end     chan struct{} // closed when no more events are wanted
	endOnce sync.Once
	done    chan struct{} // closed when the goroutine has ended
	over    atomic.Bool   // the queue is read no more
	cancel  atomic.Bool
	dropped atomic.Uint64
	panics  atomic.Uint64
}

func newSubscription(b *Bus, f func(Event), buffer int) *Subscription {
	return &Subscription{bus: b, f: f, queue: make(chan Event, max(1, buffer)),
		end: make(chan struct{}), done: make(chan struct{})}
}

// Dropped is the number of events that found the queue full, or came when the
// subscription had just ended with its bus.
func (s *Subscription) Dropped() uint64 { return s.dropped.Load() }

// Panics is the number of events whose handling panicked or ended the goroutine.
func (s *Subscription) Panics() uint64 { return s.panics.Load() }

// Done is closed when the function has been called for the last time.
func (s *Subscription) Done() <-chan struct{} { return s.done }

// Cancel ends the subscription. A call that has begun, or is just beginning,
// goes on; no other follows. Cancelling twice does nothing more.
func (s *Subscription) Cancel() {
	s.cancel.Store(true)
	s.bus.remove(s)
	s.finish()
}

// finish lets the goroutine end when its queue is empty.
func (s *Subscription) finish() { s.endOnce.Do(func() { close(s.end) }) }

func (s *Subscription) offer(e Event) {
	select {
	case s.queue <- e:
		// The publisher may have known of the subscription longer than the bus did.
		if s.over.Load() {
			s.drop()
		}
	default:
		s.dropped.Add(1)
	}
}

// drop empties a queue that is read no more.
func (s *Subscription) drop() {
	for {
		select {
		case <-s.queue:
			if !s.cancel.Load() {
				s.dropped.Add(1)
			}
		default:
			return
		}
	}
}

func (s *Subscription) run() {
	ended := false
	defer func() {
		if ended {
			close(s.done)
			return
		}
		s.panics.Add(1)
		go s.run() // the function called runtime.Goexit
	}()
	for {
		select {
		case e := <-s.queue:
			s.call(e)
			continue
		default:
		}
		select {
		case e := <-s.queue:
			s.call(e)
		case <-s.end:
			// What was queued before the end is still delivered.
			for len(s.queue) > 0 {
				s.call(<-s.queue)
			}
			s.over.Store(true)
			s.drop()
			ended = true
			return
		}
	}
}

func (s *Subscription) call(e Event) {
	if s.cancel.Load() {
		return
	}
	// Not by Guard: to keep the stack of a panic that nobody looks at takes longer
	// than an operation.
	defer func() {
		if recover() != nil {
			s.panics.Add(1)
		}
	}()
	s.f(e)
}
