package actors

import "fmt"

// OperationParked says that an operation waits for its target's breaker to
// let calls through.
type OperationParked struct {
	Header
	Operation string
	// Attempt is the number of the attempt to come.
	Attempt int
}

// OperationFailed says that an operation failed for good.
type OperationFailed struct {
	Header
	Operation string
	// Attempts is how many executions it had.
	Attempts int
	// Err is what the caller got.
	Err error
}

// OperationFellBack says that an operation which failed goes on elsewhere.
type OperationFellBack struct {
	Header
	// Operation is its id on the target it failed on, empty if it was refused
	// before it had one.
	Operation string
	// To is the target it is tried on next, empty for the caller's own
	// fallback.
	To string
	// Err is what it failed with.
	Err error
}

func (e OperationParked) String() string {
	return fmt.Sprintf("%s on %s parked until the breaker lets calls through", e.Operation, e.Target)
}

func (e OperationFailed) String() string {
	return fmt.Sprintf("%s failed for good: %v", e.Operation, e.Err)
}

func (e OperationFellBack) String() string {
	to := e.To
	if to == "" {
		to = "its caller's own fallback"
	}
	return fmt.Sprintf("an operation on %s falls back to %s: %v", e.Target, to, e.Err)
}
