package actors

import (
	"fmt"
	"time"
)

// Event is something that happened in a supervision tree. The concrete types
// are the structs of the files beside this one, passed by value; the set is closed.
// Events are immutable and may be kept.
//
// String gives one readable line without the time.
type Event interface {
	fmt.Stringer
	// About says which target the event is about and when it happened.
	About() Header
	sealed()
}

// Header is common to all events.
type Header struct {
	// Target is the target's name, empty for an event about all of them.
	Target string
	// At is when it happened. It carries a monotonic reading.
	At time.Time
}

// About returns the header itself.
func (h Header) About() Header { return h }

func (Header) sealed() {}
