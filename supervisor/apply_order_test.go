package supervisor

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
)

// If it failed, who hears of a change would still meet the policies before it,
// or hear of the older of two changes last.
func TestAReloadIsToldOfWhenItIsInForce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		require.NoError(t, s.Target("x").Err())
		j := listen(s)
		// The first call has not come to the end of its waiting.
		answer := make(chan applied, 1)
		s.root.Tell(&applySet{set: setOf(t, targets{"x": policy(attempts(5), trips(9))}), answer: answer})
		first := soon(t, answer, "the root's answer")
		require.NoError(t, first.err)
		assert.Equal(t, []string{"x"}, first.changed)
		synctest.Wait()
		assert.Empty(t, eventsOf[actors.PoliciesApplied](j), "the targets have not been waited for")

		second := async(func() (int, error) { return 0, s.Apply(setOf(t, targets{"x": policy(attempts(7))})) })
		synctest.Wait()
		assert.Empty(t, second, "it waits for the first")
		assert.Empty(t, eventsOf[actors.PoliciesApplied](j))
		assert.NoError(t, s.Target("worker").Err(), "the root serves others meanwhile")
		assert.Equal(t, 7, s.Target("x").Policy().Retry.MaxAttempts)

		close(first.told)
		assert.NoError(t, soon(t, second, "the second call").err)
		synctest.Wait()
		events := eventsOf[actors.PoliciesApplied](j)
		require.Len(t, events, 1)
		assert.Equal(t, "7", events[0].Changes[0].New)
	})
}

// If it failed, calls at the same time would be told of in another order than
// they took effect, or not at all.
func TestReloadsAtTheSameTimeAreToldOfInTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1))
		require.NoError(t, s.Target("x").Err())
		j := listen(s)
		for n := 2; n <= 50; n++ {
			set := setOf(t, targets{"x": policy(attempts(n))})
			go func() { assert.NoError(t, s.Apply(set)) }()
		}
		synctest.Wait()
		events := eventsOf[actors.PoliciesApplied](j)
		require.Len(t, events, 49)
		before := "1"
		for _, e := range events {
			require.Len(t, e.Changes, 1)
			assert.Equal(t, before, e.Changes[0].Old, "each begins where the last ended")
			before = e.Changes[0].New
		}
	})
}
