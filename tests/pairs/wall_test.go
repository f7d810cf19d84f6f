package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A wall sends operations elsewhere until its end, and the first one after it
// comes back. Broken, callers would be refused for the whole of a quota's period,
// or never come back.
func TestWallXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(fallsBackTo("y")), "y": of()})
		f := does(step{err: classify.Wall(errQuota, time.Now().Add(time.Hour))}, step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Zero(t, r.at, "there is no retry")
		pass(time.Hour - 1)
		call(bg, s, "x", f.run).well(t)
		pass(1)
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, []string{"x", "y", "y", "x"}, f.places())
	})
}

// A wall is one key's. Broken, a tenant whose quota is used up would shut out the
// others, or be let through again when its target is passivated.
func TestWallXKeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(func(p *policy) { p.Keyed.IdleTimeout = time.Minute })})
		until := time.Now().Add(time.Hour)
		callOn(bg, s.Target("x", "a"), failWith(classify.Wall(errQuota, until))).outcome(t)
		callOn(bg, s.Target("x", "b"), succeed).well(t)
		pass(30 * time.Minute)
		var open *supervisor.OpenError
		require.ErrorAs(t, callOn(bg, s.Target("x", "a"), succeed).outcome(t).err, &open)
		assert.Equal(t, 30*time.Minute, open.RetryAfter())
		callOn(bg, s.Target("x", "b"), succeed).well(t)
		pass(30 * time.Minute)
		callOn(bg, s.Target("x", "a"), succeed).well(t)
	})
}

// A wall that one attempt of a race meets ends the race: the other would meet it
// too. Broken, callers would wait for an attempt that can't do better.
func TestWallXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f := does(step{takes: sec(60)}, step{takes: sec(1), err: classify.Wall(errQuota, time.Now().Add(time.Hour))})
		r := call(bg, s, "x", f.run).outcome(t)
		require.ErrorIs(t, r.err, errQuota)
		assert.Equal(t, sec(2), r.at)
		pass(0)
		assert.Equal(t, []error{supervisor.ErrHedgeLost}, f.ended())
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// A user's own probe waits for a wall's end as calls do, and then closes the
// breaker, with its ramp. Broken, probes would go against a used-up quota, or all
// that waited for it would come at once.
func TestWallXProbeXRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probe := does(step{})
		s := start(t, targets{"x": of(parks, ramps(8*time.Second), workers(16))}, supervisor.WithProbe("x", func(ctx context.Context) error {
			_, err := probe.run(ctx)
			return err
		}))
		call(bg, s, "x", failWith(classify.Wall(errQuota, time.Now().Add(time.Hour)))).outcome(t)
		f := does(step{takes: sec(100)})
		for range 4 {
			call(bg, s, "x", f.run)
		}
		pass(time.Hour)
		assert.Equal(t, []time.Duration{time.Hour}, probe.at())
		assert.Len(t, f.at(), 1)
		pass(10 * time.Second)
		assert.Len(t, f.at(), 4)
		pass(100 * time.Second)
	})
}

// A wall teaches the model nothing: it says no more about a retry than that there
// is none. Broken, a quota that was used up would stop retries after it is renewed.
func TestWallXAdaptiveRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(adapts, noWaits, attempts(2), func(p *policy) { p.Breaker.Enabled = false })})
		for range 100 {
			_, err := supervisor.Do(bg, s, "x", failWith(classify.Wall(errQuota, time.Time{})))
			require.ErrorIs(t, err, errQuota)
		}
		f := does(step{err: errTemp}, step{})
		call(bg, s, "x", f.run).well(t)
		assert.Zero(t, snapshotOf(t, s, "x").Skipped)
	})
}

// Operations parked before a wall wait until its end exactly, or fail at their
// own deadline. Broken, they would go against the wall, or be forgotten behind it.
func TestWallXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks)})
		r := call(bg, s, "x", failWith(classify.Wall(errQuota, time.Now().Add(time.Hour)))).outcome(t)
		require.ErrorIs(t, r.err, errQuota)
		assert.Zero(t, r.at, "the operation that met it neither retries nor parks")
		f := does(step{})
		ctx, cancel := context.WithTimeout(bg, 10*time.Minute)
		defer cancel()
		a, b := call(ctx, s, "x", f.run), call(bg, s, "x", f.run)
		got := a.outcome(t)
		require.ErrorIs(t, got.err, context.DeadlineExceeded)
		var rejected *supervisor.RejectedError
		require.ErrorAs(t, got.err, &rejected)
		assert.Equal(t, 10*time.Minute, got.at)
		assert.Equal(t, time.Hour, b.well(t).at)
		assert.Equal(t, []time.Duration{time.Hour}, f.at())
	})
}
