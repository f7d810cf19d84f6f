package supervisor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// SettleLater is for a function that returns as soon as it has something to
// show and may fail afterwards, such as one that opens a stream. Called within
// an attempt, with its context, it keeps the success of that attempt from the
// breaker, and gives the function that tells it how things ended: nil for
// well, or an error, which counts as it would have counted as an attempt's,
// with what the attempt has cost by then.
//
// The operation has its outcome when the function returns, and nothing that is
// settled later changes it or is retried. A late failure counts towards the
// breaker's rules and is published as an [actors.LateFailure]. It is stale, and
// changes nothing, if the breaker has changed its state since the attempt was
// let through. What is never settled counts for nobody.
//
// A probe of a half-open breaker, and an attempt that has a place on its ramp,
// is judged when it returns, as always: others wait for the slot, which is not
// to be held by what a reader does. What it settles later is only published.
//
// An attempt is settled once: SettleLater may be called again, but of all calls
// of settle the first counts. It does nothing for an attempt that did not
// succeed, or was left behind at its timeout: that has been counted already.
// settle may be called from any goroutine, SettleLater from that of the attempt
// alone. settle is nil if ctx does not come from an attempt.
func SettleLater(ctx context.Context) (settle func(error)) {
	op, number := attemptOf(ctx)
	if op == nil {
		return nil
	}
	var late **lateSettlement
	account := &op.cost
	switch c := ctx.Value(attemptKey{}).(type) {
	case *operation:
		late = &c.specially().late
	case *laterAttempt:
		late, account = &c.late, &c.cost
	case *watched:
		late, account = &c.late, &c.cost
	case body: // a call
		late = &op.specially().late
	}
	if *late == nil {
		*late = &lateSettlement{account: account, target: op.target, policy: op.policy, operation: op.id(), attempt: number}
	}
	return (*late).settle
}

// lateOne is what settles the last attempt later, if it ran within the
// operation, and nil if nothing does.
func (op *operation) lateOne() *lateSettlement {
	switch c := op.course; {
	case c == nil:
		return nil
	case c.later != nil:
		return c.later.late
	case c.special == nil:
		return nil
	default:
		return c.special.late
	}
}

// lateSettlement settles one attempt after it has succeeded. Of its operation,
// which has ended by then, it has copies of what it needs.
type lateSettlement struct {
	actors.Settlement // as of the attempt's success
	account           *cost
	target            *Target
	policy            *resolved
	operation         string
	attempt           int
	once              sync.Once
	err               error
	verdict           classify.Verdict
	// met counts that the attempt has succeeded, and that it is settled, which
	// a reader on a goroutine of its own may be the quicker to say.
	met atomic.Int32
}

// accept is told that the attempt has succeeded. It is true if nobody else is
// to tell the breaker so.
func (l *lateSettlement) accept(s actors.Settlement) bool {
	l.Settlement = s
	if l.met.Add(1) == 2 {
		l.take()
	}
	return !l.Permit.Holds()
}

func (l *lateSettlement) settle(err error) {
	l.once.Do(func() {
		l.err, l.verdict = err, classify.Classify(err, nil, time.Now(), l.policy.rules)
		if l.met.Add(1) == 2 {
			l.take()
		}
	})
}

// take has the end count.
func (l *lateSettlement) take() {
	l.Outcome = l.verdict.Outcome
	l.Cost = l.target.closed(l.account, l.Outcome)
	f := failure{err: l.err, verdict: l.verdict}
	f.tell(&l.Settlement)
	if l.err != nil {
		l.tell(l.verdict)
	}
	if !l.Permit.Holds() {
		l.target.breaker.Settle(l.Settlement, nil)
	}
}

func (l *lateSettlement) tell(v classify.Verdict) {
	t := l.target
	if v.Outcome == policies.Failure {
		t.seldom().lateFailures.Add(1)
	}
	if t.sup.bus.Active() {
		t.sup.bus.Publish(actors.LateFailure{Header: actors.Header{Target: t.name, At: time.Now()},
			Operation: l.operation, Attempt: l.attempt, Err: v.Err, Outcome: v.Outcome, Condition: v.Condition})
	}
}
