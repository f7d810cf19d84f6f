package breaker

import "time"

// Reason says why a transition happened.
type Reason string

const (
	// ReasonConsecutiveFailures: FailureThreshold failures in a row.
	ReasonConsecutiveFailures Reason = "consecutive_failures"
	// ReasonFailureRate: too large a share of failures in the window.
	ReasonFailureRate Reason = "failure_rate"
	// ReasonSlowCallRate: too large a share of slow calls in the window.
	ReasonSlowCallRate Reason = "slow_call_rate"
	// ReasonFailureCost: the failures in the window cost too much.
	ReasonFailureCost Reason = "failure_cost"
	// ReasonRecoveryTimeout: the open time is over.
	ReasonRecoveryTimeout Reason = "recovery_timeout"
	// ReasonProbeFailed: a probe failed, or was slow where slow calls count.
	ReasonProbeFailed Reason = "probe_failed"
	// ReasonProbeLeaseExpired: a probe did not settle within its lease.
	ReasonProbeLeaseExpired Reason = "probe_lease_expired"
	// ReasonProbesSucceeded: SuccessThreshold probes succeeded.
	ReasonProbesSucceeded Reason = "probes_succeeded"
	// ReasonForcedOpen: [Machine.ForceOpen] was called.
	ReasonForcedOpen Reason = "forced_open"
	// ReasonForcedOpenExpired: the end given to ForceOpen has come.
	ReasonForcedOpenExpired Reason = "forced_open_expired"
	// ReasonForcedClosed: [Machine.ForceClose] was called.
	ReasonForcedClosed Reason = "forced_closed"
	// ReasonDisabled: [Machine.Disable] was called.
	ReasonDisabled Reason = "disabled"
	// ReasonReset: [Machine.Reset] was called.
	ReasonReset Reason = "reset"
	// ReasonRestartIntensity: the target's workers were restarted more often than
	// its policy allows. It comes from outside, through [Machine.Trip].
	ReasonRestartIntensity Reason = "restart_intensity"
	// ReasonExternalWall: a call met a used-up quota or the like, see
	// [policies.Walled].
	ReasonExternalWall Reason = "external_wall"
	// ReasonReconfigured: [Machine.Configure] switched the breaker on or off.
	ReasonReconfigured Reason = "reconfigured"
)

// Transition is one change of state, or a reset that came back to the same.
type Transition struct {
	From, To State
	Reason   Reason
	// At is the now that was passed to the call that caused it.
	At time.Time
	// Generation is the one the transition begins.
	Generation uint64
	// Until is when an open state ends by itself. Zero in every other
	// state, and in a forced one without an end.
	Until time.Time
	// Wall is when the external wall that opened the machine ends, if that
	// is known: after Until where MaxWall bounds it. Zero otherwise.
	Wall time.Time
}

// Effect is what settling one permit did.
type Effect struct {
	// Stale is true when the permit was not the present generation's, or
	// was a probe's that had been settled before. Nothing but Counts.Stale
	// changed.
	Stale bool
	// Transition is what the outcome caused, nil if it caused none.
	Transition *Transition
}
