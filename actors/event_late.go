package actors

import (
	"fmt"

	"github.com/holdfast-go/holdfast/policies"
)

// LateFailure says that something failed after the operation that began it had
// ended well: a stream that broke off, or reported an error, after its first
// event.
type LateFailure struct {
	Header
	Operation string
	// Attempt is the attempt that began it, from 1.
	Attempt int
	Err     error
	// Outcome is what it means to the breaker.
	Outcome policies.Outcome
	// Condition is the stable name of what the error means.
	Condition string
}

func (e LateFailure) String() string {
	return fmt.Sprintf("%s on %s failed after it had succeeded (%s): %v", e.Operation, e.Target, e.Condition, e.Err)
}
