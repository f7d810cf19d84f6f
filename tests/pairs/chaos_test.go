package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// What is injected into attempts spares the user's own probe, which shows how the
// target really is; a call that serves as a probe is an attempt like any other.
// Broken, chaos would keep a healthy target's breaker open, or let a probing call
// through unharmed.
func TestChaosXProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		chaotic := of(trips(1), attempts(1), faults(1, policies.FaultUnavailable))
		probed := does(step{})
		s := start(t, targets{"x": chaotic, "y": chaotic}, supervisor.AllowChaos(), supervisor.WithProbe("x", func(ctx context.Context) error {
			_, err := probed.run(ctx)
			return err
		}))
		f := does(step{})
		require.ErrorIs(t, call(bg, s, "x", f.run).outcome(t).err, supervisor.ErrInjected)
		require.ErrorIs(t, call(bg, s, "y", f.run).outcome(t).err, supervisor.ErrInjected)
		pass(30 * time.Second)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Len(t, probed.at(), 1)
		require.ErrorIs(t, call(bg, s, "y", f.run).outcome(t).err, supervisor.ErrInjected, "the probe")
		assert.Equal(t, breaker.Open, s.Breaker("y").State())
		assert.Empty(t, f.at())
	})
}

// A wall can be injected: it opens the breaker as the real one would, for an open
// time where nobody says until when. Broken, a used-up quota could not be rehearsed.
func TestChaosXWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(faults(1, policies.FaultWall), fallsBackTo("y")), "y": of()}, supervisor.AllowChaos())
		f := does(step{})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, []string{"y"}, f.places())
		assert.Equal(t, breaker.ReasonExternalWall, snapshotOf(t, s, "x").Breaker.Reason)
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// Injected faults lead elsewhere as real ones do, and what is injected is each
// target's own affair. Broken, a fallback could not be rehearsed.
func TestChaosXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(faults(1, policies.FaultInternal), fallsBackTo("y")), "y": of()}, supervisor.AllowChaos())
		f := does(step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, []string{"y"}, f.places())
		assert.Equal(t, sec(3), r.at, "after two waits on x")
		assert.Zero(t, snapshotOf(t, s, "y").Chaos.Failures)
	})
}

// Injected latency is latency: it is hedged, the hedge may be late itself, and
// the loser's injection ends with the race, before its function has run. Broken,
// chaos would not show what hedging makes of a slow target.
func TestChaosXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), delays(5*time.Second))}, supervisor.AllowChaos())
		f := does(step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, sec(5), r.at)
		assert.Equal(t, seconds(5), f.at(), "the hedge would have run after 6 s")
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 2, snap.Chaos.Latencies)
		assert.EqualValues(t, 1, snap.Hedges)
		assert.Zero(t, snap.HedgesWon)
		assert.Zero(t, snap.Breaker.Counts.Failures)
	})
}
