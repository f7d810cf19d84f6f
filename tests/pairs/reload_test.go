package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// An attempt keeps the timeout it began with. Broken, a reload would leave behind
// what was allowed its time, or never what was not.
func TestReloadXTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(2*time.Second), attempts(1))})
		f := does(step{takes: sec(5)})
		a := call(bg, s, "x", f.run)
		apply(t, s, targets{"x": of(timesOut(10*time.Second), attempts(1))})
		b := call(bg, s, "x", f.run)
		apply(t, s, targets{"x": of(attempts(1))})
		r := a.outcome(t)
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		assert.Equal(t, sec(2), r.at)
		assert.Equal(t, sec(5), b.well(t).at)
	})
}

// More workers serve who waits at once; fewer let those that run end. Broken, a
// queue would stand until somebody else comes, or a reload stop attempts.
func TestReloadXBulkhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1))})
		f := does(step{takes: sec(2)})
		var all []*calling
		for range 4 {
			all = append(all, call(bg, s, "x", f.run))
		}
		pass(time.Second)
		apply(t, s, targets{"x": of(workers(3))})
		pass(0)
		apply(t, s, targets{"x": of(workers(1))})
		for i, at := range seconds(2, 3, 3, 5) {
			assert.Equal(t, at, all[i].well(t).at)
		}
	})
}

// A lower bound on functions left behind holds for those that are. Broken, a
// reload would not stop a target from gathering goroutines.
func TestReloadXMaxAbandoned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := func(n int) targets { return targets{"x": of(timesOut(time.Second), attempts(1), abandons(n))} }
		s := start(t, p(5))
		f := does(hangs)
		call(bg, s, "x", f.run).outcome(t)
		call(bg, s, "x", succeed).well(t)
		apply(t, s, p(1))
		require.ErrorIs(t, call(bg, s, "x", succeed).outcome(t).err, supervisor.ErrTooManyAbandoned)
		apply(t, s, p(2))
		call(bg, s, "x", succeed).well(t)
		pass(time.Minute)
	})
}

// A budget keeps its counts, and who began without one is not held to it. Broken,
// a reload would hand out a fresh allowance, or end operations that had none.
func TestReloadXBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of()})
		free := does(step{takes: sec(1), err: errTemp}, step{})
		a := call(bg, s, "x", free.run)
		apply(t, s, targets{"x": of(budgeted(1))})
		r := call(bg, s, "x", failWith(errTemp)).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
		a.well(t)
		apply(t, s, targets{"x": of(budgeted(2))})
		r = call(bg, s, "x", failWith(errTemp)).outcome(t)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, r.err, &exhausted)
		assert.Equal(t, 2, exhausted.Attempts, "one of the two was used before")
		assert.Equal(t, retry.BudgetExhausted, exhausted.Reason)
	})
}

// Those in line for a turn get it under the new rate, and at once without one.
// Broken, they would wait for a turn that nobody gives any more.
func TestReloadXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(.01, 1))})
		f := does(step{})
		var all []*calling
		for range 4 {
			all = append(all, call(bg, s, "x", f.run))
		}
		pass(10 * time.Second)
		apply(t, s, targets{"x": of(rated(1, 1))})
		pass(time.Second)
		assert.Len(t, f.at(), 2)
		apply(t, s, targets{"x": of()})
		pass(0)
		assert.Len(t, f.at(), 4)
		for _, c := range all {
			c.well(t)
		}
	})
}

// Without server_pacing a pause is over, and the snapshot says so. Broken, calls
// would go on waiting for it, or operators see a pause that is none.
func TestReloadXPacing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(1))})
		call(bg, s, "x", failWith(overloaded(40*time.Second))).outcome(t)
		a := call(bg, s, "x", succeed)
		pass(time.Second)
		a.open(t)
		assert.False(t, snapshotOf(t, s, "x").PausedUntil.IsZero())
		apply(t, s, targets{"x": of(attempts(1), switches["no server pacing"])})
		assert.Equal(t, sec(1), a.well(t).at)
		assert.True(t, snapshotOf(t, s, "x").PausedUntil.IsZero())
	})
}

