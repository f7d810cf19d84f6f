package policies

import "time"

// Restart bounds how often a target's workers may be restarted, as an OTP
// supervisor's intensity and period do.
type Restart struct {
	// MaxRestarts is the number of worker restarts allowed within Within.
	// Default [Never], no bound; at least 1.
	MaxRestarts int `koanf:"max_restarts" range:"[1,never]" example:"5"`
	// Within is the period MaxRestarts is counted over. Default 10 s,
	// over 0, at most 24 h.
	Within time.Duration `koanf:"within" range:"(0,24h]" example:"60"`
	// Exceeded says what the supervisor does past the bound.
	// Default [TripBreaker].
	Exceeded Escalation `koanf:"exceeded" example:"\"stop_target\""`
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
