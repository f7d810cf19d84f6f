package classify

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
)

var errNoCause = errors.New("a backoff.PermanentError without a cause: pass the error itself to backoff.Permanent")

// Classify says what err, the end of one attempt, means.
//
// caller is the caller's own ctx.Err(): nil while it still waits. now is the
// base of delays that a server gave as a date. rules are the lists of the
// target's policy; the zero value changes nothing.
//
// The steps below go from what says least to what says most: a later one
// overrules an earlier one. The package's comment has them in words.
//
// With the caller gone nothing is retryable. A context error is then
// [CallerCanceled], which a breaker ignores, or [CallerDeadline], which it
// counts as a failure, so that calls that hang do open it. Any other error
// keeps its own outcome. While the caller waits, context.DeadlineExceeded is
// an attempt's own deadline: a failure that is worth another attempt.
//
// A permanent error whose cause is recognised, or named by trip_on, keeps that
// cause's outcome. Any other is ignored by the breaker: the caller says that
// repeating is useless, not that the target is ill.
//
// An error nothing is known about counts as a failure and is not retryable.
func Classify(err error, caller error, now time.Time, rules Rules) Verdict {
	if err == nil {
		return Verdict{Outcome: policies.Success}
	}
	found := lookUp(err)                   // 1. the tables
	v := ownWord(found, err, now)          // 2. what the error says of itself
	tripped := rules.apply(&v, found, err) // 3. the target's lists
	callerDone(&v, err, caller)            // 4. the caller's context
	ownOutcome(&v, err)                    // 5. the outcome that the error names
	permanent(&v, err, tripped)            // 6. the permanent marker
	walled(&v, now)
	return v
}

// lookUp is step 1: the meaning of err by the tables alone.
func lookUp(err error) Verdict {
	v := byTables(err)
	v.Ambiguous = v.Ambiguous || joinedAfterSend(err)
	return v
}

// byTables is what the first table says that knows err.
func byTables(err error) Verdict {
	for _, table := range []func(error) (string, meaning, bool){httpStatus, grpcStatus, database} {
		if name, m, ok := table(err); ok {
			return verdict(name, m)
		}
	}
	if errors.Is(err, context.Canceled) {
		return verdict(Canceled, meanings[Canceled])
	}
	if name, m, ok := beforeSend(err); ok {
		return verdict(name, m)
	}
	for _, table := range []func(error) string{files, afterSend, finished} {
		if name := table(err); name != "" {
			return verdict(name, meanings[name])
		}
	}
	return verdict(Unknown, unknown)
}

func verdict(name string, m meaning) Verdict {
	return Verdict{Condition: name, Outcome: m.outcome, Retryable: m.retryable, Ambiguous: m.ambiguous}
}

// ownWord is step 2.
func ownWord(v Verdict, err error, now time.Time) Verdict {
	explicit(&v, err)
	v.Unsafe = unsafe(err)
	if hadNoEffect(v, err) {
		v.Ambiguous = false
	}
	v.Delay, v.HasDelay = serverDelay(err, now)
	wall(&v, err)
	return v
}

// callerDone is step 4. What the lists said of an error that is the context's
// own end does not hold: it is the caller's, not the target's.
func callerDone(v *Verdict, err, caller error) {
	if caller == nil {
		return
	}
	over := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		v.Condition == grpcCanceled || v.Condition == grpcDeadline || v.Condition == sqlCanceled || v.Condition == SQLDone
	if over {
		v.Condition = CallerCanceled
		if errors.Is(caller, context.DeadlineExceeded) {
			v.Condition = CallerDeadline
		}
		v.Outcome = meanings[v.Condition].outcome
		v.Ambiguous = true
	}
	v.CallerGone = v.Retryable || over
	v.Retryable = false
}

// ownOutcome is step 5. The lists don't overrule it: an operation within this
// one has been counted by its own breaker, whatever error it reaches.
func ownOutcome(v *Verdict, err error) {
	if outcome, ok := namedOutcome(err); ok && v.Condition != ExternalWall {
		v.Outcome = outcome
	}
	if _, ok := errors.AsType[*ignoreMark](err); ok {
		v.Outcome = policies.Ignored
	}
}

// namedOutcome is the outcome that an error names for itself.
func namedOutcome(err error) (policies.Outcome, bool) {
	j, ok := errors.AsType[judge](err)
	if !ok {
		return 0, false
	}
	return j.BreakerOutcome(), true
}

// judge is an error that names its outcome.
type judge interface {
	error
	BreakerOutcome() policies.Outcome
}

// permanent is step 6. It comes last because it builds on the outcome that the
// other steps found; tripped says that trip_on has a say in it.
func permanent(v *Verdict, err error, tripped bool) {
	v.Err = err
	if _, ok := errors.AsType[*backoff.PermanentError](err); !ok {
		return
	}
	for p, ok := err.(*backoff.PermanentError); ok; p, ok = err.(*backoff.PermanentError) { //nolint:errorlint // only the top is taken off
		if p == nil || p.Err == nil {
			err = errNoCause
			break
		}
		err = p.Err
	}
	v.Err, v.Retryable, v.CallerGone = err, false, false
	if v.Condition == Unknown && !tripped {
		v.Outcome = policies.Ignored
	}
	if !lasting(v.Condition) {
		v.Condition = Permanent
	}
}
