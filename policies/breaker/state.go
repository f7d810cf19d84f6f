package breaker

import "fmt"

// State is what a circuit breaker does with calls.
type State uint8

const (
	// Closed lets every call through and counts outcomes.
	Closed State = iota
	// Open refuses every call until its recovery time is over.
	Open
	// HalfOpen lets a bounded number of probes through at a time.
	HalfOpen
	// ForcedOpen refuses every call because somebody asked for it.
	ForcedOpen
	// ForcedClosed lets every call through and never trips, because
	// somebody asked for it.
	ForcedClosed
	// Disabled lets every call through and counts nothing.
	Disabled
)

var stateNames = [...]string{"closed", "open", "half_open", "forced_open", "forced_closed", "disabled"}

// MarshalText implements [encoding.TextMarshaler].
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// String returns the state's name in lower case, "unknown" for a value that
// is no state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Admits tells whether a call may get through in this state: false for
// [Open] and [ForcedOpen]. In [HalfOpen] it may, if a probe's slot is free.
func (s State) Admits() bool { return s != Open && s != ForcedOpen }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *State) UnmarshalText(text []byte) error {
	for i, name := range stateNames {
		if name == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no state of a circuit breaker", text)
}
