// Package flaky is a real HTTP service on a loopback port that behaves as its
// phase says: it slows down, goes away, comes back overloaded, drips its
// answers or breaks them off. The demo shows what it does to its callers, and
// the load test what it can't do to them.
package flaky

// Phase is how the service behaves for a while.
type Phase string

const (
	// Healthy answers at once, or nearly.
	Healthy Phase = "healthy"
	// Slow answers late.
	Slow Phase = "slow"
	// Down has the port closed, so that connections are refused.
	Down Phase = "down"
	// Overloaded turns many away, and says when to come back.
	Overloaded Phase = "overloaded"
	// Recovering fails now and then.
	Recovering Phase = "recovering"
	// Dripping sends half of its answers a byte at a time.
	Dripping Phase = "dripping"
	// Resetting ends half of its connections in the middle of the answer's body.
	Resetting Phase = "resetting"
)
