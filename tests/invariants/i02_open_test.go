package invariants_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I2: no attempt starts while its breaker is open.

// Broken: an open breaker lets a call through, or its refusal takes time.
func TestI2_AnOpenBreakerRefusesAtOnce(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(3)), "y": target(trips(3))})
		calls := newClockwork()
		for range 3 {
			_, err := w.call(context.Background(), sup, "x", calls.failing(99, errPlain))
			require.Equal(t, errPlain, err)
		}
		for i := range 29 {
			_, err := w.call(context.Background(), sup, "x", calls.failing(99, errPlain))
			var open *supervisor.OpenError
			require.ErrorAs(t, err, &open)
			require.Equal(t, time.Duration(30-i)*time.Second, open.RetryAfter())
			require.Equal(t, errPlain, open.Cause)
			require.NotErrorIs(t, err, errPlain, "the cause is another call's error")
			pass(time.Second)
		}
		require.Equal(t, 3, calls.calls())
		works(t, sup, "y")
	})
}

// Broken: the caller's next call does not see the effect of its own outcome.
func TestI2_TheNextCallSeesTheTrip(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			// In real time: nothing may settle between the two calls.
			sup := start(t, targets{"x": target(trips(1))})
			for range 500 {
				_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
				require.Equal(t, errPlain, err)
				_, err = w.call(context.Background(), sup, "x", succeed)
				require.ErrorIs(t, err, supervisor.ErrOpen)
				sup.Breaker("x").Reset()
			}
		})
	}
}

// Broken: operations that wait in the queue are run although the breaker
// opened meanwhile.
func TestI2_TheQueueIsRefusedToo(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1))})
		hold := make(chan struct{})
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, nil })
		})
		synctest.Wait()
		calls := newClockwork()
		var queued []<-chan outcome
		for range 5 {
			queued = append(queued, async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(0, nil)) }))
		}
		synctest.Wait()
		sup.Breaker("x").ForceOpenFor(time.Minute)
		for _, ch := range queued {
			require.ErrorIs(t, soon(t, ch, "an operation in the queue").err, supervisor.ErrOpen)
		}
		close(hold)
		require.NoError(t, soon(t, busy, "the one that ran").err, "what runs is not stopped")
		require.Zero(t, calls.calls())
		require.Equal(t, breaker.ForcedOpen, sup.Breaker("x").State(), "a late outcome changes nothing")
	})
}

// Broken: a retry whose wait is over starts although the breaker has opened.
func TestI2_ARetryMeetsTheOpenBreaker(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		calls := newClockwork()
		waiting := async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(9, errTemp)) })
		pass(500 * time.Millisecond)
		sup.Breaker("x").ForceOpenFor(time.Minute)
		o := soon(t, waiting, "the operation in backoff")
		require.ErrorIs(t, o.err, supervisor.ErrOpen)
		require.ErrorIs(t, o.err, errTemp)
		require.Equal(t, seconds(0), calls.at())
		require.LessOrEqual(t, o.at.Sub(calls.began), time.Second)
	})
}

// Broken: under a random load, some attempt starts inside an open time. The
// open times are taken from the events, so that both must agree.
func TestI2_NoAttemptStartsInAnOpenTime(t *testing.T) {
	for _, whenOpen := range policies.WhenOpens() {
		t.Run(string(whenOpen), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(trips(3), workers(4), func(p *policies.Policy) {
					p.Retry.WhenOpen = whenOpen
					p.Breaker.HalfOpenMaxCalls = 2
					p.Breaker.RecoveryTimeout, p.Breaker.RecoveryMultiplier = 5*time.Second, 1
				})})
				events := listen(sup)
				clock := newClockwork()
				var wg sync.WaitGroup
				for i := range 12 {
					wg.Go(func() {
						random := rand.New(rand.NewPCG(uint64(i), 1))
						for range 60 {
							<-time.After(time.Duration(random.IntN(5000)) * time.Millisecond)
							w := ways[i%len(ways)]
							fail, lasts := random.IntN(3) > 0, time.Duration(random.IntN(3000))*time.Millisecond
							_, _ = w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
								clock.tick()
								<-time.After(lasts)
								if fail {
									return 0, errTemp
								}
								return 1, nil
							})
						}
					})
				}
				wg.Wait()
				synctest.Wait()
				var opened time.Duration
				periods := 0
				for _, e := range eventsOf[actors.BreakerChanged](events) {
					at := e.At.Sub(clock.began)
					if e.Transition.To == breaker.Open {
						opened = at
					}
					if e.Transition.From == breaker.Open {
						periods++
						for _, began := range clock.at() {
							require.False(t, began > opened && began < at, "an attempt began at %s, open from %s to %s", began, opened, at)
						}
					}
				}
				require.Greater(t, periods, 3, "the load must have tripped the breaker")
			})
		})
	}
}
