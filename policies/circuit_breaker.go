package policies

import (
	"math"
	"time"
)

// Never as a threshold turns its rule off. In a file it is written "never".
const Never = math.MaxInt32

// Breaker is the circuit-breaker half of a [Policy].
type Breaker struct {
	// Enabled false lets everything through and counts nothing.
	// Default true.
	Enabled bool `koanf:"enabled"`

	// FailureThreshold is the number of consecutive failures that trips
	// the breaker. Default 5, at least 1, [Never] for no such rule.
	FailureThreshold int `koanf:"failure_threshold"`
	// FailureRate is the share of failures in the window that trips the
	// breaker, over 0 up to 1. Default 0, no such rule.
	FailureRate float64 `koanf:"failure_rate"`
	// SlowCallRate is the share of slow calls in the window that trips the
	// breaker, over 0 up to 1. Default 0, no such rule.
	SlowCallRate float64 `koanf:"slow_call_rate"`
	// SlowCallDuration is the running time from which on a call is slow.
	// Default 60 s, over 0.
	SlowCallDuration time.Duration `koanf:"slow_call_duration"`
	// WindowCalls is the size of the window of the two rates, in calls.
	// Default 100, at least 1, at most 100,000.
	WindowCalls int `koanf:"window_calls"`
	// WindowDuration, when set, makes it a window of time: the calls of the
	// last WindowDuration count, whatever their number. Default 0, at most 24 h.
	WindowDuration time.Duration `koanf:"window_duration"`
	// MinimumCalls is the number of calls the window must hold before a
	// rate can trip. Default 20, in a file no more than WindowCalls; at
	// least 1, at most WindowCalls where the window is one of calls.
	MinimumCalls int `koanf:"minimum_calls"`

	// RecoveryTimeout is how long the breaker stays open before it probes.
	// Default 60 s, over 0, at most 24 h.
	RecoveryTimeout time.Duration `koanf:"recovery_timeout"`
	// RecoveryMultiplier lengthens the open time after each failed probe.
	// Default 2, at least 1, at most 100.
	RecoveryMultiplier float64 `koanf:"recovery_multiplier"`
	// MaxRecoveryTimeout bounds the open time. Default 10 min, in a file no
	// less than RecoveryTimeout; at least RecoveryTimeout, at most 24 h.
	MaxRecoveryTimeout time.Duration `koanf:"max_recovery_timeout"`
	// RecoveryJitter lengthens each open time by a random share of itself up
	// to this, never past MaxRecoveryTimeout, so that many processes do not
	// probe in step. Default 0.1, from 0 to 1.
	RecoveryJitter float64 `koanf:"recovery_jitter"`

	// HalfOpenMaxCalls is how many probes may run at a time. Default 1,
	// at least 1, at most 10,000.
	HalfOpenMaxCalls int `koanf:"half_open_max_calls"`
	// SuccessThreshold is the number of successful probes that closes the
	// breaker. Default 2, at least 1, at most 10,000.
	SuccessThreshold int `koanf:"success_threshold"`
	// ProbeLease is how long a probe may run before it counts as a failure
	// and its slot is given back. Default 60 s, over 0, at most 24 h.
	ProbeLease time.Duration `koanf:"probe_lease"`
}
