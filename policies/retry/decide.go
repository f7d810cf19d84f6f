// Package retry decides whether a failed operation gets another attempt, and
// how long it waits for it.
//
// It is pure: it knows no clock, no randomness and no goroutine. The time and
// the random number come in as arguments, the decision comes out. Its
// functions are safe for concurrent use as long as nobody writes to the
// policy; the value [New] returns is not.
package retry

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// Progress is how far an operation has come.
type Progress struct {
	// Attempt is the number of the attempt that just failed, from 1.
	Attempt int
	// Accepted is when the operation was accepted. MaxElapsed counts from it.
	Accepted time.Time
	// Previous is the operation's last wait; 0 before the first.
	Previous time.Duration
	// Deadline is the caller's own; zero if it has none.
	Deadline time.Time
	// Keyed is true when the caller gave an idempotency key or declared the
	// operation idempotent.
	Keyed bool
	// BreakerOpen is true when the target's breaker is open now.
	BreakerOpen bool
	// HasOwn is true when the operation has a backoff.BackOff of its own,
	// and OwnWait is what its NextBackOff returned. A negative one
	// (backoff.Stop) ends the operation.
	HasOwn  bool
	OwnWait time.Duration
}

// Source says where a wait comes from.
type Source string

const (
	// Computed waits come from the policy; see [Wait].
	Computed Source = "computed"
	// Server waits are what the server asked for, exactly.
	Server Source = "server"
	// Own waits come from the operation's own backoff.BackOff.
	Own Source = "own"
)

// Decision is what becomes of an operation after a failed attempt.
type Decision struct {
	// Retry is true for another attempt, false for the end.
	Retry bool
	// Wait is how long to wait before it.
	Wait time.Duration
	// Source says where Wait comes from; empty at the end.
	Source Source
	// Park is true when the breaker is open and the policy is to wait for
	// it: deliver the operation after Wait and not before the breaker lets
	// calls through.
	Park bool
	// Reason says why it is the end; empty for another attempt.
	Reason Reason
}

// Decide says whether the operation that failed with verdict v gets another
// attempt under p, and when.
//
// A positive delay from the server replaces the computed wait, exactly: it is
// neither jittered nor held to MinWait and MaxWait. One of 0 names no time,
// so the computed wait holds. A delay over MaxServerWait ends the operation.
// The operation's own wait also replaces the computed one, but gives way to
// a longer one from the server.
//
// No wait starts that cannot end before the caller's deadline, or that ends
// later than MaxElapsed after the operation was accepted.
//
// p must not be nil. See [Wait] for rnd.
func Decide(p *policies.Retry, v classify.Verdict, pr Progress, now time.Time, rnd float64) Decision {
	if reason := refusal(p, v, pr, now); reason != "" {
		return Decision{Reason: reason}
	}
	wait, source := Wait(p, pr.Attempt, pr.Previous, rnd), Computed
	if pr.HasOwn {
		wait, source = pr.OwnWait, Own
	}
	if v.HasDelay && v.Delay > 0 && (source == Computed || v.Delay > wait) {
		wait, source = v.Delay, Server
	}
	if !pr.Deadline.IsZero() && pr.Deadline.Sub(now) <= wait {
		return Decision{Reason: CallerDeadline}
	}
	if p.MaxElapsed > 0 && p.MaxElapsed-max(now.Sub(pr.Accepted), 0) < wait {
		return Decision{Reason: MaxElapsed}
	}
	return Decision{Retry: true, Wait: wait, Source: source, Park: pr.BreakerOpen}
}

// refusal returns the reason that rules another attempt out whatever the
// wait, or "".
func refusal(p *policies.Retry, v classify.Verdict, pr Progress, now time.Time) Reason {
	switch {
	case v.Outcome == policies.Walled:
		return ExternalWall
	case !p.Enabled:
		return Disabled
	case v.CallerGone && deadlinePassed(v, pr, now):
		return CallerDeadline
	case v.CallerGone:
		return CallerGone
	case !v.Retryable:
		return NotRetryable
	case !Repeatable(p, v, pr.Keyed):
		return NotIdempotent
	case pr.Attempt >= p.MaxAttempts:
		return MaxAttempts
	case pr.BreakerOpen && p.WhenOpen != policies.Park:
		return BreakerOpen
	case pr.HasOwn && pr.OwnWait < 0:
		return BackoffStop
	case v.HasDelay && v.Delay > p.MaxServerWait:
		return ServerDelay
	}
	return ""
}

func deadlinePassed(v classify.Verdict, pr Progress, now time.Time) bool {
	return v.Condition == classify.CallerDeadline || !pr.Deadline.IsZero() && !now.Before(pr.Deadline)
}

// Repeatable reports whether another attempt is safe even if the failed one
// took effect, or that it cannot have. keyed is as in [Progress].
func Repeatable(p *policies.Retry, v classify.Verdict, keyed bool) bool {
	if !v.Ambiguous || keyed {
		return true
	}
	switch p.Idempotent {
	case policies.IdempotentYes:
		return true
	case policies.IdempotentNo:
		return false
	default:
		return !v.Unsafe
	}
}
