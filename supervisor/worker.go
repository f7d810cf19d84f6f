package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// worker is a target's own record of one of its worker actors, and what that
// actor runs: whatever has the worker.
type worker struct {
	ref    *actors.Ref
	target *Target
	task   actors.Task // its Runner is the worker

	// Of whoever has it.
	generation uint64        // of the breaker when it let the attempt through
	began      time.Duration // of the attempt, see operation.began
	inline     bool          // it runs on the goroutine of its caller
	brief      bool          // and what it runs is no operation yet

	// Guarded by the mutex of its lane, and while it is idle by those of all.
	lane        *lane // in which it is idle, or from which it was taken
	holds       body  // what has it, nil while it is idle
	incarnation int
	attempts    uint64
	renewing    bool // waits for its fresh incarnation
	left        bool // its attempt was left behind, and still runs
	retired     bool // to be stopped and not used again
	spare       bool // kept while an adaptive limit is lower
	extra       bool // lent to a nested operation, beyond the limit
}

var _ actors.Runner = (*worker)(nil)

// runInline has the actor run what has the worker on this goroutine. If the
// attempt has failed, the worker may be another's when this returns.
func (w *worker) runInline(brief bool) {
	w.inline, w.brief = true, brief
	w.ref.Run(&w.task)
}

// runApart has the actor run what has the worker on a goroutine other than the
// caller's.
func (w *worker) runApart() {
	w.inline, w.brief = false, false
	w.ref.Tell(&w.task)
}

// runThen is runApart for who can have it run later.
func (w *worker) runThen() (then func()) {
	w.inline, w.brief = false, false
	return w.ref.TellThen(&w.task)
}

// Run implements [actors.Runner].
func (w *worker) Run(state func() (actors.Worker, error)) error { return w.holds.run(w, state) }

// Succeeded implements [actors.Runner].
func (w *worker) Succeeded() (then func()) {
	if w.inline {
		return nil // its caller knows
	}
	op := w.holds.untyped()
	_, then = w.target.detachedSuccess(op, w, op.settlement(policies.Success, nil), op.lateOne(), nil)
	return then
}

// Failed implements [actors.Runner].
func (w *worker) Failed(err error, how actors.Ending) {
	w.holds.troubled()
	op := w.operation()
	op.came = cameToFail
	op.fail(err, how)
}

// Undelivered implements [actors.Runner].
func (w *worker) Undelivered() {
	op := w.holds.untyped()
	if w.inline {
		op.came = cameBack
		return
	}
	w.target.tell(&bounced{op: op, worker: w})
}

// operation is the one whose attempt has run, or runs on the calling goroutine.
func (w *worker) operation() *operation {
	op := w.holds.untyped()
	if w.brief {
		op.worker, op.generation, op.began, op.attempt = w, w.generation, w.began, 1
	}
	return op
}
