package supervisor

import "sync/atomic"

// waiter is the part of the course of an inline operation: how its supervisor
// reaches the caller, whose goroutine the attempts run on.
//
// Whoever wakes the caller does not touch the operation any more: it is the
// caller's again. There is one wake for each wait.
type waiter struct {
	phase  atomic.Int32
	ready  chan struct{} // made when the caller has to wait for the first time
	worker *worker       // what the caller was woken with, nil if that is the outcome
	awaits bool          // the caller has said that it waits, and was not woken yet

	outcome error // of the operation, before the caller is woken for it

	later laterAttempt // the context of the second attempt
	told  settled      // of one failure after the other
}

// The phases of a waiter. Most callers find themselves woken when they come to
// wait: it was they who ran the supervisor.
const (
	asleep int32 = iota
	woken
	awaited // and so is to be sent a word
)

// Settled implements [actors.Settler] for an operation that has succeeded.
func (w *waiter) Settled() { w.wake(nil) }

// wake gives the caller a worker, or with nil the outcome. It does not block.
func (w *waiter) wake(with *worker) {
	w.worker = with
	if w.phase.CompareAndSwap(asleep, woken) {
		return
	}
	w.phase.Store(asleep)
	w.ready <- struct{}{}
}

// wait is for the caller. left says that gone was closed first; the caller then
// has to wait again.
func (w *waiter) wait(gone <-chan struct{}) (with *worker, left bool) {
	if !w.awaits {
		if w.phase.CompareAndSwap(woken, asleep) {
			return w.worker, false
		}
		if w.ready == nil {
			w.ready = make(chan struct{}, 1)
		}
		if !w.phase.CompareAndSwap(asleep, awaited) { // woken meanwhile
			w.phase.Store(asleep)
			return w.worker, false
		}
		w.awaits = true
	}
	select {
	case <-w.ready:
		w.awaits = false
		return w.worker, false
	case <-gone:
		return nil, true
	}
}

// troubled is an inline operation that has met trouble, with all that it needs
// then.
type troubled struct {
	operation operation
	course    course
	waiter    waiter
}

func newTroubled() *operation {
	all := &troubled{}
	all.course.waiter = &all.waiter
	all.operation.course = &all.course
	return &all.operation
}
