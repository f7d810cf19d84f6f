package supervisor

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// attemptFailed takes in an attempt apart whose worker has failed with it.
func (a *targetActor) attemptFailed(self actor.Supervisor, w *watched, child *actor.PID, reason any) {
	if w.failed { // it is told once, whatever becomes of the worker
		self.ResumeChildren(child)
		return
	}
	w.failed = true
	switch {
	case w.phase.Load() == attemptAbandoned:
		// By a message: no worker can be started while a failure is handled.
		a.tell(&lateReturn{attempt: w})
		return
	case w.err == nil:
		w.err = fmt.Errorf("worker %s: %v", child.Id, reason)
		w.verdict.Err, w.verdict.Outcome = w.err, policies.Failure
	case w.err == errNotBegun:
		w.worker.ref.Resume()
		a.release(w.worker, false)
		a.notBegun(w)
		return
	}
	a.settleFailed(w, w.worker)
}

// notBegun goes on with the operation of an attempt that was not begun.
func (a *targetActor) notBegun(w *watched) {
	a.giveBack(w.permit, true)
	if w.op.specially().inFlight--; w.op.inFlight() == 0 {
		a.tell(&admit{op: w.op})
	}
}

// settleFailed has the breaker take in a failed attempt. worker is nil for one
// that was left behind.
func (a *targetActor) settleFailed(w *watched, worker *worker) {
	s := w.settlement(w.verdict.Outcome, nil)
	w.tell(&s)
	a.breaker.Settle(s, &settled{to: a.Target, op: w.op, worker: worker, attempt: w})
}

// leaveBehind goes on without an attempt whose time is over. Its function runs
// on until it returns, on a worker that nobody is given any more.
func (a *targetActor) leaveBehind(w *watched) {
	a.pool.abandon(w.worker)
	for lender, lent := range a.lent {
		if lent == w.worker {
			delete(a.lent, lender)
		}
	}
	a.left++
	a.seldom().abandoned.Add(1)
	a.seldom().left.Store(int64(a.left))
	a.holdPool()
	a.sup.bus.Publish(actors.AttemptAbandoned{Header: a.header(), Operation: w.op.id(), Attempt: w.number,
		Worker: w.worker.ref.ID(), After: w.op.policy.Retry.AttemptTimeout, Running: a.left})
	a.settleFailed(w, nil)
	a.serveQueue() // there is room for another worker
	w.counted = true
	if w.returned {
		a.returnedLate(w)
	}
}

// returnedLate is told that the function of an attempt that was left behind has
// returned. What it returned is of no interest to anybody. It may be told so
// before it is told that the attempt was left behind.
func (a *targetActor) returnedLate(w *watched) {
	w.returned = true
	if !w.counted {
		return
	}
	a.left--
	a.seldom().left.Store(int64(a.left))
	w.worker.ref.Stop()
	a.holdPool()
	a.sup.bus.Publish(actors.AttemptReturned{Header: a.header(), Operation: w.op.id(), Attempt: w.number,
		Worker: w.worker.ref.ID(), Ran: (a.sup.since() - w.began).Round(time.Millisecond), Running: a.left})
	a.releaseParked() // they may have waited for this
}

// crowded says whether so many functions were left behind that nothing more is
// begun.
func (a *targetActor) crowded() bool { return a.left >= a.policy.Load().Pool.MaxAbandoned }

// holdPool sends every operation through the supervisor while it has a say in
// whether it may run.
func (a *targetActor) holdPool() { a.pool.hold(a.crowded() || a.pace.active()) }
