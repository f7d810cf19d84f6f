package invariants_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I7: Shutdown stops admitting, drains or rejects, is idempotent, leaks
// nothing (the package's TestMain looks) and reports stragglers.

// Broken: what runs is cut off, what waits goes on waiting, or what comes is
// taken.
func TestI7_DrainsWhatRunsAndRejectsWhatWaits(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"run": target(workers(1)), "wait": target(), "park": target(parks)})
		sup.Breaker("park").ForceOpen()
		running := async(func() (int, error) {
			return w.call(context.Background(), sup, "run", func(context.Context) (int, error) { <-time.After(5 * time.Second); return 7, nil })
		})
		synctest.Wait()
		queued := async(func() (int, error) { return w.call(context.Background(), sup, "run", succeed) })
		waiting := async(func() (int, error) {
			return w.call(context.Background(), sup, "wait", newClockwork().failing(9, errTemp))
		})
		parked := async(func() (int, error) { return w.call(context.Background(), sup, "park", succeed) })
		pass(100 * time.Millisecond)
		began := time.Now()
		shut := async(func() (int, error) { return 0, sup.Shutdown(context.Background()) })

		for what, ch := range map[string]<-chan outcome{"queued": queued, "parked": parked} {
			o := soon(t, ch, what)
			rejected(t, o.err)
			require.Equal(t, began, o.at, what)
		}
		o := soon(t, waiting, "the one in backoff")
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		require.Equal(t, supervisor.ReasonShutdown, exhausted.Reason)
		require.ErrorIs(t, o.err, supervisor.ErrShutdown)
		require.ErrorIs(t, o.err, errTemp)
		require.Equal(t, began, o.at)
		_, err := supervisor.Do(context.Background(), sup, "wait", succeed)
		rejected(t, err)

		o = soon(t, running, "the one that runs")
		require.NoError(t, o.err)
		require.Equal(t, 7, o.value)
		o = soon(t, shut, "Shutdown")
		require.NoError(t, o.err)
		require.Equal(t, 4900*time.Millisecond, o.at.Sub(began))
	})
}

// Broken: an attempt that fails while the supervisor drains is retried, or its
// caller is forgotten.
func TestI7_NoRetryDuringTheDrain(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		calls := newClockwork()
		running := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
				calls.tick()
				<-time.After(5 * time.Second)
				return 0, errTemp
			})
		})
		synctest.Wait()
		require.NoError(t, sup.Shutdown(context.Background()))
		o := soon(t, running, "the one that ran")
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		require.Equal(t, retry.Reason(supervisor.ReasonShutdown), exhausted.Reason)
		require.ErrorIs(t, o.err, errTemp)
		require.Equal(t, 1, calls.calls())
	})
}

// Broken: a function that ignores its context holds Shutdown beyond its own,
// is not named, or keeps its detached caller.
func TestI7_ReportsStragglersAndFreesTheirCallers(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(), "y": target()})
		hold := make(chan struct{})
		id := ""
		straggler := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
				a, _ := supervisor.CurrentAttempt(ctx)
				id = a.OperationID
				<-hold
				return 7, nil
			})
		})
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		began := time.Now()
		err := sup.Shutdown(ctx)
		require.Equal(t, time.Second, time.Since(began))
		var stragglers *supervisor.StragglersError
		require.ErrorAs(t, err, &stragglers)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []supervisor.Straggler{{Target: "x", Operation: id}}, stragglers.Stragglers)
		require.Contains(t, err.Error(), id)
		if !w.inline {
			o := soon(t, straggler, "the caller of a straggler")
			require.ErrorIs(t, o.err, supervisor.ErrShutdown)
			require.Equal(t, time.Second, o.at.Sub(began))
		}
		again := async(func() (int, error) { return 0, sup.Shutdown(context.Background()) })
		pass(time.Minute)
		require.Empty(t, again)
		close(hold)
		require.NoError(t, soon(t, again, "the second Shutdown").err)
		if w.inline {
			o := soon(t, straggler, "the inline caller")
			require.NoError(t, o.err)
			require.Equal(t, 7, o.value)
		}
	})
}

// Broken: Shutdown of an unused or an idle supervisor takes time or fails.
func TestI7_OfAnIdleSupervisorIsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		began := time.Now()
		require.NoError(t, start(t, targets{"x": target()}).Shutdown(context.Background()))
		sup := start(t, targets{"x": target(trips(1))})
		works(t, sup, "x")
		_, _ = supervisor.Do(context.Background(), sup, "x", boom)
		_, _ = supervisor.Do(context.Background(), sup, "x", succeed)
		done, cancel := context.WithCancel(context.Background())
		cancel()
		_ = sup.Shutdown(done) // may or may not make it; it must not panic
		require.NoError(t, sup.Shutdown(context.Background()))
		require.LessOrEqual(t, time.Since(began), 8*time.Second)
	})
}

// Broken: the last events before the end are lost.
func TestI7_EventsAreDeliveredBeforeTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits), "y": target()})
		events := listen(sup)
		works(t, sup, "x")
		works(t, sup, "y")
		for range 50 {
			_, _ = supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp))
		}
		require.NoError(t, sup.Shutdown(context.Background()))
		require.Len(t, eventsOf[actors.OperationFailed](events), 50)
		require.Len(t, eventsOf[actors.TargetStopped](events), 2)
	})
}

// Broken: stateful workers are not closed, or closed twice.
func TestI7_ClosesEveryStatefulWorkerOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var made, closed int
		lock := make(chan struct{}, 1)
		sup := start(t, targets{"x": target(workers(5))}, supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
			lock <- struct{}{}
			defer func() { <-lock }()
			made++
			once := false
			return &session{
				handle: func(context.Context, any) (any, error) { <-time.After(time.Second); return 42, nil },
				close: func() error {
					lock <- struct{}{}
					defer func() { <-lock }()
					require.False(t, once)
					once = true
					closed++
					return nil
				},
			}, nil
		}))
		var all []<-chan outcome
		for range 12 {
			all = append(all, async(func() (int, error) { return supervisor.Ask[int](context.Background(), sup, "x", 1) }))
		}
		for _, ch := range all {
			require.NoError(t, soon(t, ch, "an answer").err)
		}
		require.NoError(t, sup.Shutdown(context.Background()))
		require.Equal(t, 5, made)
		require.Equal(t, 5, closed)
	})
}
