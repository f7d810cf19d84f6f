package supervisor

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

func costs(limit float64) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureCost = limit }
}

// userKey is a key of a context value of the user's.
type userKey struct{}

// spend reports a cost and ends with err.
func spend(units float64, err error) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		if !ReportCost(ctx, units) {
			return 0, errors.New("the cost was refused")
		}
		return 42, err
	}
}

// If it failed, an agent could burn its budget on a model that answers with
// nonsense, one dear call after the other, since so few calls never trip.
func TestFailuresThatCostTooMuchTripTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, costs(1000))
		heard := listen(s)
		for range 3 {
			_, err := Do(bg, s, "x", spend(5000, nil))
			require.NoError(t, err, "what succeeds may cost")
		}
		_, _ = Do(bg, s, "x", spend(600, errPlain))
		pass(time.Minute)
		_, _ = Do(bg, s, "x", spend(600, errPlain))
		assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "the first was a minute ago")
		assert.Equal(t, 600., s.Breaker("x").Counts().WindowCost)
		pass(30 * time.Second)
		_, _ = Do(bg, s, "x", spend(400, errPlain))
		_, err := Do(bg, s, "x", succeed)
		assert.ErrorIs(t, err, ErrOpen)
		pass(0)
		changed := eventsOf[actors.BreakerChanged](heard)
		require.Len(t, changed, 1)
		assert.Equal(t, breaker.ReasonFailureCost, changed[0].Transition.Reason)

		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 16600., snap.CostSpent)
		assert.Equal(t, 1600., snap.CostBurned)
		assert.Equal(t, 1600., snap.Breaker.Counts.FailureCost)
		assert.Equal(t, breaker.ReasonFailureCost, snap.Breaker.Reason)
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// Each attempt's cost is its own, and what an operation burned before it
// succeeded was burned.
func TestEachAttemptHasItsOwnCost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		var contexts []context.Context
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			contexts = append(contexts, ctx)
			n := len(contexts)
			assert.True(t, ReportCost(context.WithValue(ctx, userKey{}, 1), math.Pow(10, float64(n))))
			for _, earlier := range contexts[:n-1] {
				assert.False(t, ReportCost(earlier, 7), "it has failed")
			}
			if n < 3 {
				return 0, errTemp
			}
			return 42, nil
		})
		require.NoError(t, err)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 1110., snap.CostSpent)
		assert.Equal(t, 110., snap.CostBurned)
		assert.True(t, ReportCost(contexts[2], 5), "the bill of one that succeeded may come last")
		snap = snapshotOf(t, s, "x")
		assert.Equal(t, 1115., snap.CostSpent)
		assert.Equal(t, 110., snap.CostBurned)
	})
}

// If it failed, the dearest endings would be the ones that cost nothing.
func TestHoweverAnAttemptEndsItsCostCounts(t *testing.T) {
	for name, c := range map[string]struct {
		end    func(ctx context.Context) error
		burned float64
	}{
		"an error":     {func(context.Context) error { return errPlain }, 8},
		"a panic":      {func(context.Context) error { panic("oh") }, 8},
		"Goexit":       {func(context.Context) error { runtime.Goexit(); return nil }, 8},
		"the deadline": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 8},
		"ignored":      {func(context.Context) error { return errAside }, 0},
		"a wall":       {func(context.Context) error { return classify.Wall(errPlain, time.Time{}) }, 0},
		"a success":    {func(context.Context) error { return nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(1))
				ctx, cancel := context.WithTimeout(bg, time.Minute)
				defer cancel()
				_, _ = Go(ctx, s, "x", func(ctx context.Context) (int, error) {
					assert.True(t, ReportCost(ctx, 8))
					return 0, c.end(ctx)
				}).Wait(bg)
				pass(time.Second)
				snap := snapshotOf(t, s, "x")
				assert.Equal(t, 8., snap.CostSpent)
				assert.Equal(t, c.burned, snap.CostBurned)
				assert.Equal(t, c.burned, snap.Breaker.Counts.FailureCost)
			})
		})
	}
}

