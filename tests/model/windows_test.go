package model_test

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// calls is the window of the two rates: the last size calls, or those on a line
// of time, or none.
type calls struct {
	size int
	last []thing
	line *timeline
}

func newCalls(s *policies.Breaker, now time.Time) calls {
	switch {
	case s.FailureRate == 0 && s.SlowCallRate == 0:
		return calls{}
	case s.WindowDuration > 0:
		line := newTimeline(s.WindowDuration, now)
		return calls{line: &line}
	}
	return calls{size: s.WindowCalls}
}

func (c *calls) held(now time.Time) []thing {
	if c.line != nil {
		return c.line.held(now)
	}
	return c.last
}

func (c *calls) add(now time.Time, t thing) {
	switch {
	case c.line != nil:
		c.line.add(now, t)
	case c.size > 0:
		c.last = append(c.last, t)
		c.last = c.last[max(0, len(c.last)-c.size):]
	}
}

// refit is the window under other settings: it keeps what fits, and starts empty
// where it changes from one kind to the other. R18
func (c *calls) refit(s *policies.Breaker, now time.Time) calls {
	next := newCalls(s, now)
	switch {
	case c.line != nil && next.line != nil:
		line := c.line.refit(s.WindowDuration, now)
		next.line = &line
	case c.size > 0 && next.size > 0:
		next.last = c.last[max(0, len(c.last)-next.size):]
	}
	return next
}

func (c *calls) clear() {
	c.last = nil
	if c.line != nil {
		c.line.things = nil
	}
}

func tally(things []thing) (failures, slow int) {
	for _, t := range things {
		if t.failed {
			failures++
		}
		if t.slow {
			slow++
		}
	}
	return failures, slow
}

// window is the calls that were settled while closed. R7, R8
func (r *reference) window() calls {
	var c calls
	for i := range r.history {
		e := &r.history[i]
		switch {
		case e.kind == made:
			c = newCalls(&e.settings, e.at)
		case e.kind == configured:
			c = c.refit(&e.settings, e.at)
		case e.kind == restored: // R25: with nothing bad in it, it is not remembered
			if failures, slow := tally(c.held(e.at)); failures+slow == 0 {
				c = calls{}
			}
			c = c.refit(&e.settings, e.at)
		case e.cleans():
			c.clear()
		case e.kind == ended && e.in == breaker.Closed && e.counts():
			c.add(e.at, thing{failed: e.attempt.Outcome == policies.Failure, slow: e.slow})
		}
	}
	return c
}

// costs is the costs of the failures of a closed breaker, nil while there is no
// such rule. R9
func (r *reference) costs() (line *timeline) {
	refit := func(e *event) {
		switch s := &e.settings; {
		case s.FailureCost == 0:
			line = nil
		case line == nil:
			fresh := newTimeline(s.CostWindow, e.at)
			line = &fresh
		default:
			next := line.refit(s.CostWindow, e.at)
			line = &next
		}
	}
	for i := range r.history {
		e := &r.history[i]
		switch {
		case e.kind == made, e.kind == configured:
			refit(e)
		case e.kind == restored:
			if line != nil && sum(line.held(e.at)) == 0 {
				line = nil
			}
			refit(e)
		case line == nil:
		case e.cleans():
			line.things = nil
		case e.in == breaker.Closed && e.failed() && e.attempt.Cost > 0:
			line.add(e.at, thing{cost: e.attempt.Cost})
		}
	}
	return line
}

func sum(things []thing) (sum float64) {
	for _, t := range things {
		sum += t.cost
	}
	return sum
}
