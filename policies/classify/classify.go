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
	return classify(err, caller, now, &rules, look(err))
}

// classify does the six steps. Each is left out where in, the survey of err,
// holds nothing that it could find.
func classify(err, caller error, now time.Time, rules *Rules, in survey) Verdict {
	found := lookUp(err, in)                   // 1. the tables
	v := ownWord(found, err, now, in)          // 2. what the error says of itself
	tripped := rules.apply(&v, found, err, in) // 3. the target's lists
	callerDone(&v, err, caller, in)            // 4. the caller's context
	ownOutcome(&v, err, in)                    // 5. the outcome that the error names
	permanent(&v, err, tripped, in)            // 6. the permanent marker
	walled(&v, now)
	return v
}

// lookUp is step 1: the meaning of err by the tables alone.
func lookUp(err error, in survey) Verdict {
	v := byTables(err, in)
	v.Ambiguous = v.Ambiguous || in.holds(joined) && joinedAfterSend(err)
	return v
}

// byTables is what the first table says that knows err.
func byTables(err error, in survey) Verdict {
	for _, t := range answerTables {
		if in.holds(t.about) {
			if name, m, ok := t.find(err, in); ok {
				return verdict(name, m)
			}
		}
	}
	if in.holds(cancellations) && errors.Is(err, context.Canceled) {
		return verdict(Canceled, meanings[Canceled])
	}
	if name := firstOf(beforeSend, err, in); name != "" {
		m := meanings[name]
		m.ambiguous = false
		return verdict(name, m)
	}
	if name := firstOf(afterSend, err, in); name != "" {
		return verdict(name, meanings[name])
	}
	return verdict(Unknown, unknown)
}

func verdict(name string, m meaning) Verdict {
	return Verdict{Condition: name, Outcome: m.outcome, Retryable: m.retryable, Ambiguous: m.ambiguous}
}

// ownWord is step 2.
func ownWord(v Verdict, err error, now time.Time, in survey) Verdict {
	if in.holds(speakers | answers) {
		explicit(&v, err)
	}
	v.Unsafe = in.holds(answers|urls) && unsafe(err)
	if in.holds(noEffects|safes) && hadNoEffect(v, err) {
		v.Ambiguous = false
	}
	v.Delay, v.HasDelay = serverDelay(err, now, in)
	wall(&v, err, in)
	return v
}

// callerDone is step 4. What the lists said of an error that is the context's
// own end does not hold: it is the caller's, not the target's.
func callerDone(v *Verdict, err, caller error, in survey) {
	if caller == nil {
		return
	}
	over := in.holds(cancellations|deadlines) && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) ||
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
func ownOutcome(v *Verdict, err error, in survey) {
	if outcome, ok := namedOutcome(err, in); ok && v.Condition != ExternalWall {
		v.Outcome = outcome
	}
	if in.holds(ignores) && isType[*ignoreMark](err) {
		v.Outcome = policies.Ignored
	}
}

// namedOutcome is the outcome that an error names for itself.
func namedOutcome(err error, in survey) (policies.Outcome, bool) {
	if !in.holds(judges) {
		return 0, false
	}
	j, ok := errors.AsType[judge](err)
	if !ok {
		return 0, false
	}
	return j.BreakerOutcome(), true
}

// permanent is step 6. It comes last because it builds on the outcome that the
// other steps found; tripped says that trip_on has a say in it.
func permanent(v *Verdict, err error, tripped bool, in survey) {
	v.Err = err
	if !in.holds(permanents) || !isType[*backoff.PermanentError](err) {
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
