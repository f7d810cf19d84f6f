package supervisor

import (
	"errors"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// withdraw ends an operation whose caller has gone. An inline operation that
// is running can't be left behind; it ends where the supervisor meets it next.
func (a *targetActor) withdraw(m *withdraw) {
	op := m.op
	c := op.trouble()
	if op.isConcluded() {
		return
	}
	if c.place == nowhere {
		if !op.inline {
			a.giveUp(op, m.cause)
		} else {
			op.specially().gone = m.cause
		}
		return
	}
	foremost := a.foremost == op
	a.leave(op)
	a.giveUp(op, m.cause)
	if foremost {
		a.releaseParked()
	}
}

// giveUp ends an operation on behalf of its caller's context, which is done,
// so that nothing watches it any more.
func (a *targetActor) giveUp(op *operation, cause error) {
	attempts, first := op.claim()
	switch {
	case !first:
	case attempts == 0:
		op.deliver(a.rejected(&gaveUpError{cause}), 0)
	default:
		a.failed(op, &ExhaustedError{Target: a.name, Operation: op.id(), Attempts: attempts, Waited: op.course.waited,
			Reason: retry.CallerGone, Err: op.course.last, Cause: cause}, attempts)
	}
}

// expire ends an operation whose time is over while it stands in a line.
func (a *targetActor) expire(op *operation) {
	switch {
	case !op.course.elapses:
		a.reject(op, ErrQueueWait)
	case op.course.failures == 0:
		a.reject(op, ErrMaxElapsed)
	default:
		a.end(op, a.exhausted(op, retry.MaxElapsed, nil))
	}
}

// reject refuses an operation that has not run, and ends one that has.
func (a *targetActor) reject(op *operation, reason error) {
	if op.isConcluded() {
		return
	}
	if op.course == nil || op.course.failures == 0 {
		a.sheds(reason)
		a.refuse(op, reason)
		return
	}
	why := ReasonOverloaded
	switch reason {
	case ErrShutdown:
		why = ReasonShutdown
	case ErrTargetStopped:
		why = ReasonTargetStopped
	}
	if errors.Is(reason, ErrRateLimited) {
		why = ReasonRateLimited
	}
	a.end(op, a.exhausted(op, why, reason))
}

// end is the failure of an operation that ran.
func (a *targetActor) end(op *operation, err error) {
	if _, first := op.claim(); !first {
		return
	}
	a.failed(op, err, int(op.course.failures))
	op.unwatch()
}

// failed tells of a failure that was claimed.
func (a *targetActor) failed(op *operation, err error, attempts int) {
	a.counts.failed.Add(1)
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.OperationFailed{Header: a.header(), Operation: op.id(), Attempts: attempts, Err: err})
	}
	op.deliver(err, attempts)
}

// final is the error for an operation that gets no further attempt.
func (a *targetActor) final(op *operation, reason retry.Reason) error {
	c := op.course
	switch reason {
	case retry.NotRetryable, retry.Disabled:
		return c.failure.verdict.Err
	case retry.CallerGone:
		if c.failures == 1 || c.callerDied() {
			return c.failure.verdict.Err
		}
		return a.exhausted(op, reason, op.gone())
	case retry.BudgetExhausted:
		return a.exhausted(op, reason, ErrRetryBudget)
	case retry.Unlikely:
		return a.exhausted(op, reason, c.failure.unlikely)
	case retry.BreakerOpen:
		if refusal := a.breaker.View().Refusal; refusal != nil {
			return a.exhausted(op, reason, refusal)
		}
	}
	return a.exhausted(op, reason, nil)
}

func (a *targetActor) exhausted(op *operation, reason retry.Reason, cause error) error {
	c := op.course
	return &ExhaustedError{Target: a.name, Operation: op.id(), Attempts: int(c.failures), Waited: c.waited,
		Reason: reason, Err: c.last, Cause: cause}
}
