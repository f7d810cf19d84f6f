package supervisor

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// course is the part of an operation that only one that meets trouble needs.
// There may be a million of them that wait, so it holds what every one of these
// needs: times as readings of the supervisor's clock, what few need behind a
// pointer, and the whole truth about a failure only until it is decided on.
type course struct {
	failure  *failure // of the last attempt, nil once another is scheduled
	special  *special
	later    *laterAttempt // the context of the last attempt, nil for the first
	last     error         // the error of the latest attempt that failed
	failures int32         // attempts that failed, as the supervisor knows it

	place    place
	parked   bool // stood in the park line before
	elapses  bool // what ends its patience in a line is max_elapsed
	priority Priority
	lender   *operation // whose attempt it runs within, nil if it doesn't
	prev     *operation // in the line it stands in
	next     *operation

	accepted time.Duration // kept only if the policy bounds the elapsed time
	deadline time.Duration // the caller's, zero for none
	previous time.Duration // the last wait
	waited   time.Duration // the sum of them

	waiter *waiter     // of an inline operation, nil for any other
	stop   func() bool // ends the watch over a detached caller's context
}

// special is the part of a course that few need.
type special struct {
	gone    error           // why the caller has left, nil while it waits
	backOff backoff.BackOff // the caller's own
	late    *lateSettlement // of the first attempt
	permit  breaker.Permit  // of a probe, or of an attempt on a ramp

	// Of an operation whose attempts run apart from it.
	inFlight int // attempts that were sent to a worker and have not failed
	hedged   int // of all attempts, the ones begun beside another
	racing   context.Context
	endRace  context.CancelCauseFunc
}

// failure is the end of an attempt that did not succeed.
type failure struct {
	err        error
	verdict    classify.Verdict
	ownWait    *time.Duration // what the caller's own back-off says
	gone       error          // why the caller had left by then, nil if it had not
	crashed    bool           // the attempt panicked or ended its goroutine
	callerDied bool           // and that was the caller's
	unlikely   *UnlikelyError // why there is no further attempt, if that is it
}

// tell has the breaker remember what it may open for, and until when.
func (f *failure) tell(s *actors.Settlement) {
	switch f.verdict.Outcome {
	case policies.Failure:
		s.Err = f.err
	case policies.Walled:
		s.Err, s.WallUntil = f.err, f.verdict.WallUntil
	}
}

// place says where the supervisor keeps an operation.
type place uint8

const (
	nowhere   place = iota // running, or on its way
	inBackoff              // parked until its wait is over
	inPark                 // parked until the breaker lets calls through
	inQueue                // waits for a worker
	asking                 // waits for a half-open breaker's leave
)

// trouble gives the operation's course, which it makes when it is needed first.
func (op *operation) trouble() *course {
	switch {
	case op.course != nil:
	case op.inline:
		c := &struct {
			course
			waiter waiter
		}{}
		c.course.waiter = &c.waiter
		op.course = &c.course
	default:
		op.course = &course{}
	}
	return op.course
}

// forgive drops what is known of the last failure, for there is another attempt.
func (op *operation) forgive() {
	c := op.course
	*c.failure = failure{}
	op.target.sup.failures.Put(c.failure)
	c.failure = nil
}

// specially gives the special part of the operation's course, which it makes
// when it is needed first.
func (op *operation) specially() *special {
	c := op.trouble()
	if c.special == nil {
		c.special = &special{}
	}
	return c.special
}

// inFlight is how many attempts apart from the operation have not failed.
func (op *operation) inFlight() int {
	if c := op.course; c != nil && c.special != nil {
		return c.special.inFlight
	}
	return 0
}

// gone is why the caller has left, nil while it waits.
func (op *operation) gone() error {
	if c := op.course; c != nil && c.special != nil {
		return c.special.gone
	}
	return nil
}

// callerDied says whether the caller's goroutine ended with the last attempt.
func (c *course) callerDied() bool { return c.failure != nil && c.failure.callerDied }

// deadline is that of the caller's context.
func (op *operation) deadline() time.Duration {
	at, ok := op.caller().Deadline()
	if !ok {
		return 0
	}
	return op.target.sup.readingOf(at)
}

// fail notes how an attempt within the operation has failed.
func (op *operation) fail(err error, how actors.Ending) {
	f := op.target.sup.failures.Get().(*failure)
	op.trouble().failure = f
	op.examine(f, err, how, func() bool { return true })
}

// examine says what the error of an attempt means. That is found out on the
// goroutine of the attempt, and not on the supervisor: errors.Is and errors.As
// call methods that are the user's. Only an attempt that is still the
// operation's asks the caller's own back-off.
func (op *operation) examine(f *failure, err error, how actors.Ending, still func() bool) {
	crashed := how != actors.Returned
	unknown := classify.Verdict{Outcome: policies.Failure, Condition: classify.Unknown, Err: err, Unsafe: op.options.unsafe}
	*f = failure{err: err, verdict: unknown, crashed: crashed, callerDied: op.inline && how == actors.Exited}
	understood := false
	defer func() {
		if understood {
			return
		}
		// A method of the error panicked, or ended this goroutine.
		if recover() == nil {
			f.callerDied = op.inline
		}
		f.verdict = unknown
		f.verdict.Retryable, f.verdict.Ambiguous = crashed, crashed
	}()
	if !op.apart() {
		op.introduced() // first, as the failure may be all that can be understood
	}
	f.gone = context.Cause(op.caller())
	verdict := classify.Classify(err, op.caller().Err(), time.Now(), op.policy.rules)
	verdict.Unsafe = verdict.Unsafe || op.options.unsafe
	if still() && verdict.Retryable && op.options.backOff != nil {
		f.ownWait = op.ownWait()
	}
	f.verdict = verdict
	understood = true
}

// ownWait asks the caller's own back-off for the next wait.
func (op *operation) ownWait() *time.Duration {
	s := op.specially()
	if s.backOff == nil {
		s.backOff = op.options.backOff()
		if s.backOff == nil {
			return nil
		}
		s.backOff.Reset()
	}
	wait := s.backOff.NextBackOff()
	return &wait
}
