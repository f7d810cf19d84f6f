// Package chaos decides which faults are injected into an attempt, and makes
// the errors.
//
// It is pure: it knows no clock, no randomness and no goroutine. The random
// numbers come in as arguments, what is to be injected comes out. Its functions
// are safe for concurrent use.
package chaos

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Draw is the random numbers for one attempt, each in [0,1) and of its own.
type Draw struct{ Latency, Panic, Failure float64 }

// Injection is what is done to one attempt. The zero value is nothing.
type Injection struct {
	// Latency comes first; 0 for none.
	Latency time.Duration
	// Panic says that the attempt panics in place of running.
	Panic bool
	// Failure is what it fails with in place of running; empty if it runs.
	Failure policies.Fault
}

// Decide says what is injected under c: each thing if its number is below its
// rate, so that 0 is never and 1 always. A panic wins over a failure. c must
// not be nil.
func Decide(c *policies.Chaos, d Draw) Injection {
	var i Injection
	if !c.Enabled {
		return i
	}
	if d.Latency < c.LatencyRate {
		i.Latency = c.Latency
	}
	switch {
	case d.Panic < c.PanicRate:
		i.Panic = true
	case d.Failure < c.FailureRate:
		i.Failure = c.Failure
	}
	return i
}
