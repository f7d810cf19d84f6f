package invariants_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I4: at most max_attempts executions, none after success.

// Broken: one attempt too many or too few, of whatever kind the failure is.
func TestI4_AtMostMaxAttempts(t *testing.T) {
	for _, most := range []int{1, 2, 5} {
		for name, fail := range map[string]func() (int, error){
			"errors": func() (int, error) { return 0, errTemp },
			"panics": func() (int, error) { panic("boom") },
		} {
			t.Run(fmt.Sprint(most, " ", name), func(t *testing.T) {
				eachWay(t, func(t *testing.T, w way) {
					sup := start(t, targets{"x": target(attempts(most))})
					calls := newClockwork()
					_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { calls.tick(); return fail() })
					require.Error(t, err)
					require.Equal(t, most, calls.calls())
					pass(time.Hour)
					require.Equal(t, most, calls.calls())
				})
			})
		}
	}
}

// Broken: an operation that went well runs again.
func TestI4_NoneAfterSuccess(t *testing.T) {
	for ok := 1; ok <= 3; ok++ {
		t.Run(fmt.Sprint(ok), func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target()})
				calls := newClockwork()
				_, err := w.call(context.Background(), sup, "x", calls.failing(ok-1, errTemp))
				require.NoError(t, err)
				pass(time.Hour)
				require.Equal(t, ok, calls.calls())
			})
		})
	}
}

// Broken: without retries there is a second attempt, or the error is wrapped.
func TestI4_DisabledRetriesAreOneDirectCall(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(2), func(p *policies.Policy) { p.Retry.Enabled = false })})
		calls := newClockwork()
		for range 2 {
			_, err := w.call(context.Background(), sup, "x", calls.failing(9, errTemp))
			require.Equal(t, errTemp, err, "its error as it is")
		}
		require.Equal(t, 2, calls.calls())
		_, err := w.call(context.Background(), sup, "x", succeed)
		require.ErrorIs(t, err, supervisor.ErrOpen, "the breaker still guards")
	})
}

// Broken: two attempts of one operation at a time, or a number that is wrong
// within the attempt.
func TestI4_OneAttemptAtATimeWithItsNumber(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(4))})
		var running atomic.Int32
		var numbers []int
		ids, keys := map[string]bool{}, map[string]bool{}
		_, err := w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
			require.EqualValues(t, 1, running.Add(1))
			defer running.Add(-1)
			a, ok := supervisor.CurrentAttempt(ctx)
			require.True(t, ok)
			require.Equal(t, "x", a.Target)
			require.Equal(t, 4, a.MaxAttempts)
			numbers = append(numbers, a.Number)
			ids[a.OperationID], keys[a.IdempotencyKey] = true, true
			<-time.After(10 * time.Second)
			return 0, errTemp
		})
		require.Error(t, err)
		require.Equal(t, []int{1, 2, 3, 4}, numbers)
		require.Len(t, ids, 1)
		require.Len(t, keys, 1)
	})
}

// Broken: a reload changes how many attempts an operation under way has.
func TestI4_AReloadKeepsTheAttemptsOfWhatIsUnderWay(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(3))})
		calls := newClockwork()
		waiting := async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(9, errTemp)) })
		pass(500 * time.Millisecond)
		set, err := policies.NewSet(targets{"x": target(attempts(7), noWaits)})
		require.NoError(t, err)
		require.NoError(t, sup.Apply(set))
		require.Error(t, soon(t, waiting, "the operation under way").err)
		require.Equal(t, seconds(0, 1, 3), calls.at())
		calls = newClockwork()
		_, err = w.call(context.Background(), sup, "x", calls.failing(9, errTemp))
		require.Error(t, err)
		require.Equal(t, 7, calls.calls())
	})
}
