package classify

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// The methods by which an error of any type speaks.
type (
	statusCoder interface {
		error
		StatusCode() int
	}
	httpStatusCoder interface {
		error
		HTTPStatusCode() int
	}
	sqlStater interface {
		error
		SQLState() string
	}
	safeRetrier interface {
		error
		SafeToRetry() bool
	}
	speaker interface {
		error
		Retryable() bool
	}
	delayer interface {
		error
		RetryAfter() time.Duration
	}
	maybeDelayer interface {
		error
		RetryAfter() (time.Duration, bool)
	}
	// judge is an error that names its outcome.
	judge interface {
		error
		BreakerOutcome() policies.Outcome
	}
	// waller is an error that says of itself that it is a wall.
	waller interface {
		error
		WallUntil() (until time.Time, walled bool)
	}
	timeouter interface{ Timeout() bool }
	temporal  interface{ Temporary() bool }
	joiner    interface{ Unwrap() []error }
	// Those of errors.Is and errors.As.
	iser interface{ Is(target error) bool }
	aser interface{ As(target any) bool }
)

// spoken is the kinds that an error may be of by the methods it has. What an As
// method makes of it nobody can know, nor which sentinels an Is method answers to.
func spoken(err error) (k kinds) {
	switch err.(type) { //nolint:errorlint // walk does the unwrapping
	default:
		return 0 // Most errors: one question, not fourteen.
	case aser:
		return anyKind
	case iser, joiner, timeouter, temporal, statusCoder, httpStatusCoder, sqlStater, safeRetrier, speaker, delayer,
		maybeDelayer, judge, waller:
	}
	if _, ok := err.(iser); ok {
		k |= sentinels
	}
	if _, ok := err.(joiner); ok {
		k |= joined
	}
	if _, ok := err.(timeouter); ok {
		k |= timeouts
	}
	if _, ok := err.(temporal); ok {
		k |= temporaries
	}
	if _, ok := err.(statusCoder); ok {
		k |= statuses
	}
	if _, ok := err.(httpStatusCoder); ok {
		k |= statuses
	}
	if _, ok := err.(sqlStater); ok {
		k |= sqlStates
	}
	if _, ok := err.(safeRetrier); ok {
		k |= safes
	}
	if _, ok := err.(speaker); ok {
		k |= speakers
	}
	if _, ok := err.(delayer); ok {
		k |= delays
	}
	if _, ok := err.(maybeDelayer); ok {
		k |= delays
	}
	if _, ok := err.(judge); ok {
		k |= judges
	}
	if _, ok := err.(waller); ok {
		k |= wallers
	}
	return k
}
