package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Attempt is how one attempt ended, for [Machine.SettleAttempt].
type Attempt struct {
	// Outcome is what it counts as.
	Outcome policies.Outcome
	// Ran is how long it ran; 0 where nobody looked.
	Ran time.Duration
	// WallUntil is when the external wall ends, for [policies.Walled]. Zero
	// where nobody knows.
	WallUntil time.Time
	// Cost is what the attempt cost, in a unit of the owner's, 0 or more. It
	// counts if the attempt failed.
	Cost float64
}