// A wall stands through a reload, and a shorter max_wall is for walls to come.
// Broken, a changed file would send calls against a quota that is used up.
func TestReloadXWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of()})
		call(bg, s, "x", failWith(classify.Wall(errQuota, time.Now().Add(time.Hour)))).outcome(t)
		a := call(bg, s, "x", succeed, supervisor.ParkWhenOpen())
		apply(t, s, targets{"x": of(func(p *policy) { p.Breaker.MaxWall, p.Pool.Workers = time.Minute, 3 })})
		assert.Equal(t, time.Hour, a.well(t).at)
	})
}

// An operation falls back as the policy said under which it began. Broken, it
// would go where nobody sent it.
func TestReloadXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		at := func(to string) targets {
			return targets{"x": of(attempts(1), fallsBackTo(to)), "y": of(), "z": of()}
		}
		s := start(t, at("y"))
		f := does(step{takes: sec(1), err: errTemp}, step{takes: sec(1), err: errTemp}, step{})
		a := call(bg, s, "x", f.run)
		apply(t, s, at("z"))
		b := call(bg, s, "x", f.run)
		a.well(t)
		b.well(t)
		assert.ElementsMatch(t, []string{"x", "x", "y", "z"}, f.places())
	})
}

// A race goes on as it began, and an attempt that runs without a hedge gets none.
// Broken, a reload would begin attempts that an operation's own policy forbids.
func TestReloadXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		with, without := does(step{takes: sec(3)}), does(step{takes: sec(3)})
		a := call(bg, s, "x", with.run)
		apply(t, s, targets{"x": of(twice)})
		b := call(bg, s, "x", without.run)
		apply(t, s, targets{"x": of(hedged(2 * time.Second))})
		a.well(t)
		b.well(t)
		assert.Equal(t, seconds(0, 1), with.at())
		assert.Equal(t, seconds(0), without.at())
	})
}

// With adaptive concurrency off, who waits has all the workers at once; on again,
// it begins anew. Broken, operations would wait for a limit that is gone.
func TestReloadXAdaptiveConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(adaptive(8))})
		f := does(step{takes: sec(2)})
		var all []*calling
		for range 10 {
			all = append(all, call(bg, s, "x", f.run))
		}
		pass(time.Second)
		assert.Len(t, f.at(), 4)
		apply(t, s, targets{"x": of(workers(8))})
		pass(0)
		assert.Len(t, f.at(), 8)
		apply(t, s, targets{"x": of(adaptive(8))})
		assert.Equal(t, 4, snapshotOf(t, s, "x").Concurrency.Limit)
		for _, c := range all {
			c.well(t)
		}
	})
}

// The model asks whoever began under it, and what it knows outlives a time in
// which it is off. Broken, an ill target would be retried afresh at each reload.
func TestReloadXAdaptiveRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		on, off := targets{"x": of(adapts, noWaits, attempts(2))}, targets{"x": of(noWaits, attempts(2))}
		s := start(t, on)
		for range 100 {
			_, _ = supervisor.Do(bg, s, "x", failWith(errTemp))
		}
		skipped := snapshotOf(t, s, "x").Skipped
		require.Positive(t, skipped)
		apply(t, s, off)
		for range 20 {
			f := does(step{err: errTemp})
			call(bg, s, "x", f.run).outcome(t)
			require.Len(t, f.at(), 2)
		}
		apply(t, s, on)
		for range 20 {
			_, _ = supervisor.Do(bg, s, "x", failWith(errTemp))
		}
		assert.GreaterOrEqual(t, snapshotOf(t, s, "x").Skipped, skipped+15, "about one in 16 is made all the same")
	})
}

// Without a ramp a recovering breaker lets everything through, parked operations
// at once. Broken, they would stay parked behind a ramp that is gone.
func TestReloadXRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, ramps(time.Hour), workers(16))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{}, step{takes: sec(5)})
		var all []*calling
		for range 6 {
			all = append(all, call(bg, s, "x", f.run))
		}
		pass(31 * time.Second)
		assert.Len(t, f.at(), 2)
		apply(t, s, targets{"x": of(parks, workers(16))})
		pass(0)
		assert.Len(t, f.at(), 6)
		for _, c := range all {
			c.well(t)
		}
	})
}

