package actors

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// dispatch says which goroutine runs an actor's messages.
//
// The engine's own Dispatcher is handed a function and cannot see the message
// behind it, so the choice is made here, in the mailbox.
type dispatch uint8

const (
	// onPoster runs the actor on the goroutine of whoever posts to it while
	// it is idle, but for a message with a sender, who has other things to do. For
	// actors that call no user code and never block.
	onPoster dispatch = iota
	// onGoroutine runs the actor on a goroutine of its own, which ends when
	// the mailbox is empty.
	onGoroutine
	// onCaller runs what is given to runHere on the goroutine that gives it,
	// and on no other, and what is posted on a goroutine of its own.
	onCaller
)

// posterBudget is how many messages a poster handles for others before it
// hands the rest of the queue to a goroutine.
const posterBudget = 64

// mailbox is an actor's mailbox and dispatcher in one. Against the engine's
// default it differs in this:
//
//   - it can run on the calling thread without an allocation;
//   - a message that can't be delivered any more, because the actor has
//     stopped, goes to undeliverable and is never lost in silence;
//   - runtime.Goexit in the actor ends that goroutine only: the queue goes on
//     on a fresh one;
//   - a restart that arrives after a stop is dropped, so that no incarnation
//     comes to life outside the registry.
type mailbox struct {
	dispatch      dispatch
	undeliverable func(message any)
	invoker       actor.MessageInvoker

	// phase is 0 for an actor that is idle, with nothing in its queues: whoever
	// then sets running runs it without the mutex.
	phase atomic.Uint32
	// then is what the message just handled has left to be done by somebody who
	// runs the actor no more. Whoever runs it owns this.
	then func()

	mu        sync.Mutex
	started   bool
	suspended bool
	stopping  bool
	closed    bool
	lasting   bool          // its actor is never renewed
	turn      chan struct{} // closed when running ends, nil unless an inline sender waits
	grave     *grave        // takes the actor's place when it has ended
	system    fifo[any]
	user      fifo[any]
}

// The bits of a mailbox's phase. Only whoever runs the actor clears running,
// and only with the mutex held is anything set but running on an idle actor.
const (
	running uint32 = 1 << iota // somebody runs the actor
	posted                     // and is to look into the queues before that ends
	barred                     // suspended, closed or not started: nothing goes past the queues
)

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox(d dispatch, undeliverable func(message any)) *mailbox {
	m := &mailbox{dispatch: d, undeliverable: undeliverable}
	m.phase.Store(barred)
	return m
}

// RegisterHandlers implements [actor.Mailbox].
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, _ actor.Dispatcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.invoker = invoker
}

// Start implements [actor.Mailbox].
func (m *mailbox) Start() {}

// UserMessageCount implements [actor.Mailbox].
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

// PostUserMessage implements [actor.Mailbox].
func (m *mailbox) PostUserMessage(message any) {
	if m.phase.CompareAndSwap(0, running) {
		m.begin(message)
		return
	}
	m.mu.Lock()
	if m.closed {
		undeliverable := m.undeliverable
		m.mu.Unlock()
		undeliverable(message)
		return
	}
	m.user.push(message)
	starts := m.claim(m.started && !m.suspended)
	m.mu.Unlock()
	if starts {
		m.begin(nil)
	}
}

// PostSystemMessage implements [actor.Mailbox].
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system.push(message)
	// The engine registers an actor before it is complete. Whatever comes in
	// that moment waits for the first system message, which is Started.
	m.started = m.started || m.invoker != nil
	starts := m.claim(m.started)
	m.mu.Unlock()
	switch {
	case !starts:
	case m.dispatch == onGoroutine:
		go m.drain(nil, 0)
	default:
		m.drain(nil, posterBudget)
	}
}

// claim says whether the caller, who holds the mutex and has posted something,
// is to run the actor. If another runs it, that one will look.
func (m *mailbox) claim(runnable bool) bool {
	if m.phase.Or(posted)&running != 0 || !runnable {
		return false
	}
	m.phase.Store(running)
	return true
}

// begin runs the actor, which the caller has claimed, and if there is one, with
// a message that is not in the queue.
func (m *mailbox) begin(message any) {
	if _, sent := message.(*actor.MessageEnvelope); m.dispatch == onPoster && !sent {
		m.drain(message, posterBudget)
		return
	}
	go m.drainApart(message)
}

