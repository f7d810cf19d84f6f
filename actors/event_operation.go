package actors

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

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

// OperationsShed says how many operations a target refused, before they ran, for
// want of room or of their turn: the first at once, and then at most one event a
// second for a target. What its breaker refuses is in [CallsRefused].
type OperationsShed struct {
	Header
	Count uint64
	// Reasons has the counts by reason: overloaded, queue_wait, rate_limited,
	// abandoned, max_elapsed, target_stopped.
	Reasons map[string]uint64
}

func (e OperationsShed) String() string {
	var all []string
	for _, reason := range slices.Sorted(maps.Keys(e.Reasons)) {
		all = append(all, fmt.Sprintf("%d %s", e.Reasons[reason], reason))
	}
	return fmt.Sprintf("%s on %s refused: %s", counted(int(e.Count), "operation"), e.Target, strings.Join(all, ", "))
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
