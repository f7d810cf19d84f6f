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
type course struct {
	failure            // of the last attempt
	accepted time.Time // zero unless the policy bounds the elapsed time
	backOff  backoff.BackOff

	later    *laterAttempt   // the context of the last attempt, nil for the first
	late     *lateSettlement // of the first attempt
	permit   breaker.Permit  // of a probe
	place    place
	parked   bool           // stood in the park line before
	failures int            // attempts that failed, as the supervisor knows it
	last     error          // the error of the latest of them
	unlikely *UnlikelyError // why there is no further attempt, if that is it
	previous time.Duration  // the last wait
	waited   time.Duration  // the sum of them
	due      time.Time      // end of the current backoff, or of its patience in a line
	patience error          // what to say at the end of the latter
	index    int            // in the backoff heap
	prev     *operation     // in the line it stands in
	next     *operation

	// Of an operation whose attempts run apart from it.
	inFlight int // attempts that were sent to a worker and have not failed
	hedged   int // of all attempts, the ones begun beside another
	racing   context.Context
	endRace  context.CancelCauseFunc

	lender   *operation // whose attempt it runs within, nil if it doesn't
	priority Priority

	wake    chan *worker // to an inline caller: a worker, or nil for the outcome
	outcome error
	stop    func() bool // ends the watch over a detached caller's context
}

// failure is the end of an attempt that did not succeed.
type failure struct {
	err        error
	verdict    classify.Verdict
	ownWait    *time.Duration // what the caller's own back-off says
	deadline   time.Time      // the caller's
	gone       error          // why the caller has left, nil while it waits
	crashed    bool           // the attempt panicked or ended its goroutine
	callerDied bool           // and that was the caller's
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
	if op.course == nil {
		op.course = &course{index: -1}
		if op.inline {
			op.course.wake = make(chan *worker, 1)
		}
	}
	return op.course
}

// fail notes how an attempt within the operation has failed.
func (op *operation) fail(err error, how actors.Ending) {
	op.examine(&op.trouble().failure, err, how, func() bool { return true })
}

// examine says what the error of an attempt means. That is found out on the
// goroutine of the attempt, and not on the supervisor: errors.Is and errors.As
// call methods that are the user's. Only an attempt that is still the
// operation's asks the caller's own back-off.
func (op *operation) examine(f *failure, err error, how actors.Ending, still func() bool) {
	crashed := how != actors.Returned
	unknown := classify.Verdict{Outcome: policies.Failure, Condition: classify.Unknown, Err: err}
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
	f.deadline, _ = op.caller().Deadline()
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
	c := op.course
	if c.backOff == nil {
		c.backOff = op.options.backOff()
		if c.backOff == nil {
			return nil
		}
		c.backOff.Reset()
	}
	wait := c.backOff.NextBackOff()
	return &wait
}
