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

// Cost is counted where it was spent, along the chain. Broken, the breaker of the
// one would trip on what the other burned.
func TestCostXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		costs := func(p *policy) { p.Breaker.FailureCost = 10 }
		s := start(t, targets{"x": of(costs, attempts(1), fallsBackTo("y")), "y": of(costs)})
		call(bg, s, "x", func(ctx context.Context) (int, error) {
			supervisor.ReportCost(ctx, 10)
			if a, _ := supervisor.CurrentAttempt(ctx); a.Target == "x" {
				return 0, errTemp
			}
			return 1, nil
		}).well(t)
		x, y := snapshotOf(t, s, "x"), snapshotOf(t, s, "y")
		assert.Equal(t, [4]float64{10, 10, 10, 0}, [4]float64{x.CostSpent, x.CostBurned, y.CostSpent, y.CostBurned})
		assert.Equal(t, breaker.Open, x.Breaker.State)
		assert.Equal(t, breaker.Closed, y.Breaker.State)
	})
}

// What the loser of a race has cost was spent, and not burned: it did not fail,
// it was told to stop. Broken, hedging would trip a breaker by cost, or its cost
// would not be seen.
func TestCostXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), func(p *policy) { p.Breaker.FailureCost = 1 })})
		f := does(step{takes: sec(60)}, step{takes: sec(1)})
		call(bg, s, "x", func(ctx context.Context) (int, error) {
			require.True(t, supervisor.ReportCost(ctx, 5))
			return f.run(ctx)
		}).well(t)
		pass(0)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 10., snap.CostSpent)
		assert.Zero(t, snap.CostBurned)
		assert.Equal(t, breaker.Closed, snap.Breaker.State)
	})
}
