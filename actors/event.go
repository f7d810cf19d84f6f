package actors

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/policies/worth"
)

// Event is something that happened in a supervision tree. The concrete types
// are the structs of this file and of event_recovery.go, passed by value; the set is closed. Events
// are immutable and may be kept.
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
func (Header) sealed()         {}

// BreakerChanged says that a target's breaker went from one state to another.
type BreakerChanged struct {
	Header
	Transition breaker.Transition
	// Cause is the last failure before the breaker opened, or the external
	// wall it met, nil otherwise.
	Cause error
}

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

// OperationParked says that an operation waits for its target's breaker to
// let calls through.
type OperationParked struct {
	Header
	Operation string
	// Attempt is the number of the attempt to come.
	Attempt int
}

// WorkerRestarted says that a supervisor replaced a failed worker by a fresh
// incarnation.
type WorkerRestarted struct {
	Header
	// Worker is the id of the worker's PID.
	Worker string
	// Incarnation counts from 1; the first restart makes the second.
	Incarnation int
	Reason      error
}

// WorkerStopped says that a worker ended without its supervisor's doing.
// Its place is filled on demand.
type WorkerStopped struct {
	Header
	Worker string
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

// CallsRefused says how many calls an open breaker turned away since the
// last such event. At most one a second is published for a target.
type CallsRefused struct {
	Header
	Count uint64
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

// ConcurrencyChanged says that the number of attempts that an adaptive target
// may have running has followed their latency: by a fifth or more, or at the
// least by one. At most one a second is published for a target, so that From
// and To may span many steps.
type ConcurrencyChanged struct {
	Header
	// From and To are the limit at the last such event, or at the beginning,
	// and now.
	From, To int
	// Latency is the mean of late, Base that of the target without a queue.
	Latency, Base time.Duration
}

// StaleOutcome says that an attempt ended after its breaker had moved on, so
// that its outcome changed nothing.
type StaleOutcome struct {
	Header
	Outcome policies.Outcome
	// Admitted is the breaker's generation when the attempt was let
	// through, Current the one that its outcome met.
	Admitted, Current uint64
}

// TargetPaused says that a target's server asked to be left alone, so that no
// attempt begins there until then.
type TargetPaused struct {
	Header
	Until time.Time
	// Err is the failure that said so.
	Err error
}

// TargetStarted says that a target's supervisor runs.
type TargetStarted struct{ Header }

// TargetStopped says that a target takes no more operations.
type TargetStopped struct {
	Header
	Reason error
}

// TargetPassivated says that a keyed target that nobody used was put away: its
// workers, breaker and supervisor have ended. The next operation starts it
// again, with what is remembered.
type TargetPassivated struct {
	Header
	Reason Passivation
	// State is its breaker's. Remembered is false if there was nothing that
	// the breaker must not forget.
	State      breaker.State
	Remembered bool
}

// Passivation is why a keyed target was put away.
type Passivation string

const (
	// PassivatedIdle: it had no operation for its policy's idle_timeout.
	PassivatedIdle Passivation = "idle"
	// PassivatedForRoom: it was the idle one used least recently when another
	// key needed its place.
	PassivatedForRoom Passivation = "max_keys"
)

// KeyEvicted says that what was remembered of a keyed target's breaker was
// dropped to make room for another key. If it is used again it starts closed.
type KeyEvicted struct {
	Header
	// State is the breaker's when it was put away.
	State breaker.State
}

// PoliciesApplied says that new policies are in force.
type PoliciesApplied struct {
	Header
	// Changed names the running targets whose policy changed, sorted.
	Changed []string
	// Changes are the differences between the set that was given before and
	// the one given now, with old and new values, of running targets and others.
	Changes []policies.Change
}

// PoliciesRejected says that policies that were to be put in force are wrong,
// so that those before them stay.
type PoliciesRejected struct {
	Header
	// Err says what is wrong, a policies.Errors for what a file says.
	Err error
}

// WatchDegraded says that the operating system can't tell of changes to the
// configuration's files, so that they are found by polling, later and at a
// higher cost.
type WatchDegraded struct {
	Header
	Err error
}

func (e BreakerChanged) String() string {
	t := e.Transition
	s := fmt.Sprintf("breaker %s: %s -> %s (%s)", e.Target, t.From, t.To, t.Reason)
	if !t.Until.IsZero() {
		s += fmt.Sprintf(", until %s from now", t.Until.Sub(t.At).Round(time.Millisecond))
	}
	if t.Wall.After(t.Until) {
		s += fmt.Sprintf(" (max_wall; the wall stands for %s)", t.Wall.Sub(t.At).Round(time.Millisecond))
	}
	if e.Cause != nil {
		s += fmt.Sprintf(": %v", e.Cause)
	}
	return s
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

func (e RetrySkipped) String() string {
	return fmt.Sprintf("no retry of %s on %s: %s", e.Operation, e.Target, e.Estimate)
}

func (e RetryScheduled) String() string {
	return fmt.Sprintf("attempt %d of %s on %s in %s (%s wait)", e.Attempt, e.Operation, e.Target,
		e.Wait.Round(time.Millisecond), e.Source)
}

func (e OperationParked) String() string {
	return fmt.Sprintf("%s on %s parked until the breaker lets calls through", e.Operation, e.Target)
}

func (e WorkerRestarted) String() string {
	return fmt.Sprintf("worker %s restarted as incarnation %d: %v", e.Worker, e.Incarnation, e.Reason)
}

func (e WorkerStopped) String() string {
	return fmt.Sprintf("worker %s was stopped from outside", e.Worker)
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

func (e CallsRefused) String() string {
	if e.Count == 1 {
		return "1 call to " + e.Target + " refused by its breaker"
	}
	return fmt.Sprintf("%d calls to %s refused by its breaker", e.Count, e.Target)
}

func (e RetryBudgetExhausted) String() string {
	s := counted(int(e.Count), "further attempt") + " on " + e.Target + " not made: the retry budget"
	if e.Budget != "" {
		s += fmt.Sprintf(" %q", e.Budget)
	}
	return s + " is exhausted"
}

func (e ConcurrencyChanged) String() string {
	return fmt.Sprintf("%s may run %d attempts at a time, was %d (latency %s, %s without a queue)", e.Target, e.To, e.From,
		e.Latency.Round(time.Microsecond), e.Base.Round(time.Microsecond))
}

func (e StaleOutcome) String() string {
	return fmt.Sprintf("late %s on %s ignored: admitted in generation %d, now %d", e.Outcome, e.Target, e.Admitted, e.Current)
}

func (e TargetPaused) String() string {
	return fmt.Sprintf("target %s paused for %s, as its server asked: %v", e.Target, e.Until.Sub(e.At).Round(time.Millisecond), e.Err)
}

func (e TargetStarted) String() string { return "target " + e.Target + " started" }

func (e TargetStopped) String() string {
	return fmt.Sprintf("target %s stopped: %v", e.Target, e.Reason)
}

func (e TargetPassivated) String() string {
	s := fmt.Sprintf("target %s passivated (%s), its breaker %s", e.Target, e.Reason, e.State)
	if !e.Remembered {
		s += " and forgotten"
	}
	return s
}

func (e KeyEvicted) String() string {
	return fmt.Sprintf("breaker of %s forgotten, %s, to make room for another key", e.Target, e.State)
}

func (e PoliciesApplied) String() string {
	s := fmt.Sprintf("policies applied, %s changed", counted(len(e.Changes), "setting"))
	for i, c := range e.Changes {
		if i == shownChanges {
			return s + fmt.Sprintf("; and %d more", len(e.Changes)-i)
		}
		s += "; " + c.String()
	}
	return s
}

// shownChanges bounds how many changes String lists.
const shownChanges = 10

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (e PoliciesRejected) String() string {
	return fmt.Sprintf("policies rejected, those before stay: %v", e.Err)
}

func (e WatchDegraded) String() string {
	return fmt.Sprintf("changes to the configuration are found by polling: %v", e.Err)
}
