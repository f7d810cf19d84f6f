package actors

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/policies/worth"
)

// RetrySkipped says that an operation was not retried because another attempt
// would hardly have succeeded.
type RetrySkipped struct {
	Header
	Operation string
	// Estimate is what the model says of that attempt.
	Estimate worth.Estimate
}

// RetryScheduled says that an operation will get another attempt.
type RetryScheduled struct {
	Header
	Operation string
	// Attempt is the number of the attempt to come.
	Attempt int
	// Wait is how long the operation is parked before it.
	Wait time.Duration
	// Source says who chose the wait.
	Source retry.Source
	Err    error
}

// RetryBudgetExhausted says how many further attempts, retries and hedges, were
// not made since the last such event, because the retry budget allowed none. The
// first is told at once; at most one event a second is published for a target.
type RetryBudgetExhausted struct {
	Header
	// Budget is the name of a shared budget, empty for the target's own.
	Budget string
	Count  uint64
}

func (e RetrySkipped) String() string {
	return fmt.Sprintf("no retry of %s on %s: %s", e.Operation, e.Target, e.Estimate)
}

func (e RetryScheduled) String() string {
	return fmt.Sprintf("attempt %d of %s on %s in %s (%s wait)", e.Attempt, e.Operation, e.Target,
		e.Wait.Round(time.Millisecond), e.Source)
}

func (e RetryBudgetExhausted) String() string {
	s := counted(int(e.Count), "further attempt") + " on " + e.Target + " not made: the retry budget"
	if e.Budget != "" {
		s += fmt.Sprintf(" %q", e.Budget)
	}
	return s + " is exhausted"
}
