package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, a bad reload would take effect in part.
func TestABadReloadChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		j := listen(s)
		before := s.Target("x").Policy()
		err := s.Apply(nil)
		assert.ErrorContains(t, err, "supervisor.Apply: the policy set is nil")
		err = s.Apply(setOf(t, targets{"x": policy(attempts(9)), "y": policy(unknownCondition)}))
		assert.ErrorContains(t, err, "no.such.condition")
		assert.ErrorContains(t, err, `target "y"`)
		assert.Equal(t, before, s.Target("x").Policy())
		assert.ErrorIs(t, s.Target("y").Err(), ErrUnknownTarget)
		synctest.Wait()
		assert.Empty(t, eventsOf[actors.PoliciesApplied](j))

		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(9))})), "a later one is not held up")
		assert.Equal(t, 9, s.Target("x").Policy().Retry.MaxAttempts)
	})
}

// If it failed, a reload would touch targets that it says nothing about, or
// lose what a breaker knows.
func TestAReloadChangesWhatIsChanged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"a": policy(), "b": policy(), "gone": policy(), "idle": policy()})
		j := listen(s)
		for _, name := range []string{"gone", "b", "a"} {
			_, err := Do(bg, s, name, succeed)
			require.NoError(t, err)
		}
		s.Breaker("b").ForceOpen()
		untouched := s.Target("a").policy.Load()
		view := s.Target("a").breaker.View()

		changed := policy(trips(1), attempts(1))
		require.NoError(t, s.Apply(setOf(t, targets{"a": policy(), "b": changed, "idle": changed, "new": policy()})))
		assert.Same(t, untouched, s.Target("a").policy.Load())
		assert.Same(t, view, s.Target("a").breaker.View())
		assert.Equal(t, changed, s.Target("b").Policy())
		assert.Equal(t, breaker.ForcedOpen, s.Breaker("b").State(), "its state is kept")
		assert.Equal(t, policy(), s.Target("gone").Policy(), "a running target keeps its last policy")
		assert.Equal(t, changed, s.Target("idle").Policy(), "it starts with the new one")
		assert.NoError(t, s.Target("new").Err())
		synctest.Wait()
		require.Len(t, eventsOf[actors.PoliciesApplied](j), 1)
		assert.Equal(t, []string{"b"}, eventsOf[actors.PoliciesApplied](j)[0].Changed)

		s.Breaker("b").Reset()
		_, err := Do(bg, s, "b", failWith(errPlain))
		assert.Equal(t, errPlain, err)
		assert.Equal(t, breaker.Open, s.Breaker("b").State(), "the new threshold holds")

		require.NoError(t, s.Apply(setOf(t, targets{"a": policy(attempts(5)), "b": policy(), "gone": policy(attempts(7))})))
		synctest.Wait()
		assert.Equal(t, []string{"a", "b", "gone"}, eventsOf[actors.PoliciesApplied](j)[1].Changed)
		assert.Equal(t, 7, s.Target("gone").Policy().Retry.MaxAttempts)
	})
}

// If it failed, an operation would be judged by two policies.
func TestAnOperationUnderWayKeepsItsPolicy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(3))
		began := time.Now()
		calls := 0
		result := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				calls++
				a, _ := CurrentAttempt(ctx)
				assert.Equal(t, 3, a.MaxAttempts)
				return 0, errTemp
			})
		})
		pass(500 * time.Millisecond) // in its first backoff
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(1), noWaits)})))
		o := soon(t, result, "the operation")
		assert.Equal(t, 3, calls)
		assert.Equal(t, 3*time.Second, o.at.Sub(began))

		calls = 0
		_, err := Do(bg, s, "x", func(context.Context) (int, error) { calls++; return 0, errTemp })
		assert.Error(t, err)
		assert.Equal(t, 1, calls, "the next one has the new policy")
	})
}

// If it failed, a condition that was added would not be looked at.
func TestAReloadBringsConditions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, noWaits)
		notFound := func(p *policies.Policy) { noWaits(p); p.Retry.CustomExceptions = []string{"file.not_exist"} }
		calls := 0
		count := func(context.Context) (int, error) { calls++; return 0, errNotThere }
		_, _ = Do(bg, s, "x", count)
		assert.Equal(t, 1, calls)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(notFound)})))
		_, _ = Do(bg, s, "x", count)
		assert.Equal(t, 4, calls)
	})
}

// If it failed, a larger pool would not help those that wait, or a smaller one
// would not be obeyed.
func TestAReloadChangesThePool(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		g := newGate()
		for range 4 {
			Go(bg, s, "x", g.run)
		}
		synctest.Wait()
		require.Len(t, g.begun, 1)
		assert.Equal(t, 3, snapshotOf(t, s, "x").Queued)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(workers(3))})))
		synctest.Wait()
		assert.Len(t, g.begun, 3)
		assert.Equal(t, 1, snapshotOf(t, s, "x").Queued)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(workers(1))})))
		for range 4 {
			g.end <- nil
		}
		synctest.Wait()
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 4, snap.Succeeded)
		assert.Len(t, snap.Workers, 1)
	})
}

func TestNoReloadAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		require.NoError(t, s.Shutdown(bg))
		assert.ErrorIs(t, s.Apply(setOf(t, nil)), ErrShutdown)
	})
}
