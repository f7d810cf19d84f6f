package actors

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// RampStarted says that a breaker that has closed lets the load back in by
// degrees: circuit_breaker.ramp.
type RampStarted struct {
	Header
	// Until is when the ramp ends by itself.
	Until time.Time
	// From is how many calls may run at a time now, To at the end.
	From, To int
}

// RampEnded says that a ramp came to its end, and everything gets through. One
// that a trip or somebody's command cut short has no such event, but a
// [BreakerChanged].
type RampEnded struct{ Header }

// Probed says how a probe of the user's own went, which supervisor.WithProbe
// gave the target to be run while its breaker is half-open.
type Probed struct {
	Header
	// Outcome is what it means to the breaker.
	Outcome policies.Outcome
	// Condition is the stable name of what Err means, empty for a success.
	Condition string
	Err       error
	// Took is how long it ran.
	Took time.Duration
}

func (e RampStarted) String() string {
	return fmt.Sprintf("breaker %s lets %d at a time through, and %d in %s", e.Target, e.From, e.To,
		e.Until.Sub(e.At).Round(time.Millisecond))
}

func (e RampEnded) String() string { return "breaker " + e.Target + " lets everything through again" }

func (e Probed) String() string {
	if e.Err == nil {
		return fmt.Sprintf("probe of %s succeeded in %s", e.Target, e.Took.Round(time.Millisecond))
	}
	return fmt.Sprintf("probe of %s failed (%s, counts as %s): %v", e.Target, e.Condition, e.Outcome, e.Err)
}
