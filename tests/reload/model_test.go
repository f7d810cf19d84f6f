package reload_test

import (
	"errors"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// course is an operation as seen from outside.
type course struct {
	attempts int
	// stamp is the max_attempts that all attempts saw.
	stamp  int
	ending ending
	// waited is what an operation that gave up says of its waits.
	waited time.Duration
}

// ending is how an operation ended: by one of these, or for the reason that an
// ExhaustedError gives.
type ending string

const (
	succeeded ending = "succeeded"
	ownError  ending = "its own error"
	refused   ending = "refused by the breaker"
	withdrawn ending = "withdrawn before it ran"
	strange   ending = "an error of another kind"
)

// predict is the course of an operation under rules. It is the test's own
// account of what policies mean.
func predict(r rules, target string, fate func(attempt int) *fault) course {
	switch {
	case target == tripped, target == forced && !r.parks:
		return course{ending: refused}
	case target == forced:
		return course{ending: withdrawn}
	}
	c := course{stamp: r.attempts}
	if !r.enabled {
		c.stamp = 1
	}
	for {
		c.attempts++
		f := fate(c.attempts)
		switch {
		case f == nil:
			c.ending = succeeded
		case !r.enabled, !r.retries(f):
			c.ending = ownError
		case f.ambiguous && !r.repeats:
			c.ending = ending(retry.NotIdempotent)
		case c.attempts == r.attempts:
			c.ending = ending(retry.MaxAttempts)
		default:
			continue
		}
		if c.ending == ending(retry.NotIdempotent) || c.ending == ending(retry.MaxAttempts) {
			c.waited = time.Duration(c.attempts-1) * r.wait
		}
		return c
	}
}

// bit finds a fault in flipped and recounted.
func (r rules) bit(f *fault, of uint64) bool {
	for i := range named {
		if f == &faults[i] {
			return of>>i%2 == 1
		}
	}
	return false
}

func (r rules) retries(f *fault) bool { return f.retryable != r.bit(f, r.flipped) }

// counts is what the breaker counts an attempt as.
func (r rules) counts(f *fault) policies.Outcome {
	switch {
	case f == nil:
		return policies.Success
	case !r.bit(f, r.recounted):
		return f.outcome
	case f.outcome == policies.Ignored:
		return policies.Failure
	default:
		return policies.Ignored
	}
}

// observed reads an outcome as a caller would. last is the fate of the last
// attempt, nil for a success or if there was none.
func observed(err error, attempts, stamp int, last *fault) course {
	c := course{attempts: attempts, stamp: stamp, ending: strange}
	var exhausted *supervisor.ExhaustedError
	var open *supervisor.OpenError
	var rejected *supervisor.RejectedError
	switch {
	case err == nil:
		c.ending = succeeded
	case errors.As(err, &exhausted):
		if exhausted.Attempts == attempts && last != nil && last.is(exhausted.Err) {
			c.ending, c.waited = ending(exhausted.Reason), exhausted.Waited
		}
	case errors.As(err, &open):
		c.ending = refused
	case errors.As(err, &rejected):
		if errors.Is(err, errWithdrawn) {
			c.ending = withdrawn
		}
	case last != nil && last.is(err):
		c.ending = ownError
	}
	return c
}

// errWithdrawn is why a caller takes an operation back.
var errWithdrawn = errors.New("reload: the caller has left")
