package actors

import (
	"fmt"
	"time"
)

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

func (e WorkerRestarted) String() string {
	return fmt.Sprintf("worker %s restarted as incarnation %d: %v", e.Worker, e.Incarnation, e.Reason)
}

func (e WorkerStopped) String() string {
	return fmt.Sprintf("worker %s was stopped from outside", e.Worker)
}

func (e ConcurrencyChanged) String() string {
	return fmt.Sprintf("%s may run %d attempts at a time, was %d (latency %s, %s without a queue)", e.Target, e.To, e.From,
		e.Latency.Round(time.Microsecond), e.Base.Round(time.Microsecond))
}

func (e TargetPaused) String() string {
	return fmt.Sprintf("target %s paused for %s, as its server asked: %v", e.Target, e.Until.Sub(e.At).Round(time.Millisecond), e.Err)
}

func (e TargetStarted) String() string { return "target " + e.Target + " started" }

func (e TargetStopped) String() string {
	return fmt.Sprintf("target %s stopped: %v", e.Target, e.Reason)
}
