package classify

import (
	"errors"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Wall marks err as an external wall: a quota is used up, a bill is unpaid, and
// the target turns every call away until the given moment. The breaker opens
// until then, and nothing is retried. A zero until, or one that has passed,
// says that nobody knows when: the delay that the server named counts, if err
// has one, and otherwise the breaker stays open for its ordinary open time. It
// returns nil for nil; the mark unwraps to err.
//
// An error of yours is a wall by itself if it has the method
//
//	WallUntil() (until time.Time, walled bool)
//
// The outermost that has one is heard. One that lies inside an error that names
// its own outcome (BreakerOutcome) is not: it has opened the breaker of an
// operation within this one.
//
// Of HTTP answers only those are walls by themselves that say both that the
// account's quota is used up and until when: a 429 whose body has an error code
// such as insufficient_quota ([HTTPQuota]), with retry-after-ms or Retry-After.
// Without a time it is [policies.Throttled], as it may be one of many accounts
// that has nothing left. X-RateLimit-Reset headers are not read: they are sent
// for limits that pass within the minute, and in three notations. What else is
// a wall for a target, its setting wall_on says.
func Wall(err error, until time.Time) error {
	if err == nil {
		return nil
	}
	return &wallMark{err, until}
}

type wallMark struct {
	error
	until time.Time
}

func (m *wallMark) Unwrap() error                { return m.error }
func (m *wallMark) WallUntil() (time.Time, bool) { return m.until, true }

// wall is the part of step 2 that is about walls.
func wall(v *Verdict, err error, in survey) {
	if until, ok := wallOf(err, in); ok {
		v.Condition, v.Outcome, v.WallUntil = ExternalWall, policies.Walled, until
		v.Retryable, v.Ambiguous = false, false
	} else if v.Condition == HTTPQuota && v.Delay > 0 {
		v.Outcome = policies.Walled
	}
}

func wallOf(err error, in survey) (until time.Time, ok bool) {
	if !in.holds(wallers) {
		return until, false
	}
	w, ok := errors.AsType[waller](err)
	if !ok {
		return until, false
	}
	if isType[judge](err) && !isType[judge](w) {
		return until, false
	}
	return w.WallUntil()
}

// lasting says whether no wait can mend the condition.
func lasting(condition string) bool { return condition == HTTPQuota || condition == ExternalWall }

// walled brings the verdict of a wall to its end: its moment is converted once,
// so that a jump of the wall clock moves it no more.
func walled(v *Verdict, now time.Time) {
	if v.Outcome != policies.Walled {
		v.WallUntil = time.Time{}
		return
	}
	v.Retryable, v.CallerGone = false, false
	left := time.Duration(0)
	if !v.WallUntil.IsZero() {
		left = bounded(v.WallUntil.Sub(now))
	}
	if left == 0 {
		left = v.Delay
	}
	v.WallUntil = time.Time{}
	if left > 0 {
		v.WallUntil = now.Add(left)
	}
}
