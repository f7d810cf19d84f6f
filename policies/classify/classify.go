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
// base of delays that a server gave as a date. extra adds retryable
// conditions; its zero value adds none.
//
// With the caller gone nothing is retryable. A context error is then
// [CallerCanceled], which a breaker ignores, or [CallerDeadline], which it
// counts as a failure, so that calls that hang do open it. Any other error
// keeps its own outcome. While the caller waits, context.DeadlineExceeded is
// an attempt's own deadline: a failure that is worth another attempt.
//
// A permanent error whose cause is recognised keeps that cause's outcome. Any
// other is ignored by the breaker: the caller says that repeating is useless,
// not that the target is ill.
//
// An error nothing is known about counts as a failure and is not retryable.
func Classify(err error, caller error, now time.Time, extra Conditions) Verdict {
	if err == nil {
		return Verdict{Outcome: policies.Success}
	}
	v := lookUp(err)
	explicit(&v, err)
	v.Unsafe = unsafe(err)
	if d, ok := serverDelay(err, now); ok {
		v.HasDelay, v.Delay = true, d
	}
	if !v.Retryable && v.Condition != HTTPQuota && extra.Match(err, v) {
		v.Retryable = true
	}
	if caller != nil {
		callerDone(&v, err, caller)
	}
	if judge, ok := errors.AsType[interface {
		error
		BreakerOutcome() policies.Outcome
	}](err); ok {
		v.Outcome = judge.BreakerOutcome()
	}
	if _, ok := errors.AsType[*ignoreMark](err); ok {
		v.Outcome = policies.Ignored
	}
	permanent(&v, err)
	return v
}

// lookUp is steps 4 to 6: the meaning of err by the tables alone.
func lookUp(err error) Verdict {
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
	for _, table := range []func(error) string{files, afterSend} {
		if name := table(err); name != "" {
			return verdict(name, meanings[name])
		}
	}
	return verdict(Unknown, unknown)
}

func verdict(name string, m meaning) Verdict {
	return Verdict{Condition: name, Outcome: m.outcome, Retryable: m.retryable, Ambiguous: m.ambiguous}
}

// callerDone is step 2.
func callerDone(v *Verdict, err, caller error) {
	over := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		v.Condition == grpcCanceled || v.Condition == grpcDeadline
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

// permanent is step 1. It comes last in time because it builds on the outcome
// that the other steps found.
func permanent(v *Verdict, err error) {
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
	if v.Condition == Unknown {
		v.Outcome = policies.Ignored
	}
	if v.Condition != HTTPQuota {
		v.Condition = Permanent
	}
}
