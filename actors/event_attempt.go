package actors

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// AttemptStarted says that one execution of an operation begins. It is
// published only if the supervisor has a logger at level Debug.
type AttemptStarted struct {
	Header
	Operation string
	// Attempt counts from 1.
	Attempt     int
	MaxAttempts int
}

// AttemptFailed says that one execution of an operation did not succeed.
type AttemptFailed struct {
	Header
	Operation string
	// Attempt counts from 1.
	Attempt int
	Err     error
	// Outcome is what the attempt means to the breaker.
	Outcome policies.Outcome
	// Condition is the stable name of what the error means ("net.refused").
	Condition string
}

// AttemptAbandoned says that an attempt did not end within its time and was
// left behind: its operation goes on without it, its worker is replaced.
type AttemptAbandoned struct {
	Header
	Operation string
	// Attempt counts from 1.
	Attempt int
	// Worker is the id of the worker's PID.
	Worker string
	// After is how long it had.
	After time.Duration
	// Running is how many functions of the target run on like this now.
	Running int
}

// AttemptReturned says that the function of an attempt that was left behind has
// returned.
type AttemptReturned struct {
	Header
	Operation string
	// Attempt counts from 1.
	Attempt int
	// Worker is the id of the worker's PID, which ends.
	Worker string
	// Ran is how long the function took.
	Ran time.Duration
	// Running is how many functions of the target run on like this now.
	Running int
}

// HedgeStarted says that an attempt took so long that another of its operation
// began beside it.
type HedgeStarted struct {
	Header
	Operation string
	// Attempt is the number of the one that began.
	Attempt int
	// After is how long the other had run.
	After time.Duration
}

func (e AttemptStarted) String() string {
	return fmt.Sprintf("attempt %d of %d of %s on %s", e.Attempt, e.MaxAttempts, e.Operation, e.Target)
}

func (e AttemptFailed) String() string {
	return fmt.Sprintf("attempt %d of %s on %s failed (%s): %v", e.Attempt, e.Operation, e.Target, e.Condition, e.Err)
}

func (e AttemptAbandoned) String() string {
	return fmt.Sprintf("attempt %d of %s on %s left behind after %s; its function runs on, %d in all", e.Attempt, e.Operation,
		e.Target, e.After, e.Running)
}

func (e AttemptReturned) String() string {
	return fmt.Sprintf("the function of attempt %d of %s on %s, left behind, returned after %s; %d run on", e.Attempt, e.Operation,
		e.Target, e.Ran, e.Running)
}

func (e HedgeStarted) String() string {
	return fmt.Sprintf("attempt %d of %s on %s begins beside one that has run for %s", e.Attempt, e.Operation, e.Target,
		e.After.Round(time.Microsecond))
}
