package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// SettleLater is for a function that returns as soon as it has something to
// show and may fail afterwards, such as one that opens a stream. Called within
// an attempt, with its context, it keeps the success of that attempt from the
// breaker, and gives the function that tells it how things ended: nil for
// well, or an error, which counts as it would have counted as an attempt's.
//
// The operation has its outcome when the function returns, and nothing that is
// settled later changes it or is retried. A late failure counts towards the
// breaker's rules and is published as an [actors.LateFailure]. It is stale, and
// changes nothing, if the breaker has changed its state since the attempt was
// let through. What is never settled counts for nobody.
//
// A probe of a half-open breaker is judged when it returns, as always: its slot
// is not to be held by what a reader does. What it settles later is only
// published.
//
// settle may be called from any goroutine once the function has returned; calls
// after the first do nothing. It is nil if ctx does not come from an attempt.
// Call SettleLater last, when the attempt is sure to succeed: one that fails
// all the same has been counted by that and must not be settled again.
func SettleLater(ctx context.Context) (settle func(error)) {
	op, number := attemptOf(ctx)
	if op == nil {
		return nil
	}
	later, end := &op.later, op.settlement
	if w, ok := ctx.Value(attemptKey{}).(*watched); ok {
		later, end = &w.later, w.settlement
	}
	l := &lateSettlement{Settlement: end(policies.Success, nil), target: op.target, policy: op.policy, operation: op.id(), attempt: number}
	*later = !l.Permit.IsProbe()
	return l.settle
}

// lateSettlement has copies of what it needs of an operation, which has ended
// by the time that it is settled.
type lateSettlement struct {
	actors.Settlement
	target    *Target
	policy    *resolved
	operation string
	attempt   int
	once      sync.Once
}

func (l *lateSettlement) settle(err error) {
	l.once.Do(func() {
		verdict := classify.Classify(err, nil, time.Now(), l.policy.rules)
		l.Outcome = verdict.Outcome
		if l.Outcome == policies.Failure {
			l.Err = err
		}
		if err != nil {
			l.tell(verdict)
		}
		if !l.Permit.IsProbe() {
			l.target.breaker.Settle(l.Settlement, nil)
		}
	})
}

func (l *lateSettlement) tell(v classify.Verdict) {
	t := l.target
	if v.Outcome == policies.Failure {
		t.counts.lateFailures.Add(1)
	}
	if t.sup.bus.Active() {
		t.sup.bus.Publish(actors.LateFailure{Header: actors.Header{Target: t.name, At: time.Now()},
			Operation: l.operation, Attempt: l.attempt, Err: v.Err, Outcome: v.Outcome, Condition: v.Condition})
	}
}
