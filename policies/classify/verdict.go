// Package classify says what an error means: what a circuit breaker counts it
// as, whether another attempt makes sense, whether the failed attempt may have
// taken effect, and how long the server asked to be left alone.
//
// [Classify] goes from what says least to what says most. A later step
// overrules an earlier one:
//
//  1. the tables, of which the first that knows the error has the say: status
//     and codes of HTTP, gRPC and SQL; what fails before anything is sent
//     (addresses, DNS, TLS, dialling); files, broken connections, timeouts;
//  2. what the error says of itself: a Retryable() bool method, or the
//     x-should-retry header of a [StatusError]; over it, that it is an external
//     wall (see [Wall]); that nothing has taken effect: the mark of [NoEffect],
//     or, beside a status, a SafeToRetry() bool method;
//  3. the lists of the target's policy, see [Rules]: retry_on, over it
//     never_retry; trip_on, over it wall_on, over both ignore;
//  4. the caller's own context: once it is done nothing is tried again, and
//     an error that is its end counts as that and nothing else;
//  5. the outcome that the error names: a BreakerOutcome() policies.Outcome
//     method, as the supervisor's own errors have it, over it the mark of
//     [Ignore];
//  6. a permanent marker ([backoff.Permanent]) anywhere in the chain: never
//     again.
//
// One thing holds against all of them: an answer that no wait can mend (an
// exhausted quota, http.429.quota, and an external wall) is not tried again.
//
// The package is pure: it knows no clock, no randomness and no goroutine.
// Its functions are safe for concurrent use, except [Register], [RegisterError]
// and [RegisterType], which are for before the start. It calls methods of the errors it is given (Error, Is, As,
// Unwrap and the interfaces named above) and does not guard against those that
// panic, other than gRPC's, which it calls by reflection.
//
// [backoff.Permanent]: https://pkg.go.dev/github.com/cenkalti/backoff/v4#Permanent
package classify

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Verdict is what one attempt's error means.
type Verdict struct {
	// Outcome is what a circuit breaker counts the attempt as.
	Outcome policies.Outcome
	// Retryable is true when the error alone allows another attempt.
	Retryable bool
	// Ambiguous is true when the failed attempt may have taken effect: it
	// failed after something was sent, or nobody knows.
	Ambiguous bool
	// Unsafe is true when the error shows a request whose method is not
	// idempotent: POST or PATCH (RFC 9110, section 9.2.2).
	Unsafe bool
	// CallerGone is true when the attempt ended with the caller's context,
	// or when that context being done is all that forbids another attempt.
	CallerGone bool
	// HasDelay is true when the server named a delay of its own.
	HasDelay bool
	// Delay is the server's delay, from 0 to a year.
	Delay time.Duration
	// WallUntil is when the external wall ends for an outcome of
	// [policies.Walled]; zero for any other, and where nobody knows. It lies
	// after the now given to [Classify], by at most a year, and carries its
	// monotonic reading.
	WallUntil time.Time
	// Condition is the error's stable name, such as [NetRefused] or
	// "http.503"; empty for a success.
	Condition string
	// Err is the error for the caller to see: the one classified, with a
	// permanent marker at its top taken off. Nil for a success.
	Err error
}
