package supervisor

import (
	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// admit gives an operation a worker and the breaker's leave, or finds it a
// place to wait, or refuses it.
func (a *targetActor) admit(op *operation) {
	if op.isConcluded() {
		return
	}
	if op.trouble().withdrawn {
		a.giveUp(op)
		return
	}
	if a.halted != nil {
		a.reject(op, a.halted)
		return
	}
	if view := a.breaker.View(); !view.State.Admits() {
		a.blocked(op, view)
		return
	}
	if a.parked.n > 0 && op.parks() && !op.course.parked {
		// Behind those that have waited longer.
		a.park(op)
		a.releaseParked()
		return
	}
	if a.queue.n > 0 && !op.course.nested {
		a.enqueue(op)
		return
	}
	w := a.obtain(op)
	if w == nil {
		a.enqueue(op)
		return
	}
	a.gate(op, w)
}

// obtain gets a worker for op, an idle one or a new one, nil if there is none
// to be had.
func (a *targetActor) obtain(op *operation) *worker {
	w, full := a.pool.takeFor(op)
	if w != nil {
		return w
	}
	if full && !op.course.nested {
		return nil
	}
	// An operation within an attempt on this target may hold the very worker
	// it would wait for, so it gets one beyond the limit.
	return a.spawn(op, full)
}

func (a *targetActor) enqueue(op *operation) {
	if a.full() {
		a.reject(op, ErrOverloaded)
		return
	}
	a.enterLine(op, inQueue, false)
	// A worker that was put back before the pool knew of the queue is idle.
	a.serveQueue()
}

// serveQueue gives workers to the operations that wait for one, in order, as
// long as there are any.
func (a *targetActor) serveQueue() {
	for op := a.queue.first; op != nil && a.halted == nil; op = a.queue.first {
		if view := a.breaker.View(); !view.State.Admits() {
			a.leave(op)
			a.blocked(op, view)
			continue
		}
		w := a.obtain(op)
		if w == nil {
			return
		}
		a.leave(op)
		a.gate(op, w)
	}
	a.releaseParked()
}

// serve gives a free worker to the first operation in the queue.
func (a *targetActor) serve(w *worker) {
	op := a.queue.first
	if op == nil || a.halted != nil {
		a.release(w, false)
		return
	}
	a.leave(op)
	a.pool.hand(w, op)
	a.gate(op, w)
	a.releaseParked()
}

// gate gets the breaker's leave for an operation that has a worker.
func (a *targetActor) gate(op *operation, w *worker) {
	view := a.breaker.View()
	switch {
	case !view.State.Admits():
		a.release(w, false)
		a.blocked(op, view)
	case view.State == breaker.HalfOpen:
		op.course.place = asking
		a.asked++
		a.breaker.Ask(func(answer actors.Admission) {
			a.tell(&admitted{op: op, worker: w, Admission: answer})
		})
	default:
		a.deliver(op, w, breaker.Permit{Generation: view.Generation}, view)
	}
}

// answered goes on where gate has left off.
func (a *targetActor) answered(m *admitted) {
	a.asked--
	op := m.op
	op.course.place = nowhere
	view := a.breaker.View()
	switch {
	case op.isConcluded(), a.halted != nil:
		a.giveBack(m.Permit, m.Granted)
		a.release(m.worker, false)
		if a.halted != nil {
			a.reject(op, a.halted)
		}
		return
	case !m.Granted:
		a.release(m.worker, false)
		if !view.State.Admits() || view.State == breaker.HalfOpen {
			a.blocked(op, view)
			return
		}
		a.admit(op) // closed since
		return
	}
	a.deliver(op, m.worker, m.Permit, view)
	a.releaseParked()
}

// giveBack hands back a permit that nothing came of.
func (a *targetActor) giveBack(p breaker.Permit, granted bool) {
	if granted && p.IsProbe() {
		a.breaker.Settle(actors.Settlement{Permit: p, Outcome: policies.Ignored}, nil)
	}
}

// deliver sends an operation to a worker, or wakes its caller to do so.
func (a *targetActor) deliver(op *operation, w *worker, p breaker.Permit, view *actors.View) {
	op.admitted(w, p, view)
	if op.Inline {
		op.course.wake <- w
		return
	}
	w.ref.Tell(&op.Task)
}

// returned takes a worker back from a caller that could not use it.
func (a *targetActor) returned(m *returned) {
	a.giveBack(m.op.permit(), true)
	a.release(m.worker, false)
	if m.left {
		a.giveUp(m.op)
		return
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
		refusal = &OpenError{Name: a.name, Until: view.Since}
	}
	if op.course.failures == 0 {
		a.countRefusal()
		a.refuse(op, refusal)
		return
	}
	a.end(op, a.exhausted(op, retry.BreakerOpen, refusal))
}
