package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A paused target that refuses sends its operations elsewhere, at once, until the
// pause is over. Broken, a server's Retry-After would become an outage.
func TestPacingXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(1), refuses, fallsBackTo("y")), "y": of()})
		f := does(step{err: overloaded(10 * time.Second)}, step{})
		call(bg, s, "x", f.run).well(t)
		pass(time.Second)
		assert.Zero(t, call(bg, s, "x", f.run).well(t).at)
		pass(9 * time.Second)
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, []string{"x", "y", "y", "x"}, f.places())
	})
}

// An operation in line for a turn ends when its max_elapsed does. Broken, it would
// begin when its time is over.
func TestMaxElapsedXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(.1, 1), func(p *policy) { p.Retry.MaxElapsed = 5 * time.Second })})
		f := does(step{err: errTemp}, step{})
		a := call(bg, s, "x", f.run)
		b := call(bg, s, "x", f.run)
		r := a.outcome(t)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, r.err, &exhausted)
		assert.Equal(t, retry.MaxElapsed, exhausted.Reason)
		assert.Equal(t, sec(5), r.at)
		r = b.outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrMaxElapsed)
		assert.Equal(t, sec(5), r.at)
		assert.Len(t, f.at(), 1)
	})
}

// A hedge takes its turn from the rate, and is not made where it would have to
// wait for one. Broken, hedges would go past the rate.
func TestRateLimitXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), rated(.1, 1)), "y": of(hedged(time.Second), rated(.1, 2))})
		f := does(step{takes: sec(5)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0), f.at(), "the only turn in 10 s is used up")

		f = does(step{takes: sec(5)}, step{takes: sec(5)}, step{})
		a, b := call(bg, s, "y", f.run), (*calling)(nil)
		pass(2 * time.Second)
		b = call(bg, s, "y", f.run)
		a.well(t)
		b.well(t)
		assert.Equal(t, seconds(0, 1, 10), f.at(), "the hedge has the second turn, and the next comes after 10 s")
	})
}

// A server that asks to be left alone gets no hedges. Broken, slow calls would
// be doubled just when the server is in distress.
func TestPacingXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(2*time.Second), attempts(2))})
		slow := does(step{takes: sec(5)})
		a := call(bg, s, "x", slow.run)
		pass(time.Second)
		throttled := does(step{err: overloaded(10 * time.Second)}, step{})
		b := call(bg, s, "x", throttled.run)
		assert.Equal(t, sec(5), a.well(t).at)
		assert.Equal(t, seconds(0), slow.at())
		b.well(t)
		assert.Equal(t, seconds(0, 10), throttled.at(), "the pause is the wait")
		assert.Zero(t, snapshotOf(t, s, "x").Hedges)
	})
}

// Who waits for a turn under a rate goes by priority, as who waits for a worker
// does. Broken, urgent calls would stand behind those that can wait.
func TestPriorityXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(1, 1))})
		call(bg, s, "x", succeed).well(t)
		var all []*calling
		for _, p := range []supervisor.Priority{supervisor.PriorityLow, supervisor.PriorityNormal, supervisor.PriorityCritical} {
			all = append(all, call(supervisor.WithPriority(bg, p), s, "x", succeed))
		}
		for i, at := range seconds(3, 2, 1) {
			assert.Equal(t, at, all[i].well(t).at)
		}
	})
}

// Calls that serve as probes keep to the rate: with a turn a second the second of
// two probes begins a second after the first. Broken, a recovering target would
// get more than its rate.
func TestRateLimitXHalfOpenProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(1, 1), parks, func(p *policy) { p.Breaker.HalfOpenMaxCalls, p.Breaker.SuccessThreshold = 2, 2 })})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{})
		a, b, c := call(bg, s, "x", f.run), call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		a.well(t)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		b.well(t)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		c.well(t)
		assert.Equal(t, seconds(30, 31, 32), f.at())
	})
}

// A probe that its turn refuses takes no slot of the half-open breaker. Broken, a
// breaker would stay half-open for ever.
func TestRateLimitXHalfOpenProbe_ARefusalLeaksNoSlot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(.1, 1), refuses, trips(1))})
		call(bg, s, "x", failWith(errPlain)).outcome(t)
		pass(30 * time.Second)
		call(bg, s, "x", failWith(errPlain)).outcome(t) // the probe; open for 60 s
		pass(time.Minute)
		g := does(step{takes: sec(1)})
		probe := call(bg, s, "x", g.run)
		require.ErrorIs(t, call(bg, s, "x", succeed).outcome(t).err, supervisor.ErrRateLimited)
		probe.well(t)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// The wait for a turn is no latency of the target's. Broken, a rate would drive
// the adaptive limit down to its least.
func TestRateLimitXAdaptiveConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(10, 1), adaptive(8))})
		f := does(step{takes: sec(.05)})
		var all []*calling
		for range 40 {
			all = append(all, call(bg, s, "x", f.run))
		}
		assert.Equal(t, sec(3.95), all[39].well(t).at)
		c := snapshotOf(t, s, "x").Concurrency
		assert.GreaterOrEqual(t, c.Limit, 4)
		assert.Equal(t, 50*time.Millisecond, c.Latency)
	})
}

// A parked operation that the breaker lets through still waits until the server
// wants to be asked again. Broken, the probe would go to a server that said when
// to come, and come too early.
func TestPacingXParking(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(trips(1), attempts(1))})
		call(bg, s, "x", failWith(overloaded(40*time.Second))).outcome(t)
		f := does(step{})
		a, b := call(bg, s, "x", f.run, supervisor.ParkWhenOpen()), call(bg, s, "x", f.run, supervisor.ParkWhenOpen())
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		a.well(t)
		b.well(t)
		assert.Equal(t, seconds(40, 40), f.at())
	})
}

// when_exceeded: refuse is for new operations, and one that was kept through an
// outage is none. Broken, all but the first of the parked operations would be
// refused at the very moment in which the target is back.
func TestRateLimitXParking(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, rated(1, 1), refuses)})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{})
		var all []*calling
		for range 3 {
			all = append(all, call(bg, s, "x", f.run))
		}
		for _, c := range all {
			c.well(t)
		}
		assert.Equal(t, seconds(30, 31, 32), f.at())
		require.ErrorIs(t, call(bg, s, "x", succeed).outcome(t).err, supervisor.ErrRateLimited, "a new one")
	})
}

// The same while the server asks to be left alone.
func TestPacingXParking_Refusing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(trips(1), attempts(1), refuses, parks)})
		call(bg, s, "x", failWith(overloaded(40*time.Second))).outcome(t)
		f := does(step{})
		a, b := call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		a.well(t)
		b.well(t)
		assert.Equal(t, seconds(40, 40), f.at())
	})
}

// A parked operation whose turn would come after its caller's deadline is told
// so when it is let through. Broken, it would wait for what can't come.
func TestRateLimitXParking_BeyondTheDeadline(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, rated(.1, 1))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		ctx, cancel := context.WithTimeout(bg, 35*time.Second)
		defer cancel()
		a, b := call(bg, s, "x", succeed), call(ctx, s, "x", succeed)
		assert.Equal(t, sec(30), a.well(t).at)
		r := b.outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRateLimited)
		assert.Equal(t, sec(30), r.at)
	})
}
