package actors

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/chaos"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// hostile is an error that can't say what it is.
type hostile struct{}

func (*hostile) Error() string { panic("in Error") }

// If it failed, a line of a log would be unreadable, or not say which target
// it is about.
func TestEveryEventIsOneReadableLine(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	h := Header{Target: "api", At: at}
	open := breaker.Transition{From: breaker.Closed, To: breaker.Open, Reason: breaker.ReasonConsecutiveFailures,
		At: at, Until: at.Add(time.Minute)}
	for want, e := range map[string]Event{
		"breaker api: closed -> open (consecutive_failures), until 1m0s from now: plain failure": BreakerChanged{h, open, errPlain},
		"breaker api: closed -> open (external_wall), until 1m0s from now: plain failure": BreakerChanged{h, breaker.Transition{
			From: breaker.Closed, To: breaker.Open, Reason: breaker.ReasonExternalWall, At: at, Until: at.Add(time.Minute), Wall: at.Add(time.Minute)}, errPlain},
		"breaker api: closed -> open (external_wall), until 1m0s from now (max_wall; the wall stands for 1h0m0s): plain failure": BreakerChanged{h, breaker.Transition{
			From: breaker.Closed, To: breaker.Open, Reason: breaker.ReasonExternalWall, At: at, Until: at.Add(time.Minute), Wall: at.Add(time.Hour)}, errPlain},
		"breaker api: open -> half_open (recovery_timeout)": BreakerChanged{h, breaker.Transition{
			From: breaker.Open, To: breaker.HalfOpen, Reason: breaker.ReasonRecoveryTimeout, At: at}, nil},
		"chaos in attempt 2 of op-1 on api: 1s later http.503":                        FaultInjected{h, "op-1", 2, chaos.Injection{Latency: time.Second, Failure: policies.FaultUnavailable}},
		"chaos in attempt 2 of op-1 on api: a panic":                                  FaultInjected{h, "op-1", 2, chaos.Injection{Panic: true}},
		"attempt 2 of 4 of op-1 on api":                                               AttemptStarted{h, "op-1", 2, 4},
		"attempt 2 of op-1 on api failed (unknown): plain failure":                    AttemptFailed{h, "op-1", 2, errPlain, policies.Failure, "unknown"},
		"attempt 3 of op-1 on api in 1.235s (computed wait)":                          RetryScheduled{h, "op-1", 3, 1234567 * time.Microsecond, retry.Computed, errPlain},
		"op-1 on api parked until the breaker lets calls through":                     OperationParked{h, "op-1", 2},
		"worker api/worker-1 restarted as incarnation 2: plain failure":               WorkerRestarted{h, "api/worker-1", 2, errPlain},
		"worker api/worker-1 was stopped from outside":                                WorkerStopped{h, "api/worker-1"},
		"op-1 failed for good: plain failure":                                         OperationFailed{h, "op-1", 3, errPlain},
		"7 calls to api refused by its breaker":                                       CallsRefused{h, 7},
		"1 call to api refused by its breaker":                                        CallsRefused{h, 1},
		"7 further attempts on api not made: the retry budget is exhausted":           RetryBudgetExhausted{h, "", 7},
		"1 further attempt on api not made: the retry budget \"models\" is exhausted": RetryBudgetExhausted{h, "models", 1},
		"api may run 12 attempts at a time, was 8 (latency 61ms, 50.123ms without a queue)": ConcurrencyChanged{h, 8, 12,
			61 * time.Millisecond, 50123456 * time.Nanosecond},
		"late success on api ignored: admitted in generation 1, now 3": StaleOutcome{h, policies.Success, 1, 3},
		"target api started":                                             TargetStarted{h},
		"target api stopped: plain failure":                              TargetStopped{h, errPlain},
		"target api passivated (idle), its breaker closed and forgotten": TargetPassivated{h, PassivatedIdle, breaker.Closed, false},
		"target api passivated (max_keys), its breaker open":             TargetPassivated{h, PassivatedForRoom, breaker.Open, true},
		"breaker of api forgotten, open, to make room for another key":   KeyEvicted{h, breaker.Open},
		"policies applied, 0 settings changed":                           PoliciesApplied{Header: h},
		"policies applied, 1 setting changed; db: pool.workers 1 -> 2 (a.json:3:5)": PoliciesApplied{h, []string{"db"}, []policies.Change{
			{Target: "db", Path: "pool.workers", Old: "1", New: "2", Origin: policies.Origin{Source: "a.json", Line: 3, Column: 5}}}},
		"policies applied, 12 settings changed" + strings.Repeat("; a added", 10) + "; and 2 more": PoliciesApplied{h, nil, slices.Repeat([]policies.Change{{Target: "a", New: "api"}}, 12)},
		"policies rejected, those before stay: plain failure":                                      PoliciesRejected{h, errPlain},
		"breaker api lets 1 at a time through, and 64 in 30s":                                      RampStarted{h, at.Add(30 * time.Second), 1, 64},
		"breaker api lets everything through again":                                                RampEnded{h},
		"probe of api succeeded in 1.235s":                                                         Probed{h, policies.Success, "", nil, 1234567 * time.Microsecond},
		"probe of api failed (net.refused, counts as failure): plain failure":                      Probed{h, policies.Failure, "net.refused", errPlain, time.Second},
		"changes to the configuration are found by polling: plain failure":                         WatchDegraded{h, errPlain},
	} {
		assert.Equal(t, want, e.String())
		assert.Equal(t, h, e.About())
		e.sealed()
	}
}

// If it failed, an error of the user's would crash whoever prints an event.
func TestEventsOfHostileErrorsCanBePrinted(t *testing.T) {
	bad := (*hostile)(nil)
	for _, e := range []Event{
		BreakerChanged{Cause: bad}, AttemptFailed{Err: bad}, WorkerRestarted{Reason: bad},
		OperationFailed{Err: bad}, TargetStopped{Reason: bad}, PoliciesRejected{Err: bad}, WatchDegraded{Err: bad}, Probed{Err: bad},
	} {
		assert.NotPanics(t, func() { assert.NotEmpty(t, e.String()) })
	}
}
