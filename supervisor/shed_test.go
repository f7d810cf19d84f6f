package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// Broken, nobody who watches the events would learn that operations are turned
// away for want of room, or would drown in what says so.
func TestSheddingIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1), pending(1), func(p *policies.Policy) { p.Pool.MaxQueueWait = 5 * time.Second })
		j := listen(s)
		g := newGate()
		_ = async(func() (int, error) { return Do(bg, s, "x", g.run) })
		<-g.begun
		queued := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		pass(0)
		for range 10 {
			_, err := Do(bg, s, "x", succeed)
			require.ErrorIs(t, err, ErrOverloaded)
		}
		pass(0)
		told := eventsOf[actors.OperationsShed](j)
		require.Len(t, told, 1, "the first at once")
		assert.EqualValues(t, 1, told[0].Count)
		pass(time.Second)
		told = eventsOf[actors.OperationsShed](j)
		require.Len(t, told, 2, "and the others within a second")
		assert.Equal(t, map[string]uint64{"overloaded": 9}, told[1].Reasons)
		assert.Equal(t, "9 operations on x refused: 9 overloaded", told[1].String())

		require.ErrorIs(t, soon(t, queued, "the queued one").err, ErrQueueWait)
		pass(time.Minute)
		told = eventsOf[actors.OperationsShed](j)
		require.Len(t, told, 3)
		assert.Equal(t, map[string]uint64{"queue_wait": 1}, told[2].Reasons)
		g.end <- nil
	})
}

// Broken, what is left to tell would be lost with the target, or the stop would
// not say what it is for.
func TestAStopTellsWhatWasShedAndWhy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, restartsAt(1, policies.StopTarget), noWaits)
		j := listen(s)
		_, err := Do(bg, s, "x", failWith(errTemp))
		require.ErrorIs(t, err, errTemp)
		pass(0)
		stopped := eventsOf[actors.TargetStopped](j)
		require.Len(t, stopped, 1)
		require.ErrorIs(t, stopped[0].Reason, ErrTargetStopped)
		var restarts *RestartsError
		require.ErrorAs(t, stopped[0].Reason, &restarts)
		assert.Equal(t, 1, restarts.MaxRestarts)
		_, err = Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrTargetStopped)
		pass(time.Second)
		assert.Len(t, eventsOf[actors.OperationsShed](j), 1)
	})
}
