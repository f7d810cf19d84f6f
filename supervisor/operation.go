package supervisor

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// body is what an operation is part of: its typed half, and all of it that
// concerns the caller. It is what has a worker.
type body interface {
	// run does one attempt on a worker. state is nil for a target without
	// stateful workers.
	run(w *worker, state func() (actors.Worker, error)) error
	// untyped is the operation, which is made if there is none yet.
	untyped() *operation
	// troubled is the same for one that is about to need its course.
	troubled() *operation
	// ended is called once, when a detached operation has its outcome. What it
	// returns, if it is not nil, may block and is to be called by somebody whom
	// nobody waits for.
	ended(err error, attempts int) (then func())
}

// apartBody is the body of an operation whose attempts can be left behind.
type apartBody interface {
	body
	// try does one attempt apart from the operation. keep, which is nil if the
	// attempt failed, gives the operation the attempt's value.
	try(ctx context.Context, state func() (actors.Worker, error)) (keep func(), err error)
}

// operation is one unit of work on its way to its one outcome. It is also the
// context of its first attempt.
//
// It has one owner at a time: the goroutine that makes it, the worker that
// runs it, or its target's supervisor. Each hands it on by a message, so its
// plain fields need no lock. Only phase is raced for, by an attempt that
// begins or succeeds and a caller who leaves.
type operation struct {
	context.Context // the caller's

	body    body
	target  *Target
	policy  *resolved // in force when the operation was accepted
	options *callOptions
	worker  *worker
	// generation is that of the breaker when it let the attempt through.
	generation uint64
	// began is when the attempt started, since the supervisor's epoch. It is
	// taken only for a breaker that counts slow calls and an adaptive pool.
	began  time.Duration
	serial atomic.Uint64 // see id
	cost   cost          // of the first attempt
	// course is nil as long as all goes well.
	course *course

	attempt int32 // the number of the current or last attempt
	// phase is concluded, or for a detached operation the number of attempts
	// that were begun.
	phase atomic.Int32
	// slot is the operation's place in the backoff heap, from 1, and 0 while it
	// is not there. The supervisor owns it.
	slot   int32
	inline bool // its attempts run on its caller's goroutine
	came   came // and what became of the latest, for that goroutine
}

// came is what became of an attempt.
type came uint8

const (
	cameToSucceed came = iota
	cameToFail
	cameBack // the worker had stopped
)

// start makes the operation ready to be run.
func (op *operation) start(b body, t *Target, ctx context.Context, policy *resolved, options *callOptions, inline bool) {
	op.body = b
	op.inline = inline
	op.Context = ctx
	op.target = t
	op.policy = policy
	op.options = options
	if op.policy.Retry.MaxElapsed > 0 {
		op.trouble().accepted = t.sup.reading()
	}
}

func (op *operation) untyped() *operation { return op }

func (op *operation) troubled() *operation { return op }

// caller is the context the caller gave.
func (op *operation) caller() context.Context { return op.Context }

// id names the operation. Most are never asked, so it is drawn on demand.
func (op *operation) id() string {
	n := op.serial.Load()
	for n == 0 {
		op.serial.CompareAndSwap(0, op.target.sup.serial.Add(1))
		n = op.serial.Load()
	}
	return op.target.sup.operationID(n)
}

func (op *operation) parks() bool {
	if op.options.whenOpen != "" {
		return op.options.whenOpen == policies.Park
	}
	return op.policy.Retry.WhenOpen == policies.Park
}

const concluded = -1

// errNotBegun is the error of an attempt that was not begun, because the
// operation had got its outcome or the breaker had moved on by the time that a
// goroutine was there to run it.
var errNotBegun = classify.Ignore(errors.New("the attempt was not begun"))

// begin starts an attempt and gives its context, or the error of one that is
// not to be made.
func (op *operation) begin() (context.Context, error) {
	if !op.inline && op.claimAttempt(op.generation) == 0 {
		return nil, errNotBegun
	}
	op.attempt++
	op.target.sup.trace(op, int(op.attempt))
	var ctx context.Context = op
	if op.attempt > 1 {
		// A context of its own, because the function may have kept the one of an
		// earlier attempt.
		ctx = op.laterContext()
	} else {
		op.policy.budget.called()
	}
	if op.policy.chaos {
		return ctx, op.inject(ctx, int(op.attempt))
	}
	return ctx, nil
}

// claimAttempt begins a detached attempt that was let through in the given
// generation, and gives its number. It is 0 if there is to be none: what is
// concluded as never run does not run.
func (op *operation) claimAttempt(generation uint64) (number int) {
	if op.target.breaker.View().Generation != generation {
		return 0
	}
	for {
		n := op.phase.Load()
		if n == concluded {
			return 0
		}
		if op.phase.CompareAndSwap(n, n+1) {
			return int(n + 1)
		}
	}
}

// isConcluded says whether the operation has its outcome.
func (op *operation) isConcluded() bool { return op.phase.Load() == concluded }

// admitted makes the operation ready for the worker.
func (op *operation) admitted(w *worker, permit breaker.Permit, view *actors.View) {
	op.worker = w
	op.generation = permit.Generation
	op.holds(permit)
	op.began = 0
	if view.Timed || op.policy.Pool.Adaptive {
		op.began = op.target.sup.since()
	}
}

// apart says whether the operation's attempts have a state of their own.
func (op *operation) apart() bool { return op.policy.watched || op.hedges() }

// send sends a detached operation to the worker it was admitted for.
func (op *operation) send() {
	if op.apart() {
		op.worker.ref.Tell(&op.watch().Task)
		return
	}
	op.worker.runApart()
}

// holds keeps a permit that is to be given back.
func (op *operation) holds(permit breaker.Permit) {
	switch {
	case permit.Holds():
		op.specially().permit = permit
	case op.course != nil && op.course.special != nil:
		op.course.special.permit = breaker.Permit{}
	}
}

// permit is the breaker's leave for the attempt.
func (op *operation) permit() breaker.Permit {
	if c := op.course; c != nil && c.special != nil && c.special.permit.Holds() {
		return c.special.permit
	}
	return breaker.Permit{Generation: op.generation}
}

// settlement is the end of the attempt as the breaker is told it.
func (op *operation) settlement(outcome policies.Outcome, err error) actors.Settlement {
	s := actors.Settlement{Permit: op.permit(), Outcome: outcome, Err: err}
	if op.began > 0 {
		s.Ran = op.target.sup.since() - op.began
	}
	s.Cost = op.target.closed(op.account(), outcome)
	return s
}

// claim takes the right to give the operation its outcome, which only one
// gets, and says how many attempts were begun.
func (op *operation) claim() (attempts int, first bool) {
	n := op.phase.Swap(concluded)
	if n == concluded {
		return 0, false
	}
	if op.inline {
		n = op.attempt
	}
	return int(n), true
}

// delivery gives a detached operation's success to whoever waits for it, if it is
// the outcome, when the breaker has taken it in.
type delivery struct {
	op       *operation
	first    bool
	attempts int
}

// Settled implements [actors.Settler].
func (d *delivery) Settled() {
	if d.first {
		d.op.deliver(nil, d.attempts)
	}
}

// deliver gives the outcome to whoever waits for it. It follows a claim.
func (op *operation) deliver(err error, attempts int) {
	if !op.inline {
		op.decided()
		if then := op.body.ended(err, attempts); then != nil {
			go then()
		}
		return
	}
	c := op.trouble()
	c.waiter.outcome = err
	c.waiter.wake(nil) // which nobody reads if the caller's goroutine has ended
}
