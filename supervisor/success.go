package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// briefSuccess ends what went well and has been no operation.
func (t *Target) briefSuccess(policy *resolved, w *worker) {
	t.observe(policy, 1, true)
	view, ran := t.breaker.View(), time.Duration(0)
	if view.Timed && w.began > 0 {
		ran = t.sup.since() - w.began
	}
	waits := t.mayWait(view, w.generation, ran)
	if !waits {
		t.settle(nil, actors.Settlement{Permit: breaker.Permit{Generation: w.generation}, Outcome: policies.Success, Ran: ran})
	}
	if policy.Pool.Adaptive {
		t.measure(w.began, false)
	}
	if t.putSuccess(w, view, true, waits) {
		t.takeIn()
	}
}

// mayWait says whether the breaker need not be told of a success now. What is slow
// is for the policy in force to say, as the breaker would.
func (t *Target) mayWait(view *actors.View, generation uint64, ran time.Duration) bool {
	return view.Quiet && view.Generation == generation && !(view.Timed && ran >= t.policy.Load().Breaker.SlowCallDuration)
}

// settle tells the breaker of an inline operation's success, and returns when that
// has taken effect. course is nil for one that has none.
func (t *Target) settle(course *course, s actors.Settlement) {
	if course != nil {
		t.breaker.Settle(s, course.waiter)
		course.waiter.wait(nil)
		return
	}
	taken := make(takenIn)
	t.breaker.Settle(s, taken)
	<-taken
}

// takeIn is the same for a success that was to wait, and has come to matter.
func (t *Target) takeIn() {
	taken := make(takenIn)
	t.breaker.TakeIn(taken)
	<-taken
}

// takenIn is closed when a settlement has taken effect.
type takenIn chan struct{}

// Settled implements [actors.Settler].
func (t takenIn) Settled() { close(t) }

// putSuccess puts a worker back after a success, which is the outcome of its
// operation if first is true. If it waits, the breaker will ask the pool for it.
// matters says that it has come to matter meanwhile, and the breaker has to ask now.
func (t *Target) putSuccess(w *worker, view *actors.View, first, waits bool) (matters bool) {
	generation := view.Generation
	if !waits || view.State == breaker.Disabled {
		generation = 0
	}
	r, asks := t.pool.putSuccess(w, first, generation, generation > 0 && t.policy.Load().windowed)
	if asks {
		t.breaker.Untold()
	}
	t.afterPut(w, r)
	now := t.breaker.View()
	return waits && !now.Quiet && now.Generation == view.Generation
}

// inlineSuccess ends an operation that went well. The next call of this caller
// sees the effect of its outcome.
func (t *Target) inlineSuccess(op *operation, w *worker) {
	t.observe(op.policy, int(op.attempt), true)
	end := op.settlement(policies.Success, nil)
	late := op.lateOne()
	later := late != nil && late.accept(end)
	view := t.breaker.View()
	waits := t.mayWait(view, op.generation, end.Ran)
	if !later && !waits {
		t.settle(op.course, end)
	}
	if op.policy.Pool.Adaptive {
		t.measure(op.began, false)
	}
	if t.putSuccess(w, view, true, waits && !later) {
		t.takeIn()
	}
}

// detachedSuccess is the same on a worker's goroutine. keep, if not nil, gives
// the operation its value. Whoever waits for the outcome gets it when
// everything else has happened. late, if not nil, may be who tells the breaker;
// see [SettleLater]. It reports whether the success is the outcome, and what is
// left to be done by somebody whom nobody waits for.
func (t *Target) detachedSuccess(op *operation, w *worker, end actors.Settlement, late *lateSettlement, keep func()) (first bool, then func()) {
	later := late != nil && late.accept(end)
	var attempts int
	if attempts, first = op.claim(); first {
		t.observe(op.policy, attempts, true)
	}
	if first && keep != nil {
		keep()
		op.decided()
	}
	view := t.breaker.View()
	waits := t.mayWait(view, end.Permit.Generation, end.Ran)
	if op.policy.Pool.Adaptive {
		t.measure(t.sup.since()-end.Ran, false)
	}
	matters := t.putSuccess(w, view, first, waits && !later)
	op.unwatch()
	switch {
	case matters:
		t.breaker.TakeIn(&delivery{op: op, first: first, attempts: attempts})
	case !waits && !later:
		t.breaker.Settle(end, &delivery{op: op, first: first, attempts: attempts})
	case first:
		op.decided()
		then = op.body.ended(nil, attempts)
	}
	return first, then
}
