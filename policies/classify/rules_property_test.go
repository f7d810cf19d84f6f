package classify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// causes are errors of every outcome, each known to another table.
var causes = []error{
	errPlan, context.Canceled, context.DeadlineExceeded, syscall.ECONNREFUSED, syscall.ECONNRESET, fs.ErrNotExist,
	answered(401), answered(409), answered(429), answered(501), answered(503), shouldRetry(404), quotaGone,
	grpcError(1), grpcError(4), grpcError(14), pgError("40001"), pgError("23505"),
	quotaWith(http.Header{"Retry-After": {"60"}}), billed{errPlan, noon, false},
}

// wrappings are what may stand around an error.
var wrappings = []func(error) error{
	func(err error) error { return fmt.Errorf("call: %w", err) },
	func(err error) error { return errors.Join(errPlan, err) },
	func(err error) error { return speaks{err, true} },
	func(err error) error { return speaks{err, false} },
	func(err error) error { return judged{err, policies.Ignored} },
	func(err error) error { return judged{err, policies.Failure} },
	func(err error) error { return Wall(err, noon.Add(time.Hour)) },
	Retryable, Ignore, backoff.Permanent,
}

var someNames = []string{
	Unknown, Explicit, Canceled, AttemptDeadline, CallerCanceled, CallerDeadline, NetRefused, HTTPQuota, ExternalWall,
	"http.4xx", "http.5xx", "http.401", "http.429", "http.503", "grpc.Unavailable", "sql.40001",
	"context.Canceled", "context.DeadlineExceeded", "io/fs.ErrNotExist", "ConnectionError", "TimeoutError", "OSError",
}

func drawError(t *rapid.T) error {
	err := rapid.SampledFrom(causes).Draw(t, "cause")
	for _, wrap := range rapid.SliceOfN(rapid.SampledFrom(wrappings), 0, 3).Draw(t, "wrappings") {
		err = wrap(err)
	}
	return err
}

func drawLists(t *rapid.T) lists {
	names := func(label string) []string {
		return rapid.SliceOfN(rapid.SampledFrom(someNames), 0, 3).Draw(t, label)
	}
	return lists{names("custom_exceptions"), names("retry_on"), names("never_retry"), names("ignore"), names("trip_on"), names("wall_on")}
}

func drawCaller(t *rapid.T) error {
	return []error{nil, context.Canceled, context.DeadlineExceeded}[rapid.IntRange(0, 2).Draw(t, "caller")]
}

// met says whether one of the names holds for err: by the error, by what the
// tables call it, or by what it says of itself.
func met(t require.TestingT, err error, names ...string) bool {
	c, bad := ParseConditions(names)
	require.NoError(t, bad)
	in := look(err)
	found := lookUp(err, in)
	said := ownWord(found, err, noon, in)
	if found.Condition == Unknown { // and says nothing of itself
		found = said
	}
	return c.Match(err, found) || c.Match(err, said)
}

func has[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// If this fails, one of the lists says more, or less, than it is documented to
// for some error, some other lists and some caller.
func TestTheListsByTheirRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		err, l, caller := drawError(t), drawLists(t), drawCaller(t)
		got := Classify(err, caller, noon, l.rules(t))
		without := Classify(err, caller, noon, Rules{})

		// Another attempt.
		never, again := met(t, err, l.never...), met(t, err, l.custom...) || met(t, err, l.retry...)
		// An error that names its outcome is an inner operation's, which its
		// own policy has retried.
		mayBeAdded := caller == nil && !has[judged](err) && !has[*backoff.PermanentError](err) && !lasting(without.Condition)
		walled := got.Outcome == policies.Walled
		switch {
		case walled:
			require.False(t, got.Retryable, "a wall")
		case never:
			require.False(t, got.Retryable, "never_retry")
		case again && mayBeAdded:
			require.True(t, got.Retryable, "retry_on")
		default:
			require.Equal(t, without.Retryable, got.Retryable, "no list says anything")
		}

		// The breaker.
		ignore, trip := met(t, err, l.ignore...), met(t, err, l.trip...) || met(t, err, l.wall...)
		tripped := policies.Failure
		if met(t, err, l.wall...) || without.Outcome == policies.Walled {
			tripped = policies.Walled
		}
		_, marked := wallOf(err, look(err))
		switch {
		case has[judged](err) && !marked, has[*ignoreMark](err), caller != nil && contextEnded(err):
			// A permanent error of an unknown cause is ignored unless trip_on
			// names it, even if it calls itself a failure.
			if !trip || !has[*backoff.PermanentError](err) {
				require.Equal(t, without.Outcome, got.Outcome, "not for the lists to say")
			}
		case ignore:
			require.Equal(t, policies.Ignored, got.Outcome, "ignore")
		case trip:
			require.Equal(t, tripped, got.Outcome, "trip_on, wall_on")
		default:
			require.Equal(t, without.Outcome, got.Outcome, "no list says anything")
		}

		// What the lists don't touch.
		require.True(t, walled || got.WallUntil.IsZero(), "the end of a wall that is none")
		got.Outcome, got.Retryable, got.CallerGone = without.Outcome, without.Retryable, without.CallerGone
		got.WallUntil = without.WallUntil
		require.Equal(t, without, got)
	})
}

// before is Classify as it was when targets had no lists.
func before(err, caller error) Verdict {
	in := unfiltered(err)
	v := lookUp(err, in)
	explicit(&v, err)
	v.Unsafe = unsafe(err)
	if d, ok := serverDelay(err, noon, in); ok {
		v.HasDelay, v.Delay = true, d
	}
	wall(&v, err, in)
	if caller != nil {
		callerDone(&v, err, caller, in)
	}
	met := v.Condition == ExternalWall
	if judge, ok := errors.AsType[judged](err); ok && !met {
		v.Outcome = judge.outcome
	}
	if has[*ignoreMark](err) {
		v.Outcome = policies.Ignored
	}
	permanent(&v, err, false, in)
	walled(&v, noon)
	return v
}

// If this fails, a program that has no lists finds its errors judged
// differently.
func TestNoListsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		err, caller := drawError(t), drawCaller(t)
		require.Equal(t, before(err, caller), Classify(err, caller, noon, Rules{}))
	})
}

// contextEnded says whether err is a context's end, the caller's or another.
func contextEnded(err error) bool {
	in := look(err)
	condition := ownWord(lookUp(err, in), err, noon, in).Condition
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) ||
		condition == grpcCanceled || condition == grpcDeadline
}
