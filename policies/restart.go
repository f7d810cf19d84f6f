package policies

import "time"

// Restart bounds how often a target's workers may be restarted, as an OTP
// supervisor's intensity and period do.
type Restart struct {
	// MaxRestarts is the number of worker restarts allowed within Within.
	// Default [Never], no bound; at least 1.
	MaxRestarts int `koanf:"max_restarts"`
	// Within is the period MaxRestarts is counted over. Default 10 s,
	// over 0, at most 24 h.
	Within time.Duration `koanf:"within"`
	// Exceeded says what the supervisor does past the bound.
	// Default [TripBreaker].
	Exceeded Escalation `koanf:"exceeded"`
}

// Escalation is what a supervisor does past its restart intensity.
type Escalation string

const (
	// TripBreaker opens the target's breaker, so that it rests for its
	// recovery timeout.
	TripBreaker Escalation = "trip_breaker"
	// StopTarget ends the target: operations that wait and operations that
	// come fail with an error that says so, until it is started again.
	StopTarget Escalation = "stop_target"
	// Escalate hands the failure to the parent supervisor, which restarts
	// the whole target: fresh workers and a closed breaker with no counts.
	Escalate Escalation = "escalate"
)
