package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

var hangs = step{takes: time.Minute, deaf: true}

// A stateful worker that hangs is left behind with its state, and its operation
// goes on with a fresh one; the old state is closed when the function returns at
// last. Broken, a hung session would be handed on, or never closed.
func TestTimeoutXStatefulWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &house{}
		s := start(t, targets{"x": of(timesOut(time.Second), workers(1))}, supervisor.WithWorker("x", h.open))
		f := does(hangs, step{})
		n, err := supervisor.Ask[int](bg, s, "x", f)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		assert.Equal(t, seconds(0, 2), f.at(), "1 s of timeout, 1 s of wait")
		assert.Equal(t, [2]int{2, 0}, h.count())
		pass(time.Minute)
		assert.Equal(t, [2]int{2, 1}, h.count())
	})
}

// A probe that hangs gives its slot back at its timeout, which is sooner than its
// lease, and the breaker opens again. Broken, half-open would last until the lease
// is over, or for ever.
func TestTimeoutXHalfOpenProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), parks)})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(hangs, step{})
		a := call(bg, s, "x", f.run)
		pass(31 * time.Second)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, 1, snapshotOf(t, s, "x").StillRunning)
		a.well(t)
		b := f.at()
		require.Len(t, b, 2)
		assert.Equal(t, snapshotOf(t, s, "x").Breaker.Since, f.from.Add(b[1]), "it was the next probe, and closed it")
		pass(time.Minute)
	})
}

// An outer attempt's timeout ends the inner operation, which is not retried: the
// outer one is, and brings a new inner operation. Broken, both would retry, or
// neither.
func TestTimeoutXNestedOperations(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second)), "y": of()})
		outer, inner := does(step{}), does(step{takes: sec(60)}, step{})
		r := call(bg, s, "x", func(ctx context.Context) (int, error) {
			_, _ = outer.run(ctx)
			return supervisor.Do(ctx, s, "y", inner.run)
		}).well(t)
		assert.Equal(t, seconds(0, 2), outer.at())
		assert.Equal(t, seconds(0, 2), inner.at())
		assert.Equal(t, sec(2), r.at)
		assert.Equal(t, 0, snapshotOf(t, s, "x").StillRunning)
	})
}

// An inner operation that waits when the outer attempt's time is over leaves its
// place at once. Broken, it would run for nobody.
func TestTimeoutXNestedOperations_WaitingInside(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1)), "y": of(parks)})
		s.Breaker("y").ForceOpen()
		inner := does(step{})
		r := call(bg, s, "x", func(ctx context.Context) (int, error) {
			return supervisor.Do(ctx, s, "y", inner.run)
		}).outcome(t)
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		assert.Equal(t, sec(1), r.at)
		pass(0)
		assert.Zero(t, snapshotOf(t, s, "y").Parked)
		s.Breaker("y").Reset()
		pass(time.Minute)
		assert.Empty(t, inner.at())
	})
}

// With as many functions left behind as the policy allows, operations go
// elsewhere until one returns. Broken, a target that hangs would take its callers
// down with it, or gather goroutines without end.
func TestTimeoutXMaxAbandonedXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1), abandons(1), fallsBackTo("y")), "y": of()})
		f := does(hangs, step{})
		assert.Equal(t, sec(1), call(bg, s, "x", f.run).well(t).at)
		assert.Zero(t, call(bg, s, "x", f.run).well(t).at)
		pass(59 * time.Second)
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, []string{"x", "y", "y", "x"}, f.places())
	})
}

// The queue is no way around max_abandoned: who waits for a worker is refused
// too when as many functions hang as may. Broken, a queue of calls that hang would
// start them all, one timeout after the other, and the bound would be none.
func TestTimeoutXBulkhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1), abandons(2), workers(1))})
		f := does(hangs)
		var all []*calling
		for range 5 {
			all = append(all, call(bg, s, "x", f.run))
		}
		for i, want := range []struct {
			err error
			at  time.Duration
		}{
			{context.DeadlineExceeded, sec(1)}, {context.DeadlineExceeded, sec(2)},
			{supervisor.ErrTooManyAbandoned, sec(2)}, {supervisor.ErrTooManyAbandoned, sec(2)}, {supervisor.ErrTooManyAbandoned, sec(2)},
		} {
			r := all[i].outcome(t)
			require.ErrorIs(t, r.err, want.err)
			assert.Equal(t, want.at, r.at)
		}
		assert.Equal(t, seconds(0, 1), f.at())
		assert.Equal(t, 2, snapshotOf(t, s, "x").StillRunning)
		pass(2 * time.Minute)
		call(bg, s, "x", succeed).well(t)
	})
}

