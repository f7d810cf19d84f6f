package supervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// What errors.Is finds in the errors of this package.
var (
	// ErrOpen: an open circuit breaker refused the call.
	ErrOpen = actors.ErrOpen
	// ErrShutdown: the supervisor has been shut down.
	ErrShutdown = errors.New("the supervisor is shut down")
	// ErrTargetStopped: the target's workers were restarted more often than
	// its policy allows, and the policy says to stop it; or somebody stopped
	// its actor.
	ErrTargetStopped = errors.New("the target was stopped; Target.Start starts it again")
	// ErrOverloaded: as many operations wait as the policy allows.
	ErrOverloaded = errors.New("too many operations wait; raise pool.max_pending or pool.workers, or send fewer")
	// ErrMaxElapsed: the policy's max_elapsed passed while the operation
	// waited for its first attempt.
	ErrMaxElapsed = errors.New("max_elapsed passed before the first attempt")
	// ErrQueueWait: the policy's max_queue_wait passed while the operation
	// waited for a worker, or for its turn.
	ErrQueueWait = errors.New("max_queue_wait passed before there was a worker; raise it, or pool.workers or rate_limit.rate, or send fewer")
	// ErrRateLimited: the operation's turn has not come; see [RateLimitError].
	ErrRateLimited = errors.New("the target's rate is used up")
	// ErrTooManyAbandoned: as many functions as the policy allows still run
	// although their attempts were left behind.
	ErrTooManyAbandoned = errors.New("too many functions ignore the end of their context and still run; " +
		"have them heed it, or raise pool.max_abandoned")
	// ErrNilFunction: there is nothing to run.
	ErrNilFunction = errors.New("the function is nil")
	// ErrNilContext: the context is nil.
	ErrNilContext = errors.New("the context is nil; use context.Background()")
	// ErrUnknownTarget: no policy names the target.
	ErrUnknownTarget = policies.ErrUnknownTarget
	// ErrConflict: a breaker was asked for with other settings than it has.
	ErrConflict = errors.New("the breaker exists with other settings")
	// ErrGoexit: the function called runtime.Goexit.
	ErrGoexit = actors.ErrGoexit
	// ErrNoWorker: a payload was sent to a target without stateful workers.
	ErrNoWorker = actors.ErrNoWorker
)

// The errors with data that come from the actors.
type (
	// OpenError is a refusal by an open breaker.
	OpenError = actors.OpenError
	// PanicError is the error of an attempt that panicked.
	PanicError = actors.PanicError
	// FactoryError says that a stateful worker could not be made.
	FactoryError = actors.FactoryError
)

// Reasons for the end of an operation besides those of package retry.
const (
	ReasonShutdown      retry.Reason = "shutdown"
	ReasonTargetStopped retry.Reason = "target_stopped"
	ReasonOverloaded    retry.Reason = "overloaded"
	ReasonRateLimited   retry.Reason = "rate_limited"
)

// RejectedError says that an operation never ran. Refusals by a breaker have
// a type of their own, [OpenError].
type RejectedError struct {
	// Target is the name the operation was sent to.
	Target string
	// Err says why: one of the sentinels of this package, an error of
	// package policies, or the cause of the caller's context.
	Err error
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("operation on %q rejected: %v", e.Target, e.Err)
}

// Unwrap gives the reason.
func (e *RejectedError) Unwrap() error { return e.Err }

// Retryable says, to an operation within whose attempt this error came up,
// that it is not to run again for it.
func (e *RejectedError) Retryable() bool { return false }

// BreakerOutcome says that it counts for nobody there.
func (e *RejectedError) BreakerOutcome() policies.Outcome { return policies.Ignored }

// RateLimitError says that an operation's turn had not come: the target's
// rate_limit is used up, or its server asked to be left alone. It is found
// within a [RejectedError], and errors.Is finds [ErrRateLimited].
type RateLimitError struct {
	// RetryAfter is when an attempt might begin, as far as that is known.
	RetryAfter time.Duration
	// Paused says that the server asked for it.
	Paused bool
}

func (e *RateLimitError) Error() string {
	wait := e.RetryAfter.Round(time.Millisecond)
	if e.Paused {
		return fmt.Sprintf("its server asked to be left alone; come again in %s", wait)
	}
	return fmt.Sprintf("its rate_limit is used up; come again in %s, or raise rate_limit.rate", wait)
}

// Is makes errors.Is(err, ErrRateLimited) true.
func (e *RateLimitError) Is(target error) bool { return target == ErrRateLimited }

// gaveUpError says that the caller's context ended before the operation ran.
// Its text is made when somebody reads it: the cause is the caller's own.
type gaveUpError struct{ cause error }

func (e *gaveUpError) Error() string {
	return fmt.Sprintf("gave up before the first attempt: %v", e.cause)
}
func (e *gaveUpError) Unwrap() error { return e.cause }

