package supervisor

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// watched is an attempt apart from its operation, so that the operation can
// leave it behind. It is what the worker is sent, and the context of the
// function.
//
// Its end is raced for, by the function that returns and the supervisor that
// leaves it behind; whoever changes phase first has it.
type watched struct {
	actors.Task     // its Runner is the attempt itself
	context.Context // set when it begins
	failure         // set before it ends as failed

	op     *operation
	worker *worker
	permit breaker.Permit
	hedge  bool            // it began beside another
	timed  bool            // the breaker wants to know how long it ran
	late   *lateSettlement // nil unless its success is settled later
	began  time.Duration   // since the supervisor's epoch

	number int // of the attempt, from 1
	cost   cost
	phase  atomic.Int32
	keep   func() // gives the operation the value of the success
	cancel context.CancelFunc
	clock  *time.Timer // ends it at attempt_timeout
	// hedgeClock has another attempt begin beside it.
	hedgeClock *time.Timer

	// For the supervisor: it has failed; and of one that was left behind.
	failed, counted, returned bool
}

// The phases of a watched attempt.
const (
	attempting int32 = iota
	attemptEnded
	attemptAbandoned
)

// watch makes the attempt for which op has just been admitted.
func (op *operation) watch() *watched {
	op.specially().inFlight++
	w := &watched{op: op, worker: op.worker, permit: op.permit(), timed: op.began > 0, hedge: op.inFlight() > 1}
	w.Runner = w
	return w
}

// Run implements [actors.Runner].
func (w *watched) Run(state func() (actors.Worker, error)) (err error) {
	if w.number = w.op.claimAttempt(w.permit.Generation); w.number == 0 {
		return errNotBegun
	}
	if w.number == 1 {
		w.op.policy.budget.called()
	}
	w.op.target.sup.trace(w.op, w.number)
	w.began = w.op.target.sup.since()
	w.Context, w.cancel = w.bounded()
	defer w.cancel() // a function that panics, too, leaves nothing behind
	if w.op.policy.chaos {
		if err := w.op.inject(w, w.number); err != nil {
			return err
		}
	}
	w.keep, err = w.op.body.(apartBody).try(w, state)
	return err
}

// bounded gives the attempt's context, and starts its clock.
func (w *watched) bounded() (context.Context, context.CancelFunc) {
	of := w.op.caller()
	if racing := w.op.course.special.racing; racing != nil {
		of = racing
		w.startHedgeClock()
	}
	limit := w.op.policy.Retry.AttemptTimeout
	if limit == 0 {
		return context.WithCancel(of)
	}
	timeout := &AttemptTimeoutError{Target: w.op.target.name, Timeout: limit}
	ctx, cancel := context.WithTimeoutCause(of, limit, timeout)
	w.clock = time.AfterFunc(limit, func() {
		<-ctx.Done() // whose own clock may be the later of the two
		w.overdue(timeout)
	})
	return ctx, cancel
}

// overdue leaves the attempt behind. What that means is found out here, on the
// clock's goroutine, because conditions may be the user's code.
func (w *watched) overdue(timeout error) {
	w.fails(timeout, actors.Returned, attemptAbandoned, func() {
		if w.hedgeClock != nil {
			w.hedgeClock.Stop()
		}
		w.op.target.tell(&overdue{attempt: w})
	})
}

// fails ends the attempt with an error, if it has not ended before, and then
// calls then.
func (w *watched) fails(err error, how actors.Ending, as int32, then func()) {
	var f failure
	mine := false
	defer func() { // even if looking at the error ended this goroutine
		if mine || w.ends(as) {
			w.failure = f
			then()
		}
	}()
	w.op.examine(&f, err, how, func() bool {
		mine = w.ends(as)
		return mine
	})
}

func (w *watched) ends(as int32) bool { return w.phase.CompareAndSwap(attempting, as) }

// stopClocks is for an attempt that has ended by itself.
func (w *watched) stopClocks() {
	if w.clock != nil {
		w.clock.Stop()
	}
	if w.hedgeClock != nil {
		w.hedgeClock.Stop()
	}
}

// Succeeded implements [actors.Runner].
func (w *watched) Succeeded() (then func()) {
	if !w.ends(attemptEnded) {
		w.op.target.tell(&lateReturn{attempt: w})
		return nil
	}
	w.stopClocks()
	t := w.op.target
	t.seldom().delays.took(w.op.policy.Hedge, t.sup.since()-w.began)
	first, then := t.detachedSuccess(w.op, w.worker, w.settlement(policies.Success, nil), w.late, w.keep)
	if first && w.hedge {
		t.seldom().hedgesWon.Add(1)
	}
	return then
}

// Failed implements [actors.Runner].
func (w *watched) Failed(err error, how actors.Ending) {
	w.stopClocks()
	judged, told := err, err
	var inner *failure // what err says by itself, if it is the end of an operation within
	understood := false
	defer func() {
		if !understood { // a method of the error panicked, or ended this goroutine
			_ = recover()
			judged, told, inner = err, err, nil
		}
		w.fails(judged, how, attemptEnded, func() {
			if inner != nil {
				w.err, w.verdict.Err = told, told
				w.verdict.Unsafe = inner.verdict.Unsafe
			}
			if w.Context != nil && context.Cause(w.Context) == ErrHedgeLost {
				w.verdict.Outcome = policies.Ignored // it was we who ended it
			}
		})
	}()
	if timeout := w.timedOut(err); timeout != nil {
		judged, told = timeout, timeout
		if endsInner(err) {
			// What an inner operation says is that its caller, this attempt, had
			// no time left. Whether it may run again is another matter.
			judged = &AttemptTimeoutError{Target: timeout.Target, Timeout: timeout.Timeout}
			inner = &failure{}
			w.op.examine(inner, err, how, func() bool { return false })
		}
	}
	understood = true
}

// timedOut says of an error that came of the attempt's own deadline what it
// came of. It gives nil for any other.
func (w *watched) timedOut(err error) *AttemptTimeoutError {
	if w.Context == nil || !errors.Is(err, w.Context.Err()) {
		return nil // also if nothing was begun
	}
	timeout, ok := context.Cause(w.Context).(*AttemptTimeoutError)
	if !ok {
		return nil
	}
	return &AttemptTimeoutError{Target: timeout.Target, Timeout: timeout.Timeout, Err: err}
}

// endsInner says whether err is the end of an operation within the attempt.
func endsInner(err error) bool {
	var exhausted *ExhaustedError
	var fellBack *FallbackError
	var rejected *RejectedError
	return errors.As(err, &exhausted) || errors.As(err, &fellBack) || errors.As(err, &rejected)
}

// Undelivered implements [actors.Runner].
func (w *watched) Undelivered() { w.op.target.tell(&bounced{op: w.op, worker: w.worker, attempt: w}) }

// settlement is the end of the attempt as the breaker is told it.
func (w *watched) settlement(outcome policies.Outcome, err error) actors.Settlement {
	s := actors.Settlement{Permit: w.permit, Outcome: outcome, Err: err}
	if w.timed {
		s.Ran = w.op.target.sup.since() - w.began
	}
	s.Cost = w.op.target.closed(&w.cost, outcome)
	return s
}

// Value implements [context.Context].
func (w *watched) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return w
	}
	return w.Context.Value(key)
}

// String keeps whoever prints a context from reading the attempt.
func (w *watched) String() string { return w.op.String() }
