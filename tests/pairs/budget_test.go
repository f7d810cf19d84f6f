package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A retry that the budget doesn't allow is the end on this target, and so goes
// elsewhere at once; there it is a call, with that target's budget for retries.
// Broken, it would wait for a retry it doesn't get, or its first attempt elsewhere
// would need a budget.
func TestBudgetXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(budgeted(0), fallsBackTo("y")), "y": of(budgeted(1))})
		f := does(step{err: errTemp}, step{err: errTemp}, step{})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, 0, 1), f.at())
		assert.Equal(t, []string{"x", "y", "y"}, f.places())
		x, y := snapshotOf(t, s, "x").RetryBudget, snapshotOf(t, s, "y").RetryBudget
		assert.Equal(t, [3]int{1, 0, 1}, [3]int{x.Calls, x.Retries, int(x.Exhausted)})
		assert.Equal(t, [3]int{1, 1, 0}, [3]int{y.Calls, y.Retries, int(y.Exhausted)})
	})
}

// Injected faults are calls and retries to the budget as real ones are. Broken,
// chaos would not try out the budget.
func TestBudgetXChaos(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(budgeted(1), faults(1, policies.FaultRefused))}, supervisor.AllowChaos())
		f := does(step{})
		r := call(bg, s, "x", f.run).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
		require.ErrorIs(t, r.err, supervisor.ErrInjected)
		assert.Equal(t, sec(1), r.at, "one retry, after 1 s")
		assert.Empty(t, f.at())
		b := snapshotOf(t, s, "x").RetryBudget
		assert.Equal(t, [2]int{1, 1}, [2]int{b.Calls, b.Retries})
	})
}

// A retry that would hardly succeed is not made and takes nothing from the
// budget. Broken, an ill target would use up what others need that share it.
func TestAdaptiveRetryXBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(adapts, noWaits, attempts(2), budgeted(1000))})
		for range 200 {
			_, err := supervisor.Do(bg, s, "x", failWith(errTemp))
			require.Error(t, err)
		}
		snap := snapshotOf(t, s, "x")
		assert.Positive(t, snap.Skipped)
		assert.EqualValues(t, 200, snap.Retries+snap.Skipped)
		assert.EqualValues(t, snap.Retries, snap.RetryBudget.Retries)
		assert.Zero(t, snap.RetryBudget.Exhausted)
	})
}

// Who is refused a retry as unlikely goes elsewhere at once. Broken, an ill target
// would end operations that another could serve.
func TestAdaptiveRetryXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(adapts, attempts(2), noWaits, fallsBackTo("y")), "y": of()})
		fails := func(ctx context.Context) (int, error) {
			if a, _ := supervisor.CurrentAttempt(ctx); a.Target == "x" {
				return 0, errTemp
			}
			return 1, nil
		}
		for range 100 {
			call(bg, s, "x", fails).well(t)
		}
		snap := snapshotOf(t, s, "x")
		assert.Positive(t, snap.Skipped)
		assert.EqualValues(t, 100, snap.Fallbacks)
	})
}

// A retry waits for its server's pause, and takes its budget once. Broken, a pause
// would charge for a retry again, or hold a place for one that is not made.
func TestBudgetXPacing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(budgeted(1))})
		f := does(step{err: overloaded(5 * time.Second)}, step{err: overloaded(5 * time.Second)})
		r := call(bg, s, "x", f.run).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
		assert.Equal(t, seconds(0, 5), f.at())
		assert.Equal(t, sec(5), r.at)
	})
}

// Keys draw from the budget of their template together, or from one shared by
// name. Broken, each tenant would have a budget of its own and all together none.
func TestBudgetXKeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(budgeted(1))})
		f := does(step{err: errTemp}, step{})
		callOn(bg, s.Target("x", "a"), f.run).well(t)
		r := callOn(bg, s.Target("x", "b"), failWith(errTemp)).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
	})
}

// Hedges and retries draw from one budget, and who gets nothing of it goes on
// with what it has. Broken, hedges would add load to a target that has enough of
// it, or use up attempts that no budget was taken for.
func TestBudgetXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), budgeted(1))})
		first, second := does(step{takes: sec(3)}), does(step{takes: sec(3)})
		a, b := call(bg, s, "x", first.run), call(bg, s, "x", second.run)
		a.well(t)
		b.well(t)
		assert.Len(t, append(first.at(), second.at()...), 3, "one of the two was hedged")
		r := call(bg, s, "x", failWith(errTemp)).outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrRetryBudget)
		assert.Zero(t, r.at, "found out before the wait")
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 1, snap.Hedges)
		assert.EqualValues(t, 2, snap.RetryBudget.Exhausted, "a hedge and a retry")
	})
}

// The model is asked about retries, not about hedges: a hedge is begun for an
// attempt that is slow, not for one that failed. Broken, an ill target's slow
// calls would be counted as retries that were skipped.
func TestAdaptiveRetryXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), adapts, noWaits, attempts(2))})
		for range 200 {
			_, err := supervisor.Do(bg, s, "x", failWith(errTemp))
			require.Error(t, err)
		}
		before := snapshotOf(t, s, "x")
		require.Positive(t, before.Skipped, "the model has learned that retries fail")
		f := does(step{takes: sec(60)}, step{takes: sec(1)})
		call(bg, s, "x", f.run).well(t)
		after := snapshotOf(t, s, "x")
		assert.Equal(t, before.Skipped, after.Skipped)
		assert.EqualValues(t, 1, after.Hedges)
	})
}

// A budget pays for a retry when it is scheduled, and what is parked keeps it.
// Broken, an outage would charge a retry each time the breaker turns it away.
func TestBudgetXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, trips(1), budgeted(1))})
		f := does(step{err: errTemp}, step{err: errTemp}, step{})
		a := call(bg, s, "x", f.run)
		r := a.well(t)
		assert.Equal(t, seconds(0, 30, 90), f.at(), "a failed probe doubles the open time")
		assert.Equal(t, sec(90), r.at)
		assert.Zero(t, snapshotOf(t, s, "x").RetryBudget.Exhausted)

		s.Breaker("x").Reset()
		pass(time.Minute)
		f = does(step{err: errTemp}, step{err: errTemp})
		a = call(bg, s, "x", f.run)
		pass(0)
		s.Breaker("x").Reset()
		got := a.outcome(t)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, got.err, &exhausted)
		assert.Equal(t, retry.BudgetExhausted, exhausted.Reason)
	})
}
