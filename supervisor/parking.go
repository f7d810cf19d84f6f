package supervisor

import (
	"github.com/holdfast-go/holdfast/actors"
)

// park keeps an operation until the breaker lets it through. One that was
// parked before and found the way closed again keeps its place at the head.
func (a *targetActor) park(op *operation) {
	again := op.course.parked
	if !again && a.full() {
		a.reject(op, ErrOverloaded)
		return
	}
	op.course.parked = true
	if op.course.lender != nil {
		a.parkedNested++
	}
	a.enterLine(op, inPark, again)
	if !again && a.sup.bus.Active() {
		a.sup.bus.Publish(actors.OperationParked{Header: a.header(), Operation: op.id(), Attempt: int(op.course.failures) + 1})
	}
}

// breakerMoved lets operations through that waited for it, and those go that
// now can't get through.
func (a *targetActor) breakerMoved() {
	if view := a.breaker.View(); !view.State.Admits() {
		for op := a.queue.first(); op != nil; {
			next := a.queue.after(op)
			a.leave(op)
			a.blocked(op, view)
			op = next
		}
	} else {
		a.serveQueue()
	}
	a.probe()
}

// releaseParked lets parked operations go, in order: as many as there are
// workers when the breaker is closed, one question at a time when it is
// half-open or on its ramp. At most one of them waits for a worker, so that the
// order is kept when the breaker opens again.
func (a *targetActor) releaseParked() {
	if a.releasing {
		return
	}
	a.releasing = true
	defer func() { a.releasing = false }()
	for op := a.parked.first; op != nil; op = a.parked.first {
		view := a.breaker.View()
		if !view.State.Admits() || (!view.Direct && a.asked > 0) || a.probes(view) || a.crowded() {
			return
		}
		if a.foremost != nil {
			a.releaseNested()
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

// releaseNested lets those go that run within another's attempt, ahead of the
// one that waits for a worker: they may hold up the very workers it waits for.
func (a *targetActor) releaseNested() {
	for op := a.parked.first; op != nil && a.parkedNested > 0; {
		next := op.course.next
		if op.course.lender != nil && a.lent[op.course.lender] == nil {
			a.leave(op)
			a.admit(op)
			if op.course.place == inPark {
				return
			}
			next = a.parked.first
		}
		op = next
	}
}
