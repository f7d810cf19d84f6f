package retry

import (
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
)

// New returns the waits of p as a backoff.BackOff, for use with the backoff
// package itself. It gives MaxAttempts-1 waits and then backoff.Stop; none if
// p is disabled. Reset starts it over.
//
// What needs a clock or the error is not in it: MaxElapsed, the caller's
// deadline and server delays are [Decide]'s.
//
// rnd returns random numbers in [0, 1); math/rand/v2.Float64 is one. A nil rnd
// takes the middle of every interval. p is copied and must not be nil. The
// value is not safe for concurrent use: make one for each operation.
func New(p *policies.Retry, rnd func() float64) backoff.BackOff {
	if rnd == nil {
		rnd = func() float64 { return 0.5 }
	}
	return &waits{policy: *p, rnd: rnd}
}

type waits struct {
	policy   policies.Retry
	rnd      func() float64
	given    int
	previous time.Duration
}

// NextBackOff returns the next wait, or backoff.Stop.
func (w *waits) NextBackOff() time.Duration {
	if !w.policy.Enabled || w.given >= w.policy.MaxAttempts-1 {
		return backoff.Stop
	}
	w.given++
	w.previous = Wait(&w.policy, w.given, w.previous, w.rnd())
	return w.previous
}

// Reset starts the waits over.
func (w *waits) Reset() { w.given, w.previous = 0, 0 }
