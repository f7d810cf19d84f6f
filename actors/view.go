package actors

import (
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// ErrOpen is what errors.Is finds in a refusal by an open breaker.
var ErrOpen = errors.New("circuit breaker is open")

// OpenError is a refusal by a breaker that is open, half-open or on its ramp
// back to full load: the function was not run. One value serves every refusal
// of one such period.
type OpenError struct {
	// Name is the breaker's name.
	Name string
	// Cause is the last failure before the breaker opened, nil if it was
	// opened by hand.
	Cause error
	// Until is when the breaker will probe, zero if only a hand closes it. Of
	// a recovering one it is when everything gets through again.
	Until time.Time
	// Probing says that the breaker is half-open and its probes are out.
	Probing bool
	// Recovering says that the breaker has closed and lets only so many calls
	// run at a time yet: circuit_breaker.ramp.
	Recovering bool
	// Reason says why the breaker entered its state. It is
	// [breaker.ReasonExternalWall] before a used-up quota or an unpaid bill.
	Reason breaker.Reason
	// WallUntil is when that external wall ends, if somebody said so; zero
	// otherwise. It lies after Until where max_wall has the breaker look
	// sooner.
	WallUntil time.Time
}

// probingRetryAfter is the wait proposed while probes are out: nobody knows how
// long they take.
const probingRetryAfter = time.Second

// leastRetryAfter keeps a caller that sleeps by RetryAfter from spinning when
// the open time is over and the probe still runs.
const leastRetryAfter = time.Millisecond

// RetryAfter is how long to wait before another call may be let through, at
// least a millisecond. While probes are out it is a second, during a ramp a
// second or what is left of it, and for a breaker that was opened by hand with
// no end a minute.
func (e *OpenError) RetryAfter() time.Duration {
	if e.Probing {
		return probingRetryAfter
	}
	if e.Until.IsZero() {
		return time.Minute
	}
	left := max(leastRetryAfter, time.Until(e.Until))
	if e.Recovering {
		return min(left, probingRetryAfter) // a place may come free at any time
	}
	return left
}

// Error names the breaker, the wait and the cause.
func (e *OpenError) Error() string {
	s := fmt.Sprintf("circuit breaker %q is open, call not made; retry after %s", e.Name,
		e.RetryAfter().Round(time.Millisecond))
	switch {
	case e.Probing:
		s = fmt.Sprintf("circuit breaker %q is half-open and its probes are out, call not made; retry after %s", e.Name, e.RetryAfter())
	case e.Recovering:
		s = fmt.Sprintf("circuit breaker %q has closed and lets calls back in by degrees, call not made; retry after %s", e.Name,
			e.RetryAfter().Round(time.Millisecond))
	case e.Reason == breaker.ReasonExternalWall:
		s = e.walled()
	case e.Until.IsZero():
		s = fmt.Sprintf("circuit breaker %q was opened by hand, call not made; Reset or ForceClose lets calls through", e.Name)
	}
	if e.Cause != nil {
		s += fmt.Sprintf(" (last failure: %v)", e.Cause)
	}
	return s
}

// walled is the message for a breaker before an external wall.
func (e *OpenError) walled() string {
	s := fmt.Sprintf("circuit breaker %q is open before an external wall (a used-up quota, an unpaid bill), call not made; retry after %s",
		e.Name, e.RetryAfter().Round(time.Millisecond))
	switch {
	case e.WallUntil.IsZero():
		s += ", for nobody said when it ends"
	case e.WallUntil.After(e.Until):
		s += fmt.Sprintf(", as max_wall says; the wall stands for %s", time.Until(e.WallUntil).Round(time.Millisecond))
	}
	return s
}

// Retryable says, to an operation within whose attempt this refusal came up,
// that it is not to run again for it.
func (e *OpenError) Retryable() bool { return false }

// BreakerOutcome says that the refusal counts for nobody there.
func (e *OpenError) BreakerOutcome() policies.Outcome { return policies.Ignored }

// Is makes errors.Is(err, ErrOpen) true. The cause is not unwrapped: it is
// another call's error.
func (e *OpenError) Is(target error) bool { return target == ErrOpen }

// View is what a breaker publishes of itself. It is immutable; each change of
// the breaker publishes another.
type View struct {
	State      breaker.State
	Generation uint64
	// Direct views let every call through that is begun under them. Under any
	// other the breaker is to be asked first.
	Direct bool
	// Quiet views need not be told of a success, which may wait; see
	// [breaker.Machine.SuccessesMayWait].
	Quiet bool
	// Timed views want to know how long an attempt ran, and are to be told of
	// slow successes.
	Timed bool
	// Refusal is the error for calls that are not let through: ready made
	// when the state is open, for half-open when the probes are out, and for
	// a ramp when as many run as may.
	Refusal *OpenError
	// Since is when the breaker entered its state, zero in the first view; see
	// [Breaker.Since]. Reason is why, empty as long as it is in its first state.
	Since  time.Time
	Reason breaker.Reason
}

// same says whether v says what u does, of which the refusal is not made yet.
// rampUntil is when the ramp ends that is under way, zero if none is.
func (v *View) same(u *View, rampUntil time.Time) bool {
	return v.State == u.State && v.Generation == u.Generation && v.Direct == u.Direct && v.Quiet == u.Quiet && v.Timed == u.Timed &&
		(rampUntil.IsZero() || v.Refusal != nil && v.Refusal.Until.Equal(rampUntil))
}

// firstGeneration is that of a new machine.
const firstGeneration = 1

// firstViews are what new breakers publish. All of a kind share one, for there
// may be very many that nobody has had anything to tell yet.
var firstViews = func() (all [4]View) {
	for kind := range all {
		all[kind] = View{State: breaker.Closed, Generation: firstGeneration, Direct: true, Quiet: true, Timed: kind&timedView != 0}
		if kind&disabledView != 0 {
			all[kind].State = breaker.Disabled
		}
	}
	return all
}()

const (
	timedView = 1 << iota
	disabledView
)

// firstView is what a breaker under these settings begins with.
func firstView(s *policies.Breaker) *View {
	kind := 0
	if s.SlowCallRate > 0 {
		kind |= timedView
	}
	if !s.Enabled {
		kind |= disabledView
	}
	return &firstViews[kind]
}
