package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// An event that nobody shows might as well not have happened.
func TestTellShowsWhatMatters(t *testing.T) {
	now := time.Unix(100, 0)
	broken := errors.New("broken")
	for _, tc := range []struct {
		event actors.Event
		label label
		text  string
	}{
		{actors.BreakerChanged{Transition: breaker.Transition{
			From: breaker.Closed, To: breaker.Open, Reason: breaker.ReasonConsecutiveFailures, At: now, Until: now.Add(412 * time.Millisecond),
		}}, labelBreaker, "closed -> open: too many failures in a row, probes in 412 ms"},
		{actors.BreakerChanged{Transition: breaker.Transition{From: breaker.Open, To: breaker.HalfOpen, Reason: breaker.ReasonRecoveryTimeout}},
			labelBreaker, "open -> half_open: rested enough, tries again"},
		{actors.BreakerChanged{Transition: breaker.Transition{From: breaker.HalfOpen, To: breaker.Open, Reason: breaker.ReasonProbeFailed}},
			labelBreaker, "half_open -> open: the probe failed"},
		{actors.BreakerChanged{Transition: breaker.Transition{From: breaker.HalfOpen, To: breaker.Closed, Reason: breaker.ReasonProbesSucceeded}},
			labelBreaker, "half_open -> closed: the probes succeeded"},
		{actors.BreakerChanged{Transition: breaker.Transition{From: breaker.Closed, To: breaker.Open, Reason: breaker.ReasonSlowCallRate}},
			labelBreaker, "closed -> open: slow_call_rate"},
		{actors.RetryScheduled{Operation: "op-1", Attempt: 2, Wait: 150 * time.Millisecond, Err: broken},
			labelRetry, "op-1 attempt 2 in 150 ms: broken"},
		{actors.OperationParked{Operation: "op-1"}, labelParked, "op-1 waits for the breaker"},
		{actors.CallsRefused{Count: 7}, labelRefused, "7 calls turned away by the open breaker"},
		{actors.WorkerRestarted{Worker: "holdfast/t/worker-3", Incarnation: 2, Reason: broken},
			labelRestart, "worker-3, now incarnation 2: broken"},
		{actors.TargetStopped{Header: actors.Header{Target: "t"}, Reason: broken}, labelNote, "target t stopped: broken"},
		{actors.StaleOutcome{Outcome: policies.Failure}, labelStale, "a late failure outcome, which counts for nobody"},
		{actors.PoliciesApplied{}, labelReload, "valid again, and as it was"},
		{actors.PoliciesRejected{Err: broken}, labelInvalid, "rejected, the policies stay as they were: broken"},
		{actors.WatchDegraded{Err: broken}, labelNote, "changes to the configuration are found by polling: broken"},
		{actors.RetryBudgetExhausted{Header: actors.Header{Target: "t"}, Count: 2}, labelNote, "2 further attempts on t not made: the retry budget is exhausted"},
		{actors.WorkerStopped{Worker: "w"}, labelNote, "worker w was stopped from outside"},
	} {
		l, lines := fileNames{}.tell(tc.event)
		assert.Equal(t, tc.label, l)
		assert.Equal(t, []string{tc.text}, lines)
	}
	for _, e := range []actors.Event{actors.AttemptFailed{}, actors.OperationFailed{}, actors.TargetStarted{}, actors.TargetStopped{Reason: supervisor.ErrShutdown}} {
		_, lines := fileNames{}.tell(e)
		assert.Empty(t, lines, "%T says nothing new", e)
	}
}

// What -json reports is counted here: other events must not count.
func TestRecordKeepsTransitionsAndCountsReloads(t *testing.T) {
	start := time.Unix(100, 0)
	r := record{start: start}
	r.add(actors.OperationParked{})
	r.add(actors.PoliciesApplied{})
	r.add(actors.PoliciesRejected{})
	r.add(actors.PoliciesApplied{})
	r.add(actors.BreakerChanged{
		Header: actors.Header{Target: modelAPI},
		Transition: breaker.Transition{
			From: breaker.Open, To: breaker.HalfOpen, Reason: breaker.ReasonRecoveryTimeout, At: start.Add(1500 * time.Microsecond),
		},
	})
	assert.Equal(t, []transition{
		{Target: modelAPI, From: "open", To: "half_open", Reason: "recovery_timeout", AtMS: 1.5},
	}, r.transitions)
	assert.Equal(t, reloads{Applied: 2, Rejected: 1}, r.reloads)
}
