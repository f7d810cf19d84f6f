package invariants_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Operations that wait for an open breaker instead of being refused.

// Broken: a parked operation starts too early, too late, out of order, or
// never.
func TestPark_ReleasedInOrderWhenTheBreakerLetsThem(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(parks)})
		sup.Breaker("x").ForceOpenFor(10 * time.Second)
		clock := newClockwork()
		var mu sync.Mutex
		var order []int
		var all []<-chan outcome
		for i := range 10 {
			all = append(all, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
					clock.tick()
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					return i, nil
				})
			}))
			synctest.Wait()
		}
		require.Equal(t, 10, sup.Snapshot().Targets[0].Parked)
		for i, ch := range all {
			o := soon(t, ch, fmt.Sprintf("parked operation %d", i))
			require.NoError(t, o.err)
			require.Equal(t, i, o.value)
		}
		require.Equal(t, 0, order[0], "the probe is the one that has waited longest")
		require.ElementsMatch(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
		for _, at := range clock.at() {
			require.Equal(t, 10*time.Second, at)
		}
		require.Zero(t, sup.Snapshot().Targets[0].Parked)
	})
}

// Broken: with one worker, where the order shows exactly, it is not kept.
func TestPark_OrderWithOneWorker(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(parks, workers(1), func(p *policies.Policy) { p.Breaker.SuccessThreshold = 3 })})
		sup.Breaker("x").ForceOpenFor(10 * time.Second)
		var mu sync.Mutex
		var order []int
		var all []<-chan outcome
		for i := range 12 {
			all = append(all, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					<-time.After(time.Second)
					return i, nil
				})
			}))
			synctest.Wait()
		}
		for _, ch := range all {
			require.NoError(t, soon(t, ch, "a parked operation").err)
		}
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, order)
	})
}

// Broken: a failed probe lets the rest through, or forgets them.
func TestPark_AFailedProbeKeepsTheOthersParked(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(parks, attempts(1))})
		sup.Breaker("x").ForceOpenFor(10 * time.Second)
		clock := newClockwork()
		var all []<-chan outcome
		for range 4 {
			all = append(all, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", clock.failing(1, errPlain))
			}))
			synctest.Wait()
		}
		failed := 0
		for _, ch := range all {
			if soon(t, ch, "a parked operation").err != nil {
				failed++
			}
		}
		require.Equal(t, 1, failed)
		// The probe fails at 10 s, and the breaker is open for twice its 30 s.
		require.Equal(t, seconds(10, 70, 70, 70), clock.at())
	})
}

// Broken: a deadline or a cancellation doesn't reach a parked operation.
func TestPark_WithinTheCallersDeadline(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(parks)})
		sup.Breaker("x").ForceOpenFor(10 * time.Second)
		clock := newClockwork()
		ctx, cancel := context.WithTimeout(context.Background(), 4*time.Second)
		defer cancel()
		o := soon(t, async(func() (int, error) { return w.call(ctx, sup, "x", clock.failing(0, nil)) }), "the caller")
		require.Equal(t, 4*time.Second, o.at.Sub(clock.began))
		require.ErrorIs(t, o.err, context.DeadlineExceeded)
		pass(time.Minute)
		require.Zero(t, clock.calls())
	})
}

// Broken: a retry that meets an open breaker is not parked, starts before its
// own wait is over, or before the breaker lets it.
func TestPark_Retry(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		// The wait is over first, then the breaker lets it through.
		sup := start(t, targets{"x": target(parks, trips(1)), "y": target(parks, trips(1), func(p *policies.Policy) {
			p.Retry.MinWait, p.Retry.MaxWait = time.Minute, time.Minute
		})})
		clock := newClockwork()
		o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", clock.failing(1, errTemp)) }), "the caller")
		require.NoError(t, o.err)
		require.Equal(t, seconds(0, 30), clock.at())

		// The other way round.
		clock = newClockwork()
		o = soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "y", clock.failing(1, errTemp)) }), "the caller")
		require.NoError(t, o.err)
		require.Equal(t, seconds(0, 60), clock.at())
	})
}

// Broken: max_elapsed bounds the waits between attempts but not the wait for
// the breaker or for a worker: no attempt may start later than it.
func TestPark_MaxElapsedBoundsEveryWait(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		elapsed := func(p *policies.Policy) { p.Retry.MaxElapsed = 5 * time.Second }
		sup := start(t, targets{"park": target(parks, elapsed), "queue": target(workers(1), elapsed)})
		sup.Breaker("park").ForceOpenFor(10 * time.Second)
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "queue", func(context.Context) (int, error) { <-time.After(time.Minute); return 1, nil })
		})
		synctest.Wait()
		for _, name := range []string{"park", "queue"} {
			clock := newClockwork()
			o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, name, clock.failing(0, nil)) }), "the caller")
			for _, at := range clock.at() {
				require.LessOrEqual(t, at, 5*time.Second, "an attempt on %s after max_elapsed", name)
			}
			require.ErrorContains(t, o.err, "max_elapsed", name)
			require.LessOrEqual(t, o.at.Sub(clock.began), 5*time.Second, "and the caller is told so in time")
		}
		require.NoError(t, soon(t, busy, "the busy one").err)
	})
}

// Broken: the calls' own choice does not override the policy's.
func TestPark_TheCallsOwnChoice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"fails": target(), "parks": target(parks)})
		sup.Breaker("fails").ForceOpenFor(10 * time.Second)
		sup.Breaker("parks").ForceOpenFor(10 * time.Second)
		_, err := supervisor.Do(context.Background(), sup, "parks", succeed, supervisor.FailWhenOpen())
		require.ErrorIs(t, err, supervisor.ErrOpen)
		o := soon(t, async(func() (int, error) {
			return supervisor.Do(context.Background(), sup, "fails", succeed, supervisor.ParkWhenOpen())
		}), "the parked caller")
		require.NoError(t, o.err)
	})
}

// Broken: parked operations are not let through by a hand on the breaker.
func TestPark_ReleasedByHand(t *testing.T) {
	for name, free := range map[string]func(*supervisor.Breaker){
		"Reset": (*supervisor.Breaker).Reset, "ForceClose": (*supervisor.Breaker).ForceClose, "Disable": (*supervisor.Breaker).Disable,
	} {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(parks, workers(2))})
				events := listen(sup)
				sup.Breaker("x").ForceOpen()
				var all []<-chan outcome
				for range 20 {
					all = append(all, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }))
				}
				synctest.Wait()
				require.Len(t, eventsOf[actors.OperationParked](events), 20)
				free(sup.Breaker("x"))
				for _, ch := range all {
					require.NoError(t, soon(t, ch, "a parked operation").err)
				}
			})
		})
	}
}

// Broken: a retry is parked although its policy says to fail, or the end says
// something else than that the breaker was open.
func TestPark_NotAskedFor(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(1))})
		clock := newClockwork()
		_, err := w.call(context.Background(), sup, "x", clock.failing(1, errTemp))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, retry.BreakerOpen, exhausted.Reason)
		require.ErrorIs(t, err, supervisor.ErrOpen)
		require.ErrorIs(t, err, errTemp)
		require.Equal(t, seconds(0), clock.at())
		require.Equal(t, breaker.Open, sup.Breaker("x").State())
	})
}
