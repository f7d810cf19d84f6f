package breaker

import "time"

// Counts is what a machine has seen. The first group only ever grows, also
// across transitions and resets; it leaves out successes that wait to be
// recorded (see [Machine.SuccessesMayWait]).
type Counts struct {
	// Successes, Failures, Ignored, Throttled and Walled are the settled
	// outcomes that were not stale, and the successes that waited, whatever became of their
	// generation. A lease that ran out is a failure. An outcome
	// that has no name is Ignored.
	Successes, Failures, Ignored, Throttled, Walled uint64
	// Slow is how many of the successes and failures ran SlowCallDuration
	// or longer, while SlowCallRate was set.
	Slow uint64
	// FailureCost is the sum of what the failures cost, as far as somebody
	// reported it.
	FailureCost float64
	// Stale is the settled permits of earlier generations, and probes that
	// were settled twice, in every state.
	Stale uint64
	// Rejected is the attempts that were refused: for an open state or for
	// want of a half-open slot, and those of [Machine.Refuse].
	Rejected uint64

	// ConsecutiveFailures is the failures since the last success. It
	// outlives a trip and ends with the next success or the next closing.
	ConsecutiveFailures int
	// ConsecutiveSuccesses is the successes since the last failure.
	ConsecutiveSuccesses int
	// WindowCalls, WindowFailures and WindowSlow are the contents of the
	// window of the two rates. They stay through Open and HalfOpen, and are
	// 0 while no rate is set.
	WindowCalls, WindowFailures, WindowSlow int
	// WindowCost is what the failures of the last CostWindow cost. It stays
	// through Open and HalfOpen, and is 0 while FailureCost is not set.
	WindowCost float64
	// ProbesRunning is the half-open slots that are taken.
	ProbesRunning int
	// ProbeSuccesses is the probes that succeeded since the machine became
	// half-open.
	ProbeSuccesses int
	// Reopens is how often the machine opened again, from half-open or during
	// a ramp, since it was last closed without a ramp under way.
	Reopens int
	// RampLimit is how many calls may run at a time during a ramp, and
	// RampRunning how many of those it let through have not settled. Both
	// are 0 when there is none.
	RampLimit, RampRunning int

	// Outages is how many past outages AdaptiveRecovery knows, and
	// TypicalOutage the median of their lengths.
	Outages       int
	TypicalOutage time.Duration

	// LastFailure and LastSuccess are when such an outcome was last
	// settled; zero if never.
	LastFailure, LastSuccess time.Time
	// LastTransition is when the present generation began; for the first
	// one, when the machine was made.
	LastTransition time.Time
	// RampUntil is when the ramp ends, zero if there is none.
	RampUntil time.Time
	// OpenUntil is [Machine.Until].
	OpenUntil time.Time
}

// SuccessRate is the share of successes among the successes and failures
// counted so far, from 0 to 1. It is 1 when none was counted: a target nobody
// has called has not failed anyone.
func (c Counts) SuccessRate() float64 {
	if c.Successes+c.Failures == 0 {
		return 1
	}
	return float64(c.Successes) / float64(c.Successes+c.Failures)
}

// Counts returns the counts as of now. It changes nothing: calls that a time
// window has outlived by now are only left out of the answer.
func (m *Machine) Counts(now time.Time) Counts {
	c := m.counts
	w := m.window.totals(now)
	c.WindowCalls, c.WindowFailures, c.WindowSlow = w.calls, w.failures, w.slow
	c.WindowCost = m.costs.sum(now)
	c.ProbesRunning = m.probes.running
	c.RampLimit, c.RampRunning, c.RampUntil = m.ramp.limitAt(now), m.ramp.running, m.ramp.until
	c.OpenUntil = m.until
	c.TypicalOutage, c.Outages = m.outages.typical()
	return c
}

func (c *Counts) success(now time.Time) {
	c.Successes++
	c.ConsecutiveSuccesses++
	c.ConsecutiveFailures = 0
	c.LastSuccess = now
}

func (c *Counts) failure(now time.Time) {
	c.Failures++
	c.ConsecutiveFailures++
	c.ConsecutiveSuccesses = 0
	c.LastFailure = now
}
