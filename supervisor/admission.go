package supervisor

import (
	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// admit gives an operation the breaker's leave and a worker, or finds it a
// place to wait, or refuses it.
func (a *targetActor) admit(op *operation) {
	if op.isConcluded() {
		op.unwatch()
		return
	}
	if op.target != a.Target { // which was passivated before it began
		op.target = a.Target
	}
	op.trouble()
	if cause := op.gone(); cause != nil {
		a.giveUp(op, cause)
		return
	}
	if a.halted != nil {
		a.reject(op, a.halted)
		return
	}
	if a.crowded() {
		a.reject(op, ErrTooManyAbandoned)
		return
	}
	view := a.breaker.View()
	switch {
	case !view.State.Admits(), a.probes(view):
		a.blocked(op, view)
	case a.parked.n > 0 && op.parks() && !op.course.parked && op.course.lender == nil:
		a.park(op) // behind those that have waited longer
		a.releaseParked()
	case a.paced():
		a.awaitTurn(op)
	case view.State == breaker.HalfOpen:
		a.ask(op)
	case !view.Direct:
		a.admitRamping(op)
	default:
		a.admitClosed(op, view)
	}
}

// ask asks a half-open breaker, or one on its ramp. Nobody waits for a worker
// meanwhile: who is not let through is not to learn it late.
func (a *targetActor) ask(op *operation) {
	op.course.place = asking
	a.asked++
	a.breaker.Ask(func(answer actors.Admission) {
		a.tell(&admitted{op: op, Admission: answer})
	})
}

// answered goes on where ask has left off.
func (a *targetActor) answered(m *admitted) {
	a.asked--
	op := m.op
	op.course.place = nowhere
	view := a.breaker.View()
	switch {
	case op.isConcluded(), a.halted != nil:
		a.giveBack(m.Permit, m.Granted)
		a.admit(op)
	case !m.Granted && !view.Direct:
		a.blocked(op, view)
	case !m.Granted, m.Permit.Generation != view.Generation: // it has moved since
		a.giveBack(m.Permit, m.Granted)
		a.admit(op)
	case m.Permit.Ramp:
		a.deliverRamping(op, m.Permit, view)
	default:
		// A probe has its worker even when attempts from before the trip
		// hang in all the others.
		if w := a.obtain(op, true); w != nil {
			a.deliver(op, w, m.Permit, view)
		} else {
			a.giveBack(m.Permit, m.Granted)
			a.reject(op, ErrOverloaded)
		}
		a.releaseParked()
	}
}

// admitClosed gives op a worker, or has it wait for one.
func (a *targetActor) admitClosed(op *operation, view *actors.View) {
	if a.queue.n == 0 || op.course.lender != nil {
		if w := a.obtain(op, false); w != nil {
			a.deliver(op, w, breaker.Permit{Generation: view.Generation}, view)
			return
		}
	}
	a.enqueue(op)
}

// enqueue has an operation wait for a worker, or for its turn.
func (a *targetActor) enqueue(op *operation) {
	if a.full() {
		a.reject(op, ErrOverloaded)
		return
	}
	a.enterLine(op, inQueue, false)
	// A worker that was put back before the pool knew of the queue is idle.
	a.serveQueue()
}

// obtain gets a worker for op, an idle one or a new one, nil if there is none
// to be had. Beyond the limit there is one for a probe, and one at a time for
// the operations that run within another's attempt: they may hold up the very
// workers they would wait for.
func (a *targetActor) obtain(op *operation, probe bool) *worker {
	w, full := a.pool.takeFor(op.body)
	switch lender := op.course.lender; {
	case w != nil:
		return w
	case !full:
		return a.spawn(op, false)
	case probe:
		return a.spawn(op, true)
	case lender != nil && a.lent[lender] == nil:
		w = a.spawn(op, true)
		if w != nil {
			if a.lent == nil {
				a.lent = map[*operation]*worker{}
			}
			a.lent[lender] = w
		}
		return w
	}
	return nil
}

// serveQueue gives workers to the operations that wait for one: in order, but
// for those within another's attempt, which may go first.
func (a *targetActor) serveQueue() {
	for op := a.queue.first(); op != nil && a.halted == nil && !a.paced(); {
		view := a.breaker.View()
		next := a.queue.after(op)
		if !view.State.Admits() || view.State == breaker.HalfOpen || a.crowded() {
			a.leave(op)
			a.admit(op)
			op = a.queue.first()
			continue
		}
		if !view.Direct {
			a.serveRamping()
			break
		}
		if w := a.obtain(op, false); w != nil {
			a.leave(op)
			a.deliver(op, w, breaker.Permit{Generation: view.Generation}, view)
			op = a.queue.first()
			continue
		}
		if a.nested == 0 {
			break
		}
		for next != nil && next.course.lender == nil {
			next = a.queue.after(next)
		}
		op = next
	}
	a.releaseParked()
}

// freed takes in a worker that was put back while operations wait.
func (a *targetActor) freed(w *worker) {
	a.afterPut(w, a.pool.putFreed(w))
	a.serveQueue()
}

// giveBack hands back a permit that nothing came of.
func (a *targetActor) giveBack(p breaker.Permit, granted bool) {
	if granted && p.Holds() {
		a.breaker.Settle(actors.Settlement{Permit: p, Outcome: policies.Ignored}, nil)
	}
}

// deliver sends an operation to a worker, or wakes its caller to do so.
func (a *targetActor) deliver(op *operation, w *worker, p breaker.Permit, view *actors.View) {
	a.pace.begin()
	op.admitted(w, p, view)
	if op.inline {
		op.course.waiter.wake(w)
		return
	}
	op.send()
}

// returned takes a worker back from a caller that could not use it.
func (a *targetActor) returned(m *returned) {
	a.giveBack(m.op.permit(), true)
	a.release(m.worker, false)
	if m.left != nil {
		m.op.specially().gone = m.left
	}
	a.admit(m.op)
}

// blocked is for an operation that the breaker doesn't let through.
func (a *targetActor) blocked(op *operation, view *actors.View) {
	if op.parks() {
		a.park(op)
		return
	}
	refusal := view.Refusal
	if refusal == nil {
		refusal = &OpenError{Name: a.name, Probing: true}
	}
	if op.course.failures == 0 {
		a.countRefusal()
		if _, first := op.claim(); first {
			op.deliver(refusal, 0)
		}
		op.unwatch()
		return
	}
	a.end(op, a.exhausted(op, retry.BreakerOpen, refusal))
}
