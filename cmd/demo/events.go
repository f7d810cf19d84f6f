package main

import (
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// line says how an event of the supervisor is shown; shown is false for those
// that say nothing new beside the others: a failed attempt is followed by a
// retry or by the operation's end, and the ends are shown for both clients
// alike, from the journal.
func line(e actors.Event) (l label, text string, shown bool) {
	switch e := e.(type) {
	case actors.BreakerChanged:
		return labelBreaker, change(e.Transition), true
	case actors.RetryScheduled:
		return labelRetry, retryText(e.Operation, e.Attempt, e.Wait, e.Err), true
	case actors.OperationParked:
		return labelParked, e.Operation + " waits for the breaker", true
	case actors.CallsRefused:
		return labelRefused, fmt.Sprintf("%d calls turned away by the open breaker", e.Count), true
	case actors.WorkerRestarted:
		return labelRestart, fmt.Sprintf("%s, now incarnation %d: %s", path.Base(e.Worker), e.Incarnation, brief(e.Reason)), true
	case actors.StaleOutcome:
		return labelStale, fmt.Sprintf("a late %s outcome, which counts for nobody", e.Outcome), true
	case actors.TargetStopped:
		return labelNote, e.String(), !errors.Is(e.Reason, supervisor.ErrShutdown)
	case actors.WorkerStopped:
		return labelNote, e.String(), true
	}
	return "", "", false
}

// change tells of a breaker's transition, and when an open one will probe.
func change(t breaker.Transition) string {
	text := fmt.Sprintf("%s -> %s: %s", t.From, t.To, reasonText(t.Reason))
	if !t.Until.IsZero() {
		text += ", probes in " + short(t.Until.Sub(t.At))
	}
	return text
}

func reasonText(r breaker.Reason) string {
	switch r {
	case breaker.ReasonConsecutiveFailures:
		return "too many failures in a row"
	case breaker.ReasonRecoveryTimeout:
		return "rested enough, tries again"
	case breaker.ReasonProbeFailed:
		return "the probe failed"
	case breaker.ReasonProbesSucceeded:
		return "the probes succeeded"
	}
	return string(r)
}

// retryText is the line of a retry, the same for both clients.
func retryText(operation string, attempt int, wait time.Duration, err error) string {
	return fmt.Sprintf("%s attempt %d in %s: %s", operation, attempt, short(wait), brief(err))
}

// record collects what -json reports of the breaker. Its add is for one
// goroutine at a time.
type record struct {
	start       time.Time
	transitions []transition
}

func (r *record) add(e actors.Event) {
	changed, ok := e.(actors.BreakerChanged)
	if !ok {
		return
	}
	t := changed.Transition
	r.transitions = append(r.transitions, transition{
		Target: changed.Target, From: t.From.String(), To: t.To.String(),
		Reason: string(t.Reason), AtMS: milliseconds(t.At.Sub(r.start)),
	})
}
