package pairs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Each key has its own ramp. Broken, one tenant's recovery would throttle all.
func TestRampXKeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(ramps(time.Hour), workers(16))})
		s.Breaker("x", "a").ForceOpenFor(30 * time.Second)
		pass(30 * time.Second)
		callOn(bg, s.Target("x", "a"), succeed).well(t)
		f := does(step{takes: sec(1)})
		a := callOn(bg, s.Target("x", "a"), f.run)
		require.ErrorIs(t, callOn(bg, s.Target("x", "a"), f.run).outcome(t).err, supervisor.ErrOpen, "one at a time")
		b, c := callOn(bg, s.Target("x", "b"), f.run), callOn(bg, s.Target("x", "b"), f.run)
		a.well(t)
		b.well(t)
		c.well(t)
	})
}

// During a ramp nothing is hedged. Broken, a recovering target would get twice
// the calls that the ramp lets through.
func TestRampXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), ramps(8*time.Second), workers(16))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		pass(30 * time.Second)
		call(bg, s, "x", succeed).well(t)
		f := does(step{takes: sec(5)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0), f.at())
		pass(4 * time.Second)
		f = does(step{takes: sec(5)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, 1), f.at(), "the ramp is over")
	})
}

// Parked operations come back at the ramp's pace: 16^(t/8 s) at a time. Broken,
// a target that has just recovered would be stampeded by what had waited for it.
func TestParkXRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, ramps(8*time.Second), workers(16))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{}, step{takes: sec(100)})
		for range 5 {
			call(bg, s, "x", f.run)
		}
		pass(40 * time.Second)
		begun := f.at()
		require.Len(t, begun, 5)
		for i, want := range []float64{30, 30, 32, 33.17, 34} {
			assert.InDelta(t, want, begun[i].Seconds(), .01)
		}
		pass(100 * time.Second)
	})
}

// Both hold, the lower of the two: first the ramp, then the limit that latency
// allows. Broken, a ramp would let more in than an adaptive target bears.
func TestRampXAdaptiveConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, ramps(8*time.Second), adaptive(16))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{}, step{takes: sec(100)})
		for range 9 {
			call(bg, s, "x", f.run)
		}
		for _, c := range []struct {
			after time.Duration
			begun int
		}{{sec(30), 2}, {sec(2.1), 3}, {sec(2), 5}, {sec(20), 5}} {
			pass(c.after)
			assert.Len(t, f.at(), c.begun, "of which the first was the probe, after another %s", c.after)
		}
		pass(300 * time.Second)
		assert.Len(t, f.at(), 9)
	})
}
