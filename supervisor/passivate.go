package supervisor

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// A keyed target goes in two steps, and what comes meanwhile is never lost:
//
//	awake --(idle, pool closed)--> sealing --(breaker sealed)--> passive
//	  ^                               |
//	  +------(a probe was out)--------+
//
// While it is sealing, which takes a moment, it holds every message. A passive
// one hands them to its successor, which the root starts when it has been told
// what is to be remembered.
type rest uint8

const (
	awake rest = iota
	sealing
	passive
)

// What a target is told, besides what is in target_messages.go.
type (
	// passivate: go, if you are idle.
	passivate struct{ reason actors.Passivation }
	// passivateNow is passivate behind what the target had told itself.
	passivateNow struct{ reason actors.Passivation }
	// sealed: the breaker's answer.
	sealed struct {
		reason actors.Passivation
		memory actors.BreakerMemory
		ok     bool
	}
)

// heldMessage is one that came while the target was sealing.
type heldMessage struct {
	message any
	sender  *actor.PID
}

// errMoved wakes an inline caller whose operation another target is to run.
var errMoved = errors.New("the target was passivated")

// divert takes the messages that have to do with passivation, and says so.
func (a *targetActor) divert(c actor.Context) bool {
	switch m := c.Message().(type) {
	case *passivate:
		if a.rest == awake && a.idle() {
			a.tell(passivateNow(*m))
		} else {
			a.stays()
		}
	case passivateNow:
		a.passivate(m)
	case *sealed:
		a.sealed(m)
	case startBreaker:
		a.startBreaker()
	case ease:
		a.ease()
	case *actor.Stopping:
		if a.rest != sealing {
			return false
		}
		a.rest = awake // somebody stops it
		a.breaker.Unseal()
		a.stopping()
		for _, h := range a.takeHeld() {
			a.lost(h.message, h.sender)
		}
	case actor.SystemMessage, actor.AutoReceiveMessage, *actor.Started, *actor.Stopped:
		return false
	default:
		switch a.rest {
		case awake:
			return false
		case sealing:
			a.held = append(a.held, heldMessage{c.Message(), c.Sender()})
		case passive:
			a.forwarding().redirect(c.Message(), c.Sender())
		}
	}
	return true
}

// idle says whether nothing runs here or waits, as far as this actor knows.
func (a *targetActor) idle() bool {
	return a.queue.n == 0 && a.left == 0 && a.parked.n == 0 && len(a.backoff) == 0 && a.asked == 0 && !a.down && a.pace.rested(time.Now()) &&
		(a.prober == nil || a.prober.runs == nil && !a.prober.asking) && (a.halted == nil || a.halted == ErrTargetStopped) && a.pool.unused()
}

// rested says whether nothing is lost with the pacer: its server's wish has been
// heeded, and no attempt of late counts against the rate.
func (p *pacer) rested(now time.Time) bool {
	return !p.until.After(now) && (p.limiter == nil || p.limiter.TokensAt(now) >= float64(p.limiter.Burst())-almost)
}

func (a *targetActor) stays() { a.sup.root.Tell(&stayed{a.Target}) }

// passivate closes the short way in, and has the breaker sealed.
func (a *targetActor) passivate(m passivateNow) {
	if a.rest != awake || !a.idle() || !a.pool.closeUnused() {
		a.stays()
		return
	}
	a.rest = sealing
	a.breaker.Seal(func(memory actors.BreakerMemory, ok bool) {
		a.tell(&sealed{reason: m.reason, memory: memory, ok: ok})
	})
}

// sealed goes, or goes on if the breaker can't be left.
func (a *targetActor) sealed(m *sealed) {
	if a.rest != sealing {
		return // it was stopped meanwhile
	}
	if !m.ok {
		a.rest = awake
		if a.halted == nil {
			a.pool.open()
		}
		for _, h := range a.takeHeld() {
			a.ref.Tell(&actor.MessageEnvelope{Message: h.message, Sender: h.sender})
		}
		a.stays()
		return
	}
	a.rest, a.down = passive, true
	a.pool.close()
	a.reportRefusals()
	a.reportOverspent()
	gone := &passivated{target: a.Target, reason: m.reason, state: m.memory.State, stopped: a.halted != nil}
	if gone.stopped || !m.memory.Empty() {
		gone.memory = &m.memory
	}
	a.halted = errMoved // its end is not one that anybody is told of
	// Before the root can start a successor, so that nobody who was served by
	// that one comes back here. The root knows that it has to wait.
	a.keyed.left.Store(true)
	a.gone.Store(true)
	a.sup.root.Tell(gone)
	a.breaker.Forward(func(deliver func(*actors.Breaker)) {
		a.forwarding().succeed(func(t *Target) { deliver(t.breaker) })
	})
	for _, h := range a.takeHeld() {
		a.forwarding().redirect(h.message, h.sender)
	}
	a.ref.Stop()
}

func (a *targetActor) takeHeld() []heldMessage {
	held := a.held
	a.held = nil
	return held
}

// lost is undeliverable for a message that may have come in an envelope.
func (a *targetActor) lost(message any, sender *actor.PID) {
	if request, ok := message.(*actors.Operation); ok {
		if then := a.accept(request, sender); then != nil {
			go then()
		}
		return
	}
	a.undeliverable(message)
}

// bury leaves of a passive target whose actor has stopped only what leads to
// its successor.
func (a *targetActor) bury() {
	f := a.forwarding()
	a.ref.Bury(a.self.ActorSystem(), f.undeliverable)
}

// moveOn sees an inline operation through on the successor of its target, which
// has not begun it.
func (t *Target) moveOn(op *operation) error {
	next := t.successor()
	if next.err != nil {
		return next.err
	}
	op.course.waiter.outcome = nil
	op.target = next
	return next.performWhole(op)
}

// unused says whether no worker has anything to do.
func (p *pool) unused() bool {
	p.lock()
	defer p.unlock()
	return p.busy() == 0 && p.waiting == 0
}

// closeUnused is close, without the workers' end, for a pool that nobody uses.
func (p *pool) closeUnused() bool {
	p.lock()
	defer p.unlock()
	if p.busy() > 0 || p.waiting > 0 {
		return false
	}
	p.closed = true
	return true
}
