package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// FallbackError says that an operation failed on its target, and then on those
// it fell back to. errors.Is and errors.As reach the errors of all of them, the
// last one's first.
type FallbackError struct {
	// Targets are the names of the targets, in the order they were tried.
	Targets []string
	// Errs are their errors, in the same order.
	Errs []error
}

// failedOnBoth adds the error of a target to that of what was tried after it.
func failedOnBoth(target string, err error, next string, nextErr error) error {
	more, ok := nextErr.(*FallbackError)
	if !ok {
		more = &FallbackError{Targets: []string{next}, Errs: []error{nextErr}}
	}
	return &FallbackError{
		Targets: slices.Concat([]string{target}, more.Targets),
		Errs:    slices.Concat([]error{err}, more.Errs),
	}
}

func (e *FallbackError) Error() string {
	all := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		all[i] = err.Error()
	}
	return fmt.Sprintf("operation failed on %s: %s", strings.Join(e.Targets, ", then on "), strings.Join(all, "; "))
}

// Unwrap gives the errors, the last one first.
func (e *FallbackError) Unwrap() []error {
	all := slices.Clone(e.Errs)
	slices.Reverse(all)
	return all
}

// Retryable says, to an operation within whose attempt this error came up,
// that it is not to run again for it.
func (e *FallbackError) Retryable() bool { return false }

// BreakerOutcome says that it counts for nobody there.
func (e *FallbackError) BreakerOutcome() policies.Outcome { return policies.Ignored }