// A probe that runs is judged by the settings it began under, and what parks goes
// when it has closed the breaker. Broken, a reload would leak the probe's slot.
func TestReloadXProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probe := does(step{takes: sec(5)})
		s := start(t, targets{"x": of(parks)}, supervisor.WithProbe("x", func(ctx context.Context) error {
			_, err := probe.run(ctx)
			return err
		}))
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		a := call(bg, s, "x", succeed)
		pass(31 * time.Second)
		apply(t, s, targets{"x": of(parks, func(p *policy) { p.Breaker.ProbeInterval, p.Breaker.ProbeLease = time.Hour, 2*time.Second })})
		assert.Equal(t, sec(35), a.well(t).at)
		assert.Len(t, probe.at(), 1)
	})
}

// Who parks stays parked under fail, and a breaker that is switched off lets all
// of them go. Broken, they would be refused by a policy that is not theirs, or
// wait for a breaker that says nothing any more.
func TestReloadXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks)})
		s.Breaker("x").ForceOpenFor(time.Hour)
		a, b := call(bg, s, "x", succeed), call(bg, s, "x", succeed)
		apply(t, s, targets{"x": of()})
		pass(time.Second)
		a.open(t)
		require.ErrorIs(t, call(bg, s, "x", succeed).outcome(t).err, supervisor.ErrOpen)
		apply(t, s, targets{"x": of(switches["no breaker"])})
		assert.Equal(t, sec(1), a.well(t).at)
		assert.Equal(t, sec(1), b.well(t).at)
		assert.Equal(t, breaker.Disabled, s.Breaker("x").State())
	})
}

// Keyed targets follow their template, running and remembered ones. Broken, a
// tenant would keep an old policy until its target is next passivated.
func TestReloadXKeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1))})
		f := does(step{takes: sec(2)})
		a, b := callOn(bg, s.Target("x", "k"), f.run), callOn(bg, s.Target("x", "k"), f.run)
		pass(time.Second)
		apply(t, s, targets{"x": of(workers(2))})
		assert.Equal(t, sec(2), a.well(t).at)
		assert.Equal(t, sec(3), b.well(t).at)
	})
}

// An attempt in an injected delay ends as it began; the next is not injected.
// Broken, chaos could not be switched off.
func TestReloadXChaos(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(delays(5 * time.Second))}, supervisor.AllowChaos())
		a := call(bg, s, "x", succeed)
		apply(t, s, targets{"x": of()})
		assert.Zero(t, call(bg, s, "x", succeed).well(t).at)
		assert.Equal(t, sec(5), a.well(t).at)
	})
}

// What has burned in the window counts under the new bound. Broken, a reload would
// forget what a target has cost.
func TestReloadXCost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		at := func(bound float64) targets {
			return targets{"x": of(func(p *policy) { p.Breaker.FailureCost = bound })}
		}
		s := start(t, at(100))
		burn := func(ctx context.Context) (int, error) {
			supervisor.ReportCost(ctx, 10)
			return 0, errPlain
		}
		call(bg, s, "x", burn).outcome(t)
		apply(t, s, at(20))
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		call(bg, s, "x", burn).outcome(t)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// Those of higher priority still go first when a reload finds them room. Broken,
// a reload would turn the queue about.
func TestReloadXPriority(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1))})
		f := does(step{takes: sec(4)}, step{takes: sec(1)})
		first := call(bg, s, "x", f.run)
		low := call(supervisor.WithPriority(bg, supervisor.PriorityLow), s, "x", f.run)
		high := call(supervisor.WithPriority(bg, supervisor.PriorityHigh), s, "x", f.run)
		pass(time.Second)
		apply(t, s, targets{"x": of(workers(2))})
		assert.Equal(t, sec(2), high.well(t).at)
		assert.Equal(t, sec(3), low.well(t).at)
		first.well(t)
	})
}
