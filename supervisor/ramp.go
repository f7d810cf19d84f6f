package supervisor

import (
	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// During a ramp the breaker is closed and is asked all the same, since it lets
// only so many attempts run at a time. It is asked for an operation that has a
// worker to go to: a place must not be held by one who waits. Those that are
// parked go before those in the queue, who have not waited for it as long.

// admitRamping asks for op, or has it wait for a worker first.
func (a *targetActor) admitRamping(op *operation) {
	if (op.course.parked || a.queue.n == 0 || op.course.lender != nil) && a.spare(op) {
		a.ask(op)
		return
	}
	a.enqueue(op)
}

// serveRamping asks for the first operation of the queue that could have a
// worker, one question at a time so that the order is kept.
func (a *targetActor) serveRamping() {
	if a.asked > 0 || (a.parked.n > 0 && a.foremost == nil) {
		return
	}
	for op := a.queue.first(); op != nil; op = a.queue.after(op) {
		if a.spare(op) {
			a.leave(op)
			a.ask(op)
			return
		}
		if a.nested == 0 {
			return
		}
	}
}

// deliverRamping gives op, which was let through, to a worker. The one it could
// have had may be gone by now.
func (a *targetActor) deliverRamping(op *operation, p breaker.Permit, view *actors.View) {
	if w := a.obtain(op, false); w != nil {
		a.deliver(op, w, p, view)
		a.serveQueue()
		return
	}
	a.giveBack(p, true)
	a.releasing = true // no other may overtake it
	a.enqueue(op)
	a.releasing = false
	if op.course.parked && op.course.place == inQueue {
		a.foremost = op
	}
	a.releaseParked()
}

// spare says whether there is a worker to be had for op.
func (a *targetActor) spare(op *operation) bool {
	return a.pool.hasSpare() || (op.course.lender != nil && a.lent[op.course.lender] == nil)
}

func (p *pool) hasSpare() bool {
	p.lock()
	defer p.unlock()
	idle := false
	p.each(func(l *lane) { idle = idle || len(l.idle) > 0 })
	return idle || p.size < p.limit
}
