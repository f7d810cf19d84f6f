package policies

import "time"

// Default returns the built-in policy of an operation type. For a type that
// is not one of the four it returns [Worker]'s with Type set to what was
// asked for, which [Policy.Validate] reports.
func Default(t OperationType) Policy {
	p := Policy{
		Type: t,
		Retry: Retry{
			Enabled:       true,
			MaxAttempts:   3,
			MinWait:       time.Second,
			MaxWait:       10 * time.Second,
			Jitter:        JitterFull,
			MaxServerWait: time.Minute,
			WhenOpen:      FailFast,
			Idempotent:    IdempotentAuto,
		},
		RetryBudget: RetryBudget{
			Ratio:        0.2,
			MinPerSecond: 1,
			Window:       10 * time.Second,
		},
		AdaptiveRetry: AdaptiveRetry{MinSuccess: 0.1},
		Breaker:       DefaultBreaker(),
		Pool:          Pool{Workers: 256, MaxPending: 10_000, MaxAbandoned: 100, MinWorkers: 1, LatencyTolerance: 1.5},
		RateLimit:     RateLimit{Burst: 1, WhenExceeded: Wait, ServerPacing: true},
		Hedge:         Hedge{MaxHedges: 1},
		Restart:       Restart{MaxRestarts: Never, Within: 10 * time.Second, Exceeded: TripBreaker},
		Chaos:         Chaos{Failure: FaultRefused, Latency: time.Second},
		Keyed:         Keyed{MaxKeys: 10_000, IdleTimeout: 10 * time.Minute},
	}
	switch t {
	case Storage:
		p.Retry.MaxAttempts, p.Retry.MinWait, p.Retry.MaxWait = 5, 500*time.Millisecond, 5*time.Second
	case API:
		p.Retry.MaxAttempts, p.Retry.MaxWait = 4, 15*time.Second
	case Scheduler:
		p.Retry.MaxWait = 8 * time.Second
	}
	return p
}

// DefaultBreaker returns the built-in circuit-breaker settings, which are the
// same for every operation type.
func DefaultBreaker() Breaker {
	return Breaker{
		Enabled:            true,
		FailureThreshold:   5,
		SlowCallDuration:   time.Minute,
		WindowCalls:        100,
		MinimumCalls:       20,
		CostWindow:         time.Minute,
		RecoveryTimeout:    time.Minute,
		RecoveryMultiplier: 2,
		MaxRecoveryTimeout: 10 * time.Minute,
		RecoveryJitter:     0.1,
		MaxWall:            24 * time.Hour,
		HalfOpenMaxCalls:   1,
		SuccessThreshold:   2,
		ProbeLease:         time.Minute,
		ProbeInterval:      time.Second,
	}
}
