package actors

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// BreakerChanged says that a target's breaker went from one state to another.
type BreakerChanged struct {
	Header
	Transition breaker.Transition
	// Cause is the last failure before the breaker opened, or the external
	// wall it met, nil otherwise.
	Cause error
}

// CallsRefused says how many calls an open breaker turned away since the
// last such event. At most one a second is published for a target.
type CallsRefused struct {
	Header
	Count uint64
}

// StaleOutcome says that an attempt ended after its breaker had moved on, so
// that its outcome changed nothing.
type StaleOutcome struct {
	Header
	Outcome policies.Outcome
	// Admitted is the breaker's generation when the attempt was let
	// through, Current the one that its outcome met.
	Admitted, Current uint64
}

func (e BreakerChanged) String() string {
	t := e.Transition
	s := fmt.Sprintf("breaker %s: %s -> %s (%s)", e.Target, t.From, t.To, t.Reason)
	if !t.Until.IsZero() {
		s += fmt.Sprintf(", until %s from now", t.Until.Sub(t.At).Round(time.Millisecond))
	}
	if t.Wall.After(t.Until) {
		s += fmt.Sprintf(" (max_wall; the wall stands for %s)", t.Wall.Sub(t.At).Round(time.Millisecond))
	}
	if e.Cause != nil {
		s += fmt.Sprintf(": %v", e.Cause)
	}
	return s
}

func (e CallsRefused) String() string {
	if e.Count == 1 {
		return "1 call to " + e.Target + " refused by its breaker"
	}
	return fmt.Sprintf("%d calls to %s refused by its breaker", e.Count, e.Target)
}

func (e StaleOutcome) String() string {
	return fmt.Sprintf("late %s on %s ignored: admitted in generation %d, now %d", e.Outcome, e.Target, e.Admitted, e.Current)
}
