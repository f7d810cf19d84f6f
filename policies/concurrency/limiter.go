package concurrency

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// The numbers of the algorithm. Those without a source were chosen by the
// simulation.
const (
	// start is the first limit. It is small because a base latency that is
	// learnt in a queue is too long.
	start = 4
	// growth is the share by which the limit grows, and at least one.
	growth = 0.1
	// steepest is the least factor by which one step lowers the limit, as in
	// Gradient2.
	steepest = 0.5
	// margin is the share of the tolerated excess over the base latency from
	// which on the limit no longer grows, so that it comes to rest.
	margin = 0.4
)

// Attempt is the end of one attempt.
type Attempt struct {
	// Began and Ended are the time since any fixed moment.
	Began, Ended time.Duration
	// InFlight is how many attempts were running as it ended, itself among
	// them.
	InFlight int
	// Dropped says that it ended because the service had too much to do: it
	// was refused, or timed out. Its latency is then not looked at.
	Dropped bool
}

// Limiter finds the limit for one target. It is not safe for concurrent use.
// Build it with [New].
type Limiter struct {
	least, most, tolerance float64

	limit   float64 // but for the moments in which the base is measured
	latency float64 // mean of the last window, 0 before the first
	base    base
	window  window
	// rising says that the limit doubles, since it was never too high for the
	// present base.
	rising bool
	falls  falls
	drops  drops
}

// falls is a run of steps down.
type falls struct {
	from  float64 // the limit before the first
	steps int     // without one up between them
}

// New returns a limiter for the bounds and the tolerance of p, which are taken
// as already validated. Its first limit is 4, or the bound nearest to that.
func New(p policies.Pool) *Limiter {
	l := &Limiter{limit: start, rising: true}
	l.Configure(p)
	return l
}

// Configure puts other settings in force. The limit is moved into the new
// bounds, and what is known of the latency is kept.
func (l *Limiter) Configure(p policies.Pool) {
	l.least, l.most, l.tolerance = float64(p.MinWorkers), float64(p.Workers), p.LatencyTolerance
	l.limit = l.bounded(l.limit)
	l.base.cap = l.bounded(l.base.cap)
}

// Limit is how many attempts may run now.
func (l *Limiter) Limit() int {
	if l.base.phase != watching {
		return int(l.base.cap)
	}
	return int(l.limit)
}

// Estimate is the limit without the short dips in which the base latency is
// measured.
func (l *Limiter) Estimate() int { return int(l.limit) }

// Latency is the mean latency of late, 0 while nothing is known.
func (l *Limiter) Latency() time.Duration { return time.Duration(l.latency) }

// Base is the latency of the service when nothing queues in it, as it was last
// measured, 0 while nothing is known.
func (l *Limiter) Base() time.Duration { return time.Duration(l.base.latency) }

// Observe takes in the end of an attempt, which may change the limit. It
// neither loops nor allocates.
func (l *Limiter) Observe(a Attempt) {
	if l.base.unsettled(a, l.latency) {
		l.window.clear(a.Ended)
		return
	}
	l.window.add(a)
	if !l.window.full(a.Ended, l.fewest(), l.latency, &l.drops) {
		return
	}
	mean := l.window.close(l.latency)
	peak, known := float64(l.window.peak), l.window.ended > 0
	seen := l.window.tally()
	l.window.clear(a.Ended)
	if l.base.phase == measuring {
		if known && l.base.measured(mean) {
			l.rising = true
		}
		l.base.phase, l.falls = watching, falls{}
		return
	}
	l.latency = mean
	if known {
		l.base.compare(mean, 2*peak < l.limit)
	}
	l.step(mean, peak, seen)
}

// fewest is how many attempts a window has at least: fewer while the limit is
// small, or slow calls would leave it small for long.
func (l *Limiter) fewest() int {
	if l.base.phase == measuring {
		return fewest
	}
	return min(fewest, max(fewest/2, int(l.limit)))
}

// step moves the limit after a window of attempts whose mean latency, greatest
// number in flight and dropped ones are known.
func (l *Limiter) step(mean, peak float64, seen tally) {
	share := seen.share()
	factor := 1 - l.drops.excess(share)
	if l.base.latency > 0 {
		factor = min(factor, l.tolerance*l.base.latency/mean)
	}
	small := 2*peak < l.limit
	found := nothing
	if !small {
		found = l.drops.compare(l.limit, l.least, seen)
	}
	switch {
	case small:
		// The load is too small to say anything about the limit, as in
		// Gradient2.
		return
	case found == notOurs:
		l.falls = falls{} // and it grows from the next window on
	case found == unknown:
		l.limit = l.bounded(2 * l.limit)
	case factor < 1:
		l.fall(max(steepest, factor))
	case peak < float64(int(l.limit)):
		// What is not used is not raised (RFC 7661).
		l.falls.steps = 0
	case l.rising:
		l.limit = l.bounded(2 * l.limit)
		l.falls.steps = 0
	default:
		if mean <= (1+margin*(l.tolerance-1))*l.base.latency {
			l.limit = l.bounded(l.limit + max(1, growth*l.limit))
		}
		l.falls.steps = 0
	}
	if l.base.due(l.falls.steps > 0 && l.lost()) && share < steepest {
		l.base.measure(l.bounded(headroom * l.limit * l.base.latency / mean))
	}
}

// fall lowers the limit, and has the next window begin when that has had its
// effect.
func (l *Limiter) fall(factor float64) {
	if l.falls.steps == 0 {
		l.falls.from = l.limit
	}
	l.falls.steps++
	l.limit = l.bounded(factor * l.limit)
	l.base.doubt(l.rising)
	l.rising = false
	l.base.settle(l.limit)
}

// lost says that the limit has fallen so far that latency should have followed
// if it came from a queue of ours. One fall should have done.
func (l *Limiter) lost() bool {
	return l.falls.steps >= 3 && (l.limit <= l.falls.from/5 || l.limit <= l.least)
}

func (l *Limiter) bounded(limit float64) float64 { return max(l.least, min(l.most, limit)) }