// postThen is PostUserMessage for somebody who can run the actor later, which is
// what it returns, nil if there is nothing to run.
func (m *mailbox) postThen(message any) (run func()) {
	if m.dispatch != onPoster && m.phase.CompareAndSwap(0, running) {
		return func() { m.drain(message, 0) }
	}
	m.PostUserMessage(message)
	return nil
}

// runHere runs an inline task on this goroutine. The sender owns the actor
// exclusively, so it can only find it busy with a system message, which is
// short.
func (m *mailbox) runHere(message any) {
	if m.phase.CompareAndSwap(0, running) || m.awaitTurn() {
		m.drain(message, posterBudget)
		return
	}
	m.undeliverable(message)
}

// awaitTurn claims the actor when nobody else runs it, or says that it takes
// no message any more.
func (m *mailbox) awaitTurn() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.phase.Or(posted)&running != 0 {
		if m.turn == nil {
			m.turn = make(chan struct{})
		}
		turn := m.turn
		m.mu.Unlock()
		<-turn
		m.mu.Lock()
	}
	if m.bars() {
		m.rest()
		return false
	}
	m.phase.Store(running)
	return true
}

func (m *mailbox) bars() bool { return m.suspended || m.closed || !m.started }

// rest says that nobody runs the actor. The mutex is held.
func (m *mailbox) rest() {
	if m.bars() {
		m.phase.Store(barred)
	} else {
		m.phase.Store(0)
	}
}

// close hands back what can no longer be delivered. The actor calls it when
// it has stopped.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.phase.Or(barred)
	var rest []any
	for m.user.len() > 0 {
		rest = append(rest, m.user.pop())
	}
	undeliverable := m.undeliverable
	m.mu.Unlock()
	for _, message := range rest {
		undeliverable(message)
	}
}

// drain handles message, if there is one, and then the queues until they are
// empty. A budget over zero is that of a poster.
func (m *mailbox) drain(message any, budget int) {
	poster := budget > 0
	ended := false
	defer func() {
		if ended {
			return
		}
		// The actor panicked past its own boundary, or this goroutine is
		// being ended by runtime.Goexit. Either way the queue goes on elsewhere.
		if reason := recover(); reason != nil {
			m.invoker.EscalateFailure(reason, message)
		}
		go m.drain(nil, 0)
	}()
	if message != nil {
		m.invoker.InvokeUserMessage(message)
		then := m.then
		if then != nil {
			m.then = nil
		}
		idle := m.phase.CompareAndSwap(running, 0) // nothing came meanwhile
		if then != nil && (poster || !idle) {
			go then()
			then = nil
		}
		if idle {
			ended = true
			if then != nil {
				then()
			}
			return
		}
	}
	for {
		var system, more bool
		message, system, more = m.next(poster, budget)
		if !more {
			break
		}
		if system {
			m.invoker.InvokeSystemMessage(message)
			continue
		}
		m.invoker.InvokeUserMessage(message)
		if m.then != nil {
			go m.then()
			m.then = nil
		}
		budget--
	}
	ended = true
}

// drainApart is drain on a goroutine of its own, which user code will run on.
func (m *mailbox) drainApart(message any) {
	growStack()
	m.drain(message, 0)
}

// growStack has the goroutine's stack grow while there is next to nothing on
// it. The engine's frames and the user's don't fit the 2 KB that a goroutine
// begins with, and to copy a stack when they are on it takes a microsecond.
//
//go:noinline
func growStack() {
	var frame [2 << 10]byte
	runtime.KeepAlive(&frame)
}

// next takes the next message, or ends the run and says that there is no more
// to do on this goroutine.
func (m *mailbox) next(poster bool, budget int) (message any, system, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.system.len() > 0 {
		message = m.system.pop()
		switch message.(type) {
		case *actor.SuspendMailbox:
			m.suspended = true
			continue
		case *actor.ResumeMailbox:
			m.suspended = false
			continue
		case *actor.Stop:
			m.stopping = true
		case *actor.Restart:
			if m.stopping {
				continue
			}
			if m.lasting {
				m.suspended = false
				continue
			}
		}
		return message, true, true
	}
	if !m.suspended && m.user.len() > 0 {
		if poster && (m.dispatch == onCaller || budget <= 0) {
			go m.drain(nil, 0)
			return nil, false, false
		}
		return m.user.pop(), false, true
	}
	if m.grave != nil {
		m.invoker = m.grave // the actor is finished when its queues are empty
	}
	if m.turn != nil {
		close(m.turn)
		m.turn = nil
	}
	m.rest()
	return nil, false, false
}
