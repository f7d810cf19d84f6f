// Package classify says what an error means: what a circuit breaker counts it
// as, whether another attempt makes sense, whether the failed attempt may have
// taken effect, and how long the server asked to be left alone.
//
// [Classify] decides in a fixed order, first to last:
//
//  1. a permanent marker ([backoff.Permanent]) anywhere in the chain, and
//     answers that no wait can mend (an exhausted quota): never again;
//  2. the caller's own context: once it is done nothing is tried again;
//  3. what the error says of itself: a Retryable() bool method, or the
//     x-should-retry header of a [StatusError];
//  4. status and code tables: HTTP, gRPC, SQL;
//  5. errors from before anything was sent: addresses, DNS, TLS, dialling;
//  6. everything else: files, broken connections, timeouts.
//
// Custom conditions ([Conditions]) then add to the retryable set; they never
// take away from it and never overrule the first two steps.
//
// The package is pure: it knows no clock, no randomness and no goroutine.
// Its functions are safe for concurrent use, except [Register], which is for
// before the start. It calls methods of the errors it is given (Error, Is, As,
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
	// Condition is the error's stable name, such as [NetRefused] or
	// "http.503"; empty for a success.
	Condition string
	// Err is the error for the caller to see: the one classified, with a
	// permanent marker at its top taken off. Nil for a success.
	Err error
}