// If it failed, one bad report would make every sum useless.
func TestCostsThatAreNoneAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		assert.False(t, ReportCost(bg, 1), "outside an attempt")
		assert.False(t, ReportCost(noContext, 1))
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			for _, units := range []float64{-1, math.NaN(), math.Inf(1), math.Inf(-1), -math.SmallestNonzeroFloat64} {
				assert.False(t, ReportCost(ctx, units), units)
			}
			assert.True(t, ReportCost(ctx, 0))
			assert.True(t, ReportCost(ctx, math.MaxFloat64/2))
			assert.False(t, ReportCost(ctx, math.MaxFloat64), "more than can be counted")
			return 0, nil
		})
		require.NoError(t, err)
		assert.Equal(t, math.MaxFloat64/2, snapshotOf(t, s, "x").CostSpent)
	})
}

// An attempt's own goroutines may report at the same time, and as it ends.
func TestCostsAreReportedFromManyGoroutines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, costs(1e9))
		var counted, late sync.WaitGroup
		_, _ = Do(bg, s, "x", func(ctx context.Context) (int, error) {
			for range 50 {
				counted.Go(func() {
					for range 100 {
						assert.True(t, ReportCost(ctx, 1))
					}
				})
				late.Go(func() {
					for range 100 {
						ReportCost(ctx, 0)
					}
				})
			}
			counted.Wait()
			return 0, errPlain
		})
		late.Wait()
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 5000., snap.CostSpent)
		assert.Equal(t, 5000., snap.CostBurned)
		assert.Equal(t, 5000., snap.Breaker.Counts.WindowCost)
	})
}

// If it failed, an agent around a model would be charged for it a second time.
func TestTheCostOfAnInnerOperationIsTheInners(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"agent": policy(), "model": policy()})
		_, err := Do(bg, s, "agent", func(ctx context.Context) (int, error) {
			assert.True(t, ReportCost(ctx, 1))
			return Do(ctx, s, "model", spend(20, errPlain))
		})
		assert.ErrorIs(t, err, errPlain)
		assert.Equal(t, 1., snapshotOf(t, s, "agent").CostSpent)
		assert.Equal(t, 20., snapshotOf(t, s, "model").CostBurned)
	})
}

// A reload keeps what has been burned, and the new limit acts from the next
// failure on.
func TestAReloadKeepsTheCosts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, costs(1000))
		_, _ = Do(bg, s, "x", spend(500, errPlain))
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(costs(550))})))
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		_, _ = Do(bg, s, "x", spend(50, errPlain))
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// Workers with state and operations that came as messages have a cost as well.
func TestAWorkersCostCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(costs(5))}, WithWorker("x", func(context.Context) (actors.Worker, error) { return dear{}, nil }))
		_, err := Ask[int](bg, s, "x", 5.)
		assert.ErrorIs(t, err, errPlain)
		assert.Equal(t, breaker.ReasonFailureCost, snapshotOf(t, s, "x").Breaker.Reason)
	})
}

// dear is a worker whose payload is what it costs, and that fails.
type dear struct{}

func (dear) Handle(ctx context.Context, payload any) (any, error) {
	ReportCost(ctx, payload.(float64))
	return nil, errPlain
}

func (dear) Close() error { return nil }

// Whoever reports nothing pays nothing, and a report makes no garbage.
func TestAReportAllocatesNothing(t *testing.T) {
	s := one(t)
	_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
		assert.Zero(t, testing.AllocsPerRun(100, func() { ReportCost(ctx, 1) }))
		return 0, nil
	})
	assert.NoError(t, err)
}

// An attempt that is left behind counts with what it has reported by then. If
// it failed, a function that hangs could burn what it likes; if it went on to
// count, it would be its successor's cost.
func TestAnAttemptThatIsLeftBehindHasItsCost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(2), func(p *policies.Policy) { p.Retry.AttemptTimeout = 10 * time.Second })
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			a, _ := CurrentAttempt(ctx)
			assert.True(t, ReportCost(ctx, 5*float64(a.Number)))
			if a.Number == 1 {
				pass(time.Minute)
				assert.False(t, ReportCost(ctx, 1000), "it was left behind")
			}
			return 42, nil
		})
		require.NoError(t, err)
		pass(time.Hour)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, 15., snap.CostSpent)
		assert.Equal(t, 5., snap.CostBurned)
		assert.Equal(t, 5., snap.Breaker.Counts.FailureCost)
	})
}