// ExhaustedError says that an operation ran without success and will not run
// again. errors.Is and errors.As reach the last attempt's own error, and the
// cause.
type ExhaustedError struct {
	// Target is the target's name.
	Target string
	// Operation is the operation's id.
	Operation string
	// Attempts is how many executions there were.
	Attempts int
	// Waited is the sum of the waits between them.
	Waited time.Duration
	// Reason says why there is no further attempt.
	Reason retry.Reason
	// Err is the last attempt's error, nil if the first one still runs, left
	// behind by its caller.
	Err error
	// Cause is what ended the operation if that was not an attempt: an
	// *OpenError, the cause of the caller's context, ErrShutdown,
	// ErrRetryBudget. May be nil.
	Cause error
}

func (e *ExhaustedError) Error() string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", e.Attempts)
	}
	s := fmt.Sprintf("operation on %q failed after %s (%s)", e.Target, attempts, e.Reason)
	if e.Cause != nil {
		s += fmt.Sprintf(": %v", e.Cause)
	}
	if e.Err != nil {
		s += fmt.Sprintf(": %v", e.Err)
	}
	return s
}

// Retryable says, to an operation within whose attempt this error came up,
// that it is not to run again for it: the inner operation has been retried, and
// only one of the two is to do that.
func (e *ExhaustedError) Retryable() bool { return false }

// BreakerOutcome says that it counts for nobody there: the inner operation's
// breaker has counted it.
func (e *ExhaustedError) BreakerOutcome() policies.Outcome { return policies.Ignored }

// Unwrap gives the last attempt's error and the cause.
func (e *ExhaustedError) Unwrap() []error {
	var errs []error
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	if e.Cause != nil {
		errs = append(errs, e.Cause)
	}
	return errs
}

// AttemptTimeoutError says that an attempt did not end within its
// attempt_timeout. errors.Is finds [context.DeadlineExceeded].
type AttemptTimeoutError struct {
	// Target is the target's name.
	Target string
	// Timeout is the policy's.
	Timeout time.Duration
	// Err is what the function returned when its context ended, nil if it
	// did not return and was left behind.
	Err error
}

func (e *AttemptTimeoutError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("the attempt on %q took longer than attempt_timeout, %s, and was left behind", e.Target, e.Timeout)
	}
	return fmt.Sprintf("the attempt on %q took longer than attempt_timeout, %s: %v", e.Target, e.Timeout, e.Err)
}

// Is makes errors.Is(err, context.DeadlineExceeded) true.
func (e *AttemptTimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Unwrap gives the function's own error.
func (e *AttemptTimeoutError) Unwrap() error { return e.Err }

// RestartsError says that a target's workers were restarted more often than its
// policy allows. Events carry it; callers don't meet it.
type RestartsError struct {
	MaxRestarts int
	Within      time.Duration
	// Err is what the last of them was for.
	Err error
}

func (e *RestartsError) Error() string {
	return fmt.Sprintf("more than %d worker restarts within %s, the last for: %v", e.MaxRestarts, e.Within, e.Err)
}

// Unwrap gives the last restart's reason.
func (e *RestartsError) Unwrap() error { return e.Err }

// ConflictError says that a breaker was asked for with settings it does not
// have. errors.Is finds [ErrConflict].
type ConflictError struct {
	Name       string
	Have, Want policies.Breaker
}

func (e *ConflictError) Error() string {
	have, want := policies.Describe(policies.Policy{Breaker: e.Have}), policies.Describe(policies.Policy{Breaker: e.Want})
	var differ []string
	for i, field := range have {
		if field.Value != want[i].Value {
			differ = append(differ, fmt.Sprintf("%s is %s, asked for was %s", field.Path, field.Value, want[i].Value))
		}
	}
	return fmt.Sprintf("breaker %q: %v: %s", e.Name, ErrConflict, strings.Join(differ, "; "))
}

// Is makes errors.Is(err, ErrConflict) true.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// ResultTypeError says that a worker answered [Ask] with another type than
// the caller wants. It is not retried.
type ResultTypeError struct {
	Target     string
	Got        any
	WantedType string
}

func (e *ResultTypeError) Error() string {
	return fmt.Sprintf("the worker of %q returned a %T, asked for was a %s", e.Target, e.Got, e.WantedType)
}

// Retryable says that asking again gives the same type.
func (e *ResultTypeError) Retryable() bool { return false }

// BreakerOutcome says that the mistake is the caller's.
func (e *ResultTypeError) BreakerOutcome() policies.Outcome { return policies.Ignored }

// StragglersError says which attempts still ran when Shutdown's context
// ended. Their actors stop as they return.
type StragglersError struct {
	Stragglers []Straggler
	// Cause is the cause of the context that ended the wait.
	Cause error
}

// Straggler is an attempt, or other user code, that did not end.
type Straggler struct {
	Target    string
	Operation string
}

func (e *StragglersError) Error() string {
	names := make([]string, len(e.Stragglers))
	for i, s := range e.Stragglers {
		names[i] = s.Target
		if s.Operation != "" {
			names[i] += " " + s.Operation
		}
	}
	return fmt.Sprintf("shutdown ended with %d still running (%s): %v", len(names), strings.Join(names, ", "), e.Cause)
}

// Unwrap gives the context's cause.
func (e *StragglersError) Unwrap() error { return e.Cause }
