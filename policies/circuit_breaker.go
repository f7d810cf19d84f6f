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
	Enabled bool `koanf:"enabled" example:"false"`

	// FailureThreshold is the number of consecutive failures that trips
	// the breaker. Default 5, at least 1, [Never] for no such rule.
	FailureThreshold int `koanf:"failure_threshold" range:"[1,never]" example:"3"`
	// FailureRate is the share of failures in the window that trips the
	// breaker, over 0 up to 1. Default 0, no such rule.
	FailureRate float64 `koanf:"failure_rate" range:"[0,1]" example:"0.5"`
	// SlowCallRate is the share of slow calls in the window that trips the
	// breaker, over 0 up to 1. Default 0, no such rule.
	SlowCallRate float64 `koanf:"slow_call_rate" range:"[0,1]" example:"0.8"`
	// SlowCallDuration is the running time from which on a call is slow.
	// Default 60 s, over 0.
	SlowCallDuration time.Duration `koanf:"slow_call_duration" range:"(0,inf)" example:"5"`
	// WindowCalls is the size of the window of the two rates, in calls.
	// Default 100, at least 1, at most 100,000.
	WindowCalls int `koanf:"window_calls" range:"[1,100000]" example:"200"`
	// WindowDuration, when set, makes it a window of time: the calls of the
	// last WindowDuration count, whatever their number. Default 0, at most 24 h.
	WindowDuration time.Duration `koanf:"window_duration" range:"[0,24h]" example:"\"1m\""`
	// MinimumCalls is the number of calls the window must hold before a
	// rate can trip. Default 20, in a file no more than WindowCalls; at
	// least 1, at most 100,000, and at most WindowCalls where the window is
	// one of calls.
	MinimumCalls int `koanf:"minimum_calls" range:"[1,100000]" example:"10"`
	// FailureCost is what failures may cost within CostWindow before the
	// breaker trips, in the unit in which supervisor.ReportCost is told costs,
	// such as tokens or money. Default 0, no such rule; at most 1e15.
	FailureCost float64 `koanf:"failure_cost" range:"[0,1e15]" example:"50000"`
	// CostWindow is how long a failure's cost counts for FailureCost.
	// Default 60 s, over 0, at most 24 h.
	CostWindow time.Duration `koanf:"cost_window" range:"(0,24h]" example:"\"10m\""`

	// RecoveryTimeout is how long the breaker stays open before it probes.
	// Default 60 s, over 0, at most 24 h.
	RecoveryTimeout time.Duration `koanf:"recovery_timeout" range:"(0,24h]" example:"30"`
	// RecoveryMultiplier lengthens the open time after each failed probe.
	// Default 2, at least 1, at most 100.
	RecoveryMultiplier float64 `koanf:"recovery_multiplier" range:"[1,100]" example:"1.5"`
	// MaxRecoveryTimeout bounds the open time. Default 10 min, in a file no
	// less than RecoveryTimeout; at least RecoveryTimeout, at most 24 h.
	MaxRecoveryTimeout time.Duration `koanf:"max_recovery_timeout" range:"(0,24h]" example:"\"5m\""`
	// AdaptiveRecovery shortens open times by how long the target's past
	// outages lasted, so that it is looked at when it may be back: the last 16
	// count, from the third on. No open time gets longer than without it, or
	// shorter than a tenth of RecoveryTimeout. Default false.
	AdaptiveRecovery bool `koanf:"adaptive_recovery" example:"true"`
	// RecoveryJitter lengthens each open time by a random share of itself up
	// to this, never past MaxRecoveryTimeout, so that many processes do not
	// probe in step. Default 0.1, from 0 to 1.
	RecoveryJitter float64 `koanf:"recovery_jitter" range:"[0,1]" example:"0.2"`
	// MaxWall bounds how long an external wall, a used-up quota or an unpaid
	// bill that ends at a known time, keeps the breaker open before it probes
	// all the same. Default 24 h, over 0, at most a year (8760 h).
	MaxWall time.Duration `koanf:"max_wall" range:"(0,8760h]" example:"\"6h\""`

	// HalfOpenMaxCalls is how many probes may run at a time. Default 1,
	// at least 1, at most 10,000.
	HalfOpenMaxCalls int `koanf:"half_open_max_calls" range:"[1,10000]" example:"3"`
	// SuccessThreshold is the number of successful probes that closes the
	// breaker. Default 2, at least 1, at most 10,000.
	SuccessThreshold int `koanf:"success_threshold" range:"[1,10000]" example:"1"`
	// ProbeLease is how long a probe may run before it counts as a failure
	// and its slot is given back. Default 60 s, over 0, at most 24 h.
	ProbeLease time.Duration `koanf:"probe_lease" range:"(0,24h]" example:"20"`

	// ProbeInterval is the wait after one probe of the user's own (see
	// supervisor.WithProbe) before the next while the breaker is half-open. Calls
	// that serve as probes don't wait. Default 1 s, over 0, at most 24 h.
	ProbeInterval time.Duration `koanf:"probe_interval" range:"(0,24h]" example:"5"`
	// Ramp is how long a breaker that has closed after probing takes to let
	// the full load through: the calls that run at a time may grow from
	// HalfOpenMaxCalls to the target's workers, by the same factor in each
	// part of that time. Default 0, all at once; at most 24 h.
	Ramp time.Duration `koanf:"ramp" range:"[0,24h]" example:"30"`

	// Ignore names error conditions that count for nobody: they neither trip
	// the breaker nor close it. It wins over TripOn. Default none, at
	// most 1,000 names.
	Ignore []string `koanf:"ignore" range:"[0,1000]" example:"[\"http.4xx\"]"`
	// TripOn names error conditions that count as failures of the target
	// although the built-in tables ignore them. Default none, at most 1,000
	// names.
	TripOn []string `koanf:"trip_on" range:"[0,1000]" example:"[\"http.401\", \"http.429\"]"`
	// WallOn names error conditions that are an external wall: they open the
	// breaker at once, until the server's own delay is over, or for an open
	// time where it names none, and are not retried. Ignore wins over it, and
	// it over TripOn. Default none, at most 1,000 names.
	WallOn []string `koanf:"wall_on" range:"[0,1000]" example:"[\"http.402\", \"http.429.quota\"]"`
}
