package actors

import (
	"fmt"

	"github.com/holdfast-go/holdfast/policies/chaos"
)

// FaultInjected says that chaos does something to an attempt that begins. What
// becomes of it is told by the events of a real fault.
type FaultInjected struct {
	Header
	Operation string
	// Attempt counts from 1.
	Attempt int
	chaos.Injection
}

func (e FaultInjected) String() string {
	s := fmt.Sprintf("chaos in attempt %d of %s on %s:", e.Attempt, e.Operation, e.Target)
	if e.Latency > 0 {
		s += fmt.Sprintf(" %s later", e.Latency)
	}
	switch {
	case e.Panic:
		s += " a panic"
	case e.Failure != "":
		s += " " + string(e.Failure)
	}
	return s
}
