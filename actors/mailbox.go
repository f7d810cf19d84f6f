package actors

import (
	"sync"

	"github.com/asynkron/protoactor-go/actor"
)

// dispatch says which goroutine runs an actor's messages.
//
// The engine's own Dispatcher is handed a function and cannot see the message
// behind it, so the choice is made here, in the mailbox.
type dispatch uint8

const (
	// onPoster runs the actor on the goroutine of whoever posts to it while
	// it is idle. For actors that call no user code and never block.
	onPoster dispatch = iota
	// onGoroutine runs the actor on a goroutine of its own, which ends when
	// the mailbox is empty.
	onGoroutine
	// onCaller runs a [Task] marked inline on the goroutine that sent it,
	// and on no other, and any other task on a goroutine of its own.
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

	mu        sync.Mutex
	idle      sync.Cond // signalled when running ends while inline senders wait
	waiting   int
	started   bool
	running   bool
	suspended bool
	stopping  bool
	closed    bool
	grave     *grave // takes the actor's place when it has ended
	system    fifo[any]
	user      fifo[any]
}

var _ actor.Mailbox = (*mailbox)(nil)

func newMailbox(d dispatch, undeliverable func(message any)) *mailbox {
	m := &mailbox{dispatch: d, undeliverable: undeliverable}
	m.idle.L = &m.mu
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
	if t, ok := message.(*Task); ok && t.Inline && m.dispatch == onCaller {
		m.runHere(message)
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
	start := m.started && !m.running && !m.suspended
	if start {
		m.running = true
	}
	m.mu.Unlock()
	if !start {
		return
	}
	if m.dispatch == onPoster {
		m.drain(nil, posterBudget)
	} else {
		go m.drain(nil, 0)
	}
}

// PostSystemMessage implements [actor.Mailbox].
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system.push(message)
	// The engine registers an actor before it is complete. Whatever comes in
	// that moment waits for the first system message, which is Started.
	m.started = m.started || m.invoker != nil
	start := m.started && !m.running
	if start {
		m.running = true
	}
	m.mu.Unlock()
	if !start {
		return
	}
	if m.dispatch == onGoroutine {
		go m.drain(nil, 0)
	} else {
		m.drain(nil, posterBudget)
	}
}

// runHere runs an inline task on this goroutine. The sender owns the actor
// exclusively, so it can only find it busy with a system message, which is
// short.
func (m *mailbox) runHere(message any) {
	m.mu.Lock()
	for m.running {
		m.waiting++
		m.idle.Wait()
		m.waiting--
	}
	if m.suspended || m.closed {
		m.mu.Unlock()
		m.undeliverable(message)
		return
	}
	m.running = true
	m.mu.Unlock()
	m.drain(message, posterBudget)
}

// close hands back what can no longer be delivered. The actor calls it when
// it has stopped.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
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
		budget--
	}
	ended = true
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
	m.running = false
	if m.grave != nil {
		m.invoker = m.grave // the actor is finished when its queues are empty
	}
	if m.waiting > 0 {
		m.idle.Broadcast()
	}
	return nil, false, false
}
