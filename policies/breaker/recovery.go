package breaker

import (
	"math"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// openTime is how long an open state lasts after so many consecutive
// reopenings, 0 for a trip from closed:
//
//	cap  = max(RecoveryTimeout, MaxRecoveryTimeout / (1 + RecoveryJitter))
//	base = min(cap, RecoveryTimeout * RecoveryMultiplier^reopens)
//	time = min(MaxRecoveryTimeout, base * (1 + RecoveryJitter * rnd))
//
// It is capped exponential backoff with proportional jitter, in the order that
// keeps both promises: the jitter is left room below the cap, so breakers that
// have reached it still do not probe in step, and nothing is added after the
// last cap, so the time lies in [RecoveryTimeout, MaxRecoveryTimeout] for
// every number of reopenings and every rnd.
func openTime(s *policies.Breaker, reopens int, rnd float64) time.Duration {
	shortest, longest := float64(s.RecoveryTimeout), float64(s.MaxRecoveryTimeout)
	top := max(shortest, longest/(1+s.RecoveryJitter))
	// The power may be +Inf, which the cap takes as it takes any number.
	base := min(top, shortest*math.Pow(s.RecoveryMultiplier, float64(reopens)))
	length := base * (1 + s.RecoveryJitter*rnd)
	switch {
	case length >= longest:
		return s.MaxRecoveryTimeout
	case length > shortest:
		return time.Duration(length)
	default:
		return s.RecoveryTimeout
	}
}
