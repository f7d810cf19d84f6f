package classify

import (
	"errors"

	"github.com/holdfast-go/holdfast/policies"
)

// Rules are the error conditions that one target's policy names, ready to be
// matched. Two kinds of lists speak of another attempt, three of what the circuit
// breaker counts:
//
//   - retry_on and custom_exceptions, which mean the same, add to what is
//     retried and never take away;
//   - never_retry keeps an error from being retried, whatever says that it is
//     to be: the tables, a header, the error's own Retryable method, the mark
//     of [Retryable], retry_on;
//   - trip_on makes a failure of an outcome that was ignored or throttled;
//   - wall_on makes an external wall of any, which is not retried. It wins over
//     trip_on, as a wall does that the error itself names;
//   - ignore makes an ignored outcome of any. It wins over both.
//
// They are step 3 of what the package's comment lists, and don't overrule the
// later ones. A caller who has left is not brought back, and its context's end
// counts as it always does. An error that names its outcome keeps it: an
// operation on another target within this one, which its own breaker has
// counted and its own policy has retried, is neither counted nor retried here
// again, and a panic always is a failure. And an
// error that is marked permanent is not retried, though it counts as trip_on
// or ignore says.
//
// A condition is matched against the error itself, with all that it wraps, and
// against the names that the first two steps have for it. An error that calls
// itself retryable has two where the tables know it too: "explicit" and, say,
// "net.reset".
//
// The zero value names nothing and changes nothing. Rules are a value: copy
// them freely and use them from any goroutine.
type Rules struct {
	retry, never, ignore, trip, wall Conditions
}

// RulesOf looks up the conditions that a policy names, each as [Lookup] does.
// For names nobody knows it returns an error that holds one
// [*UnknownNamesError], with its Path, for every list that has any.
func RulesOf(p policies.Policy) (Rules, error) {
	var (
		r    Rules
		errs []error
	)
	for _, list := range []struct {
		path  string
		names []string
		into  *Conditions
	}{
		{"retry_policy.custom_exceptions", p.Retry.CustomExceptions, &r.retry},
		{"retry_policy.retry_on", p.Retry.RetryOn, &r.retry},
		{"retry_policy.never_retry", p.Retry.NeverRetry, &r.never},
		{"circuit_breaker.ignore", p.Breaker.Ignore, &r.ignore},
		{"circuit_breaker.trip_on", p.Breaker.TripOn, &r.trip},
		{"circuit_breaker.wall_on", p.Breaker.WallOn, &r.wall},
	} {
		if missing := list.into.add(list.names); missing != nil {
			errs = append(errs, &UnknownNamesError{Path: list.path, Names: missing})
		}
	}
	if errs != nil {
		return Rules{}, errors.Join(errs...)
	}
	return r, nil
}

// apply is step 3. found is what the tables say of err, and v what they and
// the error itself do. It reports whether trip_on has made a failure of v,
// which may have been one before, or wall_on a wall.
func (r *Rules) apply(v *Verdict, found Verdict, err error, in survey) (tripped bool) {
	said := *v
	if !lasting(v.Condition) && !v.Retryable && r.retry.either(err, &said, &found) {
		_, inner := namedOutcome(err, in)
		v.Retryable = !inner
	}
	if v.Retryable && r.never.either(err, &said, &found) {
		v.Retryable = false
	}
	switch {
	case r.ignore.either(err, &said, &found):
		v.Outcome = policies.Ignored
	case v.Outcome == policies.Walled:
	case r.wall.either(err, &said, &found):
		v.Outcome = policies.Walled
		return true
	case r.trip.either(err, &said, &found):
		v.Outcome = policies.Failure
		return true
	}
	return false
}

// either matches err under both names it may have: that of what it says of
// itself, and the one that the tables found, unless they didn't know it.
func (c *Conditions) either(err error, said, found *Verdict) bool {
	if len(c.matchers) == 0 {
		return false
	}
	return c.Match(err, *said) ||
		found.Condition != said.Condition && found.Condition != Unknown && c.Match(err, *found)
}
