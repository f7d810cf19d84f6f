package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// reasonOf is why an operation got no further attempt, and how many it had.
func reasonOf(t *testing.T, err error) (retry.Reason, int) {
	t.Helper()
	var exhausted *ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	return exhausted.Reason, exhausted.Attempts
}

// If it failed, the models of one provider would each be retried as if it were
// alone, and the provider would see the sum.
func TestTargetsShareABudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		half := budgeted(0.5, 0)
		s := start(t, targets{
			"x": policy(half, shares("provider"), noWaits), "y": policy(half, shares("provider"), noWaits),
			"z": policy(half, shares("other"), noWaits), "own": policy(half, noWaits),
		})
		for range 4 {
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
		}
		// The fifth call: two retries are allowed, thanks to those on x.
		_, err := Do(bg, s, "y", failWith(errTemp))
		reason, attempts := reasonOf(t, err)
		assert.Equal(t, retry.MaxAttempts, reason)
		assert.Equal(t, 3, attempts)
		// The sixth: three are allowed, of which y has had two.
		_, err = Do(bg, s, "x", failWith(errTemp))
		reason, attempts = reasonOf(t, err)
		assert.Equal(t, retry.BudgetExhausted, reason)
		assert.Equal(t, 2, attempts)

		assert.Equal(t, RetryBudgetSnapshot{Name: "provider", Calls: 6, Retries: 3, Exhausted: 1}, budgetOf(t, s, "x"))
		assert.Equal(t, RetryBudgetSnapshot{Name: "provider", Calls: 6, Retries: 3}, budgetOf(t, s, "y"))
		for _, alone := range []string{"z", "own"} {
			_, err = Do(bg, s, alone, failWith(errTemp))
			_, attempts = reasonOf(t, err)
			assert.Equal(t, 1, attempts, "half a retry is none")
			assert.Equal(t, 1, budgetOf(t, s, alone).Calls)
		}
	})
}

// If it failed, a reload during an outage would hand out the budget anew.
func TestAReloadKeepsWhatABudgetHasCounted(t *testing.T) {
	for name, kind := range map[string]func(*policies.Policy){"its own": shares(""), "shared": shares("provider")} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"x": policy(noWaits, budgeted(0.5, 0), kind)})
				for range 3 {
					_, err := Do(bg, s, "x", succeed)
					require.NoError(t, err)
				}
				_, err := Do(bg, s, "x", failWith(errTemp))
				require.Error(t, err)
				before := budgetOf(t, s, "x")
				assert.Equal(t, RetryBudgetSnapshot{Name: before.Name, Calls: 4, Retries: 2}, before)

				apply := func(edits ...func(*policies.Policy)) RetryBudgetSnapshot {
					t.Helper()
					require.NoError(t, s.Apply(setOf(t, targets{"x": policy(append([]func(*policies.Policy){noWaits}, edits...)...)})))
					return budgetOf(t, s, "x")
				}
				after := apply(budgeted(1, 0.5), kind)
				assert.Equal(t, RetryBudgetSnapshot{Name: before.Name, Calls: 4, Retries: 2, Available: 7}, after)
				after = apply(budgeted(0.1, 0), kind)
				assert.Equal(t, RetryBudgetSnapshot{Name: before.Name, Calls: 4, Retries: 2}, after, "none is owed")
				after = apply(budgeted(0.5, 0), kind, workers(3), func(p *policies.Policy) { p.RetryBudget.Window = time.Hour })
				assert.Equal(t, RetryBudgetSnapshot{Name: before.Name, Calls: 4, Retries: 2}, after)
				pass(time.Hour)
				assert.Equal(t, RetryBudgetSnapshot{Name: before.Name}, budgetOf(t, s, "x"), "and they leave the new window")
			})
		})
	}
}

// If it failed, a target would draw from a budget that its policy no longer
// names, or a budget nobody has would stay in memory.
func TestAReloadMovesATargetToAnotherBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		provider, other := policy(budgeted(0.5, 0), shares("provider")), policy(budgeted(0.5, 0), shares("other"))
		own, none := policy(budgeted(0.5, 0)), policy()
		s := start(t, targets{"x": provider, "y": provider})
		for _, name := range []string{"x", "y"} {
			_, err := Do(bg, s, name, succeed)
			require.NoError(t, err)
		}
		budgets := func() int { return len(s.rootActor.budgets) } // no message is under way
		assert.Equal(t, 1, budgets())

		require.NoError(t, s.Apply(setOf(t, targets{"x": other, "y": provider})))
		assert.Equal(t, RetryBudgetSnapshot{Name: "other"}, budgetOf(t, s, "x"))
		assert.Equal(t, 2, budgetOf(t, s, "y").Calls)
		assert.Equal(t, 2, budgets())

		require.NoError(t, s.Apply(setOf(t, targets{"x": own, "y": none})))
		assert.Equal(t, RetryBudgetSnapshot{}, budgetOf(t, s, "x"))
		assert.Nil(t, snapshotOf(t, s, "y").RetryBudget)
		assert.Zero(t, budgets())
		_, err := Do(bg, s, "y", failWith(errTemp))
		reason, _ := reasonOf(t, err)
		assert.Equal(t, retry.MaxAttempts, reason, "without a budget nothing is counted")

		require.NoError(t, s.Apply(setOf(t, targets{"x": provider, "y": provider})))
		assert.Equal(t, RetryBudgetSnapshot{Name: "provider"}, budgetOf(t, s, "y"), "another of that name")
	})
}

// If it failed, an operation would be judged by two policies.
func TestAnOperationUnderWayKeepsItsBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(3), budgeted(0, 0.1)) // one retry
		began := time.Now()
		result := async(func() (int, error) { return Do(bg, s, "x", failWith(errTemp)) })
		pass(500 * time.Millisecond) // in the backoff for which it has taken that
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(3))})))
		o := soon(t, result, "the operation")
		reason, attempts := reasonOf(t, o.err)
		assert.Equal(t, retry.BudgetExhausted, reason)
		assert.Equal(t, 2, attempts)
		assert.Equal(t, time.Second, o.at.Sub(began))
	})
}

// If it failed, a target that was made by its breaker's name would be lost in
// a reload that changes a budget all targets share.
func TestATargetKnownByItsBreakerFollowsASharedBudget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := func(ratio float64) targets {
			p := policy(budgeted(ratio, 0), shares("all"))
			return targets{"api": p, "x": p}
		}
		s := start(t, all(0.1))
		_, err := s.BreakerWith("new", policies.DefaultBreaker())
		require.NoError(t, err)
		require.NoError(t, s.Apply(setOf(t, all(0.3))))
		_, err = s.set.Load().Target("new")
		assert.NoError(t, err)
		for _, name := range []string{"x", "new"} {
			_, err = Do(bg, s, name, succeed)
			assert.NoError(t, err)
		}
		assert.Equal(t, 2, budgetOf(t, s, "new").Calls)
	})
}
