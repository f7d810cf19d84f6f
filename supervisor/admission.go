package supervisor

import (
	"context"
	"fmt"
	"time"

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

// park keeps an operation until the breaker lets it through. One that was
// parked before and found the way closed again keeps its place at the head.
func (a *targetActor) park(op *operation) {
	again := op.course.parked
	if !again && a.full() {
		a.reject(op, ErrOverloaded)
		return
	}
	op.course.parked = true
	a.enterLine(op, inPark, again)
	if !again && a.sup.bus.Active() {
		a.sup.bus.Publish(actors.OperationParked{Header: a.header(), Operation: op.id(), Attempt: op.course.failures + 1})
	}
}

// breakerMoved lets operations through that waited for it, and those go that
// now can't get through.
func (a *targetActor) breakerMoved() {
	if view := a.breaker.View(); !view.State.Admits() {
		for op := a.queue.first; op != nil; {
			next := op.course.next
			a.leave(op)
			a.blocked(op, view)
			op = next
		}
		return
	}
	a.releaseParked()
}

// releaseParked lets parked operations go, in order: as many as there are
// workers when the breaker is closed, one question at a time when it is
// half-open. At most one of them waits for a worker, so that the order is kept
// when the breaker opens again.
func (a *targetActor) releaseParked() {
	if a.releasing {
		return
	}
	a.releasing = true
	defer func() { a.releasing = false }()
	for op := a.parked.first; op != nil; op = a.parked.first {
		view := a.breaker.View()
		if !view.State.Admits() || (view.State == breaker.HalfOpen && a.asked > 0) || a.foremost != nil {
			return
		}
		a.leave(op)
		a.admit(op)
		switch op.course.place {
		case inPark:
			return
		case inQueue:
			a.foremost = op
		}
	}
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

// withdraw ends an operation whose caller has gone. An inline operation that
// is running can't be left behind; it ends where the supervisor meets it next.
func (a *targetActor) withdraw(op *operation) {
	c := op.trouble()
	if op.isConcluded() {
		return
	}
	c.withdrawn = true
	if c.place == nowhere && op.Inline {
		return
	}
	a.giveUp(op)
}

// giveUp ends an operation on behalf of its caller's context, which is done,
// so that nothing watches it any more.
func (a *targetActor) giveUp(op *operation) {
	a.leave(op)
	attempts, first := op.claim()
	if !first {
		return
	}
	cause := context.Cause(op.caller())
	if attempts == 0 {
		op.deliver(a.rejected(fmt.Errorf("gave up before the first attempt: %w", cause)), 0)
		return
	}
	a.failed(op, &ExhaustedError{Target: a.name, Operation: op.id(), Attempts: attempts, Waited: op.course.waited,
		Reason: retry.CallerGone, Err: op.course.last, Cause: cause}, attempts)
}

// expire ends an operation whose time is over while it stands in a line.
func (a *targetActor) expire(op *operation) {
	if op.course.failures == 0 {
		a.refuse(op, a.rejected(ErrMaxElapsed))
		return
	}
	a.end(op, a.exhausted(op, retry.MaxElapsed, nil))
}

// reject refuses an operation that has not run, and ends one that has.
func (a *targetActor) reject(op *operation, reason error) {
	if op.isConcluded() {
		return
	}
	if op.course == nil || op.course.failures == 0 {
		a.refuse(op, a.rejected(reason))
		return
	}
	why := ReasonOverloaded
	switch reason {
	case ErrShutdown:
		why = ReasonShutdown
	case ErrTargetStopped:
		why = ReasonTargetStopped
	}
	a.end(op, a.exhausted(op, why, reason))
}

// refuse ends an operation that did not run.
func (a *targetActor) refuse(op *operation, err error) {
	if _, first := op.claim(); first {
		op.deliver(err, 0)
		op.unwatch()
	}
}

// scheduleReport has the refusals counted up for a second before they are told.
func (a *targetActor) scheduleReport() {
	if a.down {
		return
	}
	if a.report == nil {
		a.report = time.AfterFunc(time.Second, func() { a.tell(refusalsDue{}) })
		return
	}
	a.report.Reset(time.Second)
}

func (a *targetActor) reportRefusals() {
	n := a.refused.Swap(0)
	if n == 0 {
		return
	}
	a.refusedTold.Add(n)
	a.sup.bus.Publish(actors.CallsRefused{Header: a.header(), Count: n})
}
