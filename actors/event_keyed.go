package actors

import (
	"fmt"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// TargetPassivated says that a keyed target that nobody used was put away: its
// workers, breaker and supervisor have ended. The next operation starts it
// again, with what is remembered.
type TargetPassivated struct {
	Header
	Reason Passivation
	// State is its breaker's. Remembered is false if there was nothing that
	// the breaker must not forget.
	State      breaker.State
	Remembered bool
}

// Passivation is why a keyed target was put away.
type Passivation string

const (
	// PassivatedIdle: it had no operation for its policy's idle_timeout.
	PassivatedIdle Passivation = "idle"
	// PassivatedForRoom: it was the idle one used least recently when another
	// key needed its place.
	PassivatedForRoom Passivation = "max_keys"
)

// KeyEvicted says that what was remembered of a keyed target's breaker was
// dropped to make room for another key. If it is used again it starts closed.
type KeyEvicted struct {
	Header
	// State is the breaker's when it was put away.
	State breaker.State
}

func (e TargetPassivated) String() string {
	s := fmt.Sprintf("target %s passivated (%s), its breaker %s", e.Target, e.Reason, e.State)
	if !e.Remembered {
		s += " and forgotten"
	}
	return s
}

func (e KeyEvicted) String() string {
	return fmt.Sprintf("breaker of %s forgotten, %s, to make room for another key", e.Target, e.State)
}
