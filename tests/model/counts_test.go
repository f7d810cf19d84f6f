package model_test

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// counts is everything there is to count as of a time. R23
func (r *reference) counts(now time.Time) breaker.Counts {
	c := breaker.Counts{
		ConsecutiveFailures:  r.failuresInARow(),
		ConsecutiveSuccesses: r.successesInARow(),
		ProbesRunning:        len(r.probesOut()),
		ProbeSuccesses:       r.probeSuccesses(),
		Reopens:              r.reopens(),
		LastTransition:       r.began(),
		OpenUntil:            r.until(),
	}
	for i := range r.history {
		r.history[i].sum(&c)
	}
	w := r.window()
	held := w.held(now)
	c.WindowCalls = len(held)
	c.WindowFailures, c.WindowSlow = tally(held)
	if costs := r.costs(); costs != nil {
		c.WindowCost = sum(costs.held(now))
	}
	if p := r.ramp(); p.on {
		c.RampLimit, c.RampRunning, c.RampUntil = p.limit(now), p.running, p.until()
	}
	c.Outages, c.TypicalOutage = r.typical()
	return c
}

// sum adds an event to the counts that only ever grow, but for a machine that is
// made anew.
func (e *event) sum(c *breaker.Counts) {
	switch {
	case e.kind == restored:
		*c = breaker.Counts{
			ConsecutiveFailures: c.ConsecutiveFailures, ConsecutiveSuccesses: c.ConsecutiveSuccesses,
			ProbesRunning: c.ProbesRunning, ProbeSuccesses: c.ProbeSuccesses, Reopens: c.Reopens,
			LastTransition: c.LastTransition, OpenUntil: c.OpenUntil,
		}
	case e.kind == refused, e.kind == told:
		c.Rejected += uint64(e.n)
	case e.kind == counted:
		c.Successes += uint64(e.n)
	case e.kind == stale:
		c.Stale++
	case e.kind == expired:
		c.Failures++
		c.LastFailure = e.at
	case e.kind != ended, e.in == breaker.Disabled: // R17: disabled counts nothing
	default:
		e.sumAttempt(c)
	}
}

func (e *event) sumAttempt(c *breaker.Counts) {
	switch e.attempt.Outcome {
	case policies.Success:
		c.Successes++
		c.LastSuccess = e.at
	case policies.Failure:
		c.Failures++
		c.LastFailure = e.at
		c.FailureCost += e.attempt.Cost
	case policies.Throttled:
		c.Throttled++
	case policies.Walled:
		c.Walled++
	default:
		c.Ignored++
	}
	if e.slow {
		c.Slow++
	}
}