// A timeout is overload to an adaptive limit, and the function that was left
// behind takes no place of it. Broken, a target that hangs would be given as much
// work as before, or none any more.
func TestAdaptiveConcurrencyXTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1), adaptive(8))})
		f := does(hangs)
		var all []*calling
		for range 12 {
			all = append(all, call(bg, s, "x", f.run))
		}
		pass(sec(1.5))
		assert.Equal(t, 4, snapshotOf(t, s, "x").Concurrency.Limit)
		pass(sec(1))
		assert.Equal(t, 2, snapshotOf(t, s, "x").Concurrency.Limit)
		assert.Equal(t, 8, snapshotOf(t, s, "x").StillRunning)
		for _, c := range all {
			require.ErrorIs(t, c.outcome(t).err, context.DeadlineExceeded)
		}
		assert.Equal(t, 12, snapshotOf(t, s, "x").StillRunning)
		assert.Zero(t, call(bg, s, "x", succeed).well(t).at, "there is room")
		pass(2 * time.Minute)
	})
}

// What an attempt had cost when it was left behind is burned; what it reports
// afterwards counts for nobody. Broken, hangs would burn money unseen, or an
// attempt would add to another's account.
func TestCostXTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1), func(p *policy) { p.Breaker.FailureCost = 7 })})
		reported := make(chan bool, 1)
		r := call(bg, s, "x", func(ctx context.Context) (int, error) {
			supervisor.ReportCost(ctx, 7)
			<-time.After(5 * time.Second)
			reported <- supervisor.ReportCost(ctx, 100)
			return 0, nil
		}).outcome(t)
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(5 * time.Second)
		assert.False(t, <-reported)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, [2]float64{7, 7}, [2]float64{snap.CostSpent, snap.CostBurned})
		assert.Equal(t, breaker.ReasonFailureCost, snap.Breaker.Reason)
	})
}

// Injected latency is part of the attempt: its timeout ends it, and the function
// doesn't run. Broken, chaos would not show what a timeout does.
func TestChaosXTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(2), delays(5*time.Second))}, supervisor.AllowChaos())
		f := does(step{})
		r := call(bg, s, "x", f.run).outcome(t)
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		assert.Equal(t, sec(3), r.at, "1 s, a wait of 1 s, 1 s")
		assert.Empty(t, f.at())
		pass(0)
		assert.Zero(t, snapshotOf(t, s, "x").StillRunning, "a delay heeds its context")
	})
}

// A timeout is a failed call to a budget. Broken, hangs would be retried without
// bound.
func TestTimeoutXBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), budgeted(1))})
		f := does(step{takes: time.Minute})
		r := call(bg, s, "x", f.run).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
		assert.Equal(t, seconds(0, 2), f.at())
		assert.Equal(t, sec(3), r.at)
	})
}

// The time in a queue or in line for a turn is none of the attempt's. Broken, a
// busy target would time out calls that it has not begun.
func TestTimeoutXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), rated(.1, 1))})
		f := does(step{takes: sec(.5)})
		a, b := call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		assert.Equal(t, sec(.5), a.well(t).at)
		assert.Equal(t, sec(10.5), b.well(t).at)
	})
}

// Parked operations are kept while as many functions hang as may, and one of them
// is the probe when the first returns. Broken, an outage in which calls hang would
// end all that is parked at the moment in which the breaker looks again.
func TestTimeoutXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second), attempts(1), abandons(1), parks)})
		f := does(hangs, step{})
		a := call(bg, s, "x", f.run)
		pass(sec(.5))
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		b, c := call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		require.ErrorIs(t, a.outcome(t).err, context.DeadlineExceeded)
		require.ErrorIs(t, call(bg, s, "x", f.run).outcome(t).err, supervisor.ErrTooManyAbandoned, "a new one")
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		assert.Equal(t, 2, snapshotOf(t, s, "x").Parked)
		b.well(t)
		c.well(t)
		assert.Equal(t, seconds(0, 60, 60), f.at())
	})
}

// A shutdown waits for a function that was left behind, and its operation has had
// its outcome long before. Broken, Shutdown would return while user code runs, or
// the caller wait for it.
func TestTimeoutXShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second))})
		a := call(bg, s, "x", does(hangs).run)
		pass(sec(.5))
		began := time.Now()
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, sec(59.5), time.Since(began))
		r := a.outcome(t)
		require.ErrorIs(t, r.err, context.DeadlineExceeded)
		require.ErrorIs(t, r.err, supervisor.ErrShutdown, "there is no retry")
		assert.Equal(t, sec(1), r.at)
	})
}
