package invariants_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/supervisor"
)

// I6: a cancellation or a deadline frees the caller: at once when detached,
// when the function returns when inline. The tests of faults have it for each
// place an operation can be in.

// Broken: a thousand callers that leave at once don't all leave.
func TestI6_EveryCallerIsFreedAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(4), parks)})
		ctx, cancel := context.WithCancel(context.Background())
		var running atomic.Int32
		var all []<-chan outcome
		for i := range 300 {
			all = append(all, async(func() (int, error) {
				return w.call(ctx, sup, "x", func(ctx context.Context) (int, error) {
					running.Add(1)
					defer running.Add(-1)
					if i%3 == 0 {
						return 0, errTemp
					}
					<-ctx.Done()
					return 0, ctx.Err()
				})
			}))
		}
		pass(time.Minute)
		require.LessOrEqual(t, running.Load(), int32(4))
		before := time.Now()
		cancel()
		for _, ch := range all {
			o := soon(t, ch, "a caller that left")
			require.Error(t, o.err)
			require.LessOrEqual(t, o.at.Sub(before), time.Duration(0))
		}
		synctest.Wait()
		require.Zero(t, running.Load())
		x := sup.Snapshot().Targets[0]
		require.Zero(t, x.InBackoff+x.Parked+x.Queued, "nobody waits any more")
		works(t, sup, "x")
	})
}

// Broken: the deadline is not the function's own to see, or a later one is
// invented.
func TestI6_TheFunctionSeesTheCallersContext(t *testing.T) {
	type key struct{}
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), key{}, "value"), time.Minute)
		defer cancel()
		want, _ := ctx.Deadline()
		_, err := w.call(ctx, sup, "x", func(ctx context.Context) (int, error) {
			got, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, want, got)
			require.Equal(t, "value", ctx.Value(key{}))
			return 1, nil
		})
		require.NoError(t, err)
	})
}

// Broken: a future's Wait ends the operation with its own context, or an
// operation that was left behind is run again.
func TestI6_WaitingIsNotTheOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		calls := newClockwork()
		f := supervisor.Go(context.Background(), sup, "x", calls.failing(1, errTemp))
		_, err := f.Wait(cancelAfter(500 * time.Millisecond))
		require.ErrorIs(t, err, errCause)
		v, err := f.Wait(context.Background())
		require.NoError(t, err)
		require.Equal(t, 42, v)
		<-f.Done()
		require.Equal(t, seconds(0, 1), calls.at())
	})
}

// Broken: a success and a cancellation at the same instant are both or
// neither the outcome.
func TestI6_ACancellationRacesWithTheSuccess(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(noWaits)})
		for range 300 {
			calls := newClockwork()
			o := soon(t, async(func() (int, error) {
				return w.call(cancelAfter(time.Second), sup, "x", func(context.Context) (int, error) {
					if calls.tick() == 1 {
						return 0, errTemp
					}
					<-time.After(time.Second)
					return 42, nil
				})
			}), "the caller")
			if o.err == nil {
				require.Equal(t, 42, o.value)
			} else {
				require.ErrorIs(t, o.err, errCause)
				require.Zero(t, o.value)
			}
			synctest.Wait()
			require.Equal(t, 2, calls.calls())
		}
	})
}
