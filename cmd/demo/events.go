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

// tell says how an event of the supervisor is shown, mostly in one line. There
// is none for those that say nothing new beside the others: a failed attempt is
// followed by a retry or by the operation's end, and the ends are shown for
// both clients alike, from the journal.
func (n fileNames) tell(e actors.Event) (l label, lines []string) {
	one := func(l label, format string, a ...any) (label, []string) {
		return l, []string{fmt.Sprintf(format, a...)}
	}
	switch e := e.(type) {
	case actors.BreakerChanged:
		return labelBreaker, []string{change(e.Transition)}
	case actors.RetryScheduled:
		return labelRetry, []string{retryText(e.Operation, e.Attempt, e.Wait, e.Err)}
	case actors.OperationParked:
		return one(labelParked, "%s waits for the breaker", e.Operation)
	case actors.CallsRefused:
		if e.Count == 1 {
			return one(labelRefused, "1 call turned away by the open breaker")
		}
		return one(labelRefused, "%d calls turned away by the open breaker", e.Count)
	case actors.WorkerRestarted:
		return one(labelRestart, "%s, now incarnation %d: %s", path.Base(e.Worker), e.Incarnation, brief(e.Reason))
	case actors.StaleOutcome:
		return one(labelStale, "a late %s outcome, which counts for nobody", e.Outcome)
	case actors.PoliciesApplied:
		return labelReload, n.applied(e)
	case actors.PoliciesRejected:
		return labelInvalid, n.rejected(e)
	case actors.WatchDegraded:
		return labelNote, hanging(e.String())
	case actors.TargetStopped:
		if errors.Is(e.Reason, supervisor.ErrShutdown) {
			return "", nil
		}
		return labelNote, []string{e.String()}
	case actors.WorkerStopped, actors.RetryBudgetExhausted:
		return labelNote, []string{e.String()}
	}
	return "", nil
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

// record collects what -json reports of the events. Its add is for one
// goroutine at a time.
type record struct {
	start       time.Time
	transitions []transition
	reloads     reloads
}

func (r *record) add(e actors.Event) {
	switch e := e.(type) {
	case actors.BreakerChanged:
		t := e.Transition
		r.transitions = append(r.transitions, transition{
			Target: e.Target, From: t.From.String(), To: t.To.String(),
			Reason: string(t.Reason), AtMS: milliseconds(t.At.Sub(r.start)),
		})
	case actors.PoliciesApplied:
		r.reloads.Applied++
	case actors.PoliciesRejected:
		r.reloads.Rejected++
	}
}
