package invariants_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I5: every wait is in bounds.

// Broken: without jitter a wait is not min(max_wait, min_wait*2^(n-1)).
func TestI5_TheExactSchedule(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(8))})
		calls := newClockwork()
		_, err := w.call(context.Background(), sup, "x", calls.failing(99, errTemp))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, seconds(0, 1, 3, 7, 15, 23, 31, 39), calls.at())
		require.Equal(t, 39*time.Second, exhausted.Waited)
	})
}

// Broken: some jitter leaves [min_wait, max_wait], or the wait that is
// announced is not the one that is waited.
func TestI5_EveryJitterStaysInBounds(t *testing.T) {
	for _, jitter := range policies.Jitters() {
		t.Run(string(jitter), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(attempts(6), func(p *policies.Policy) {
					p.Retry.Jitter = jitter
					p.Retry.MinWait, p.Retry.MaxWait = 100*time.Millisecond, 900*time.Millisecond
				})})
				events := listen(sup)
				for range 100 {
					calls := newClockwork()
					_, err := supervisor.Do(context.Background(), sup, "x", calls.failing(99, errTemp))
					require.Error(t, err)
					synctest.Wait()
					at, announced := calls.at(), eventsOf[actors.RetryScheduled](events)
					require.Len(t, at, 6)
					previous := 100 * time.Millisecond
					for i, e := range announced[len(announced)-5:] {
						require.Equal(t, e.Wait, at[i+1]-at[i])
						require.GreaterOrEqual(t, e.Wait, 100*time.Millisecond)
						top := 100 * time.Millisecond << (i + 1)
						if jitter == policies.JitterDecorrelated {
							top = 3 * previous
						}
						require.LessOrEqual(t, e.Wait, min(900*time.Millisecond, top))
						previous = e.Wait
						require.Equal(t, i+2, e.Attempt)
						require.Equal(t, retry.Computed, e.Source)
					}
				}
			})
		})
	}
}

// Broken: a server's own delay is jittered, clipped to max_wait, or ignored.
func TestI5_TheServersDelayIsExact(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		for _, err := range []error{
			classify.RetryableAfter(errors.New("busy"), 37*time.Second),
			&classify.StatusError{StatusCode: 429, Header: http.Header{"Retry-After": {"37"}}},
			&classify.StatusError{StatusCode: 503, Header: http.Header{"Retry-After-Ms": {"37000"}}},
		} {
			calls := newClockwork()
			_, got := w.call(context.Background(), sup, "x", calls.failing(2, err))
			require.NoError(t, got)
			require.Equal(t, seconds(0, 37, 74), calls.at())
		}
	})
}

// Broken: a delay beyond max_server_wait is waited for, or cut short.
func TestI5_ATooLongServerDelayEndsTheOperation(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		calls := newClockwork()
		_, err := w.call(context.Background(), sup, "x", calls.failing(9, classify.RetryableAfter(errPlain, time.Minute+1)))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, retry.ServerDelay, exhausted.Reason)
		require.ErrorIs(t, err, errPlain)
		require.Equal(t, seconds(0), calls.at())
		require.Zero(t, time.Since(calls.began))
	})
}

// Broken: a wait starts that ends later than max_elapsed.
func TestI5_MaxElapsed(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(9), func(p *policies.Policy) { p.Retry.MaxElapsed = 7 * time.Second })})
		calls := newClockwork()
		_, err := w.call(context.Background(), sup, "x", calls.failing(99, errTemp))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, retry.MaxElapsed, exhausted.Reason)
		require.Equal(t, seconds(0, 1, 3, 7), calls.at(), "a wait that ends just then is still made")
		require.Equal(t, 7*time.Second, time.Since(calls.began))
	})
}

// Broken: the caller's own back-off is not heeded.
func TestI5_TheCallersOwnBackOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(attempts(9))})
		for range 2 { // made afresh for each operation
			calls := newClockwork()
			_, err := supervisor.Do(context.Background(), sup, "x", calls.failing(99, errTemp),
				supervisor.BackOff(func() backoff.BackOff { return backoff.WithMaxRetries(backoff.NewConstantBackOff(11*time.Second), 2) }))
			var exhausted *supervisor.ExhaustedError
			require.ErrorAs(t, err, &exhausted)
			require.Equal(t, retry.BackoffStop, exhausted.Reason)
			require.Equal(t, seconds(0, 11, 22), calls.at())
		}
	})
}

// Broken: many operations in backoff wake at other times than their own.
func TestI5_ManyWaitsEachItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(workers(2), func(p *policies.Policy) {
			p.RateLimit.ServerPacing = false // or each would wait for the longest
		})})
		var wrong atomic.Int32
		var all []<-chan outcome
		for i := range 500 {
			d := time.Duration(1+(i*7919)%1000) * 10 * time.Millisecond
			calls := newClockwork()
			all = append(all, async(func() (int, error) {
				v, err := supervisor.Go(context.Background(), sup, "x", calls.failing(1, classify.RetryableAfter(errPlain, d))).Wait(context.Background())
				if at := calls.at(); len(at) != 2 || at[1] != d {
					wrong.Add(1)
				}
				return v, err
			}))
		}
		for _, ch := range all {
			require.NoError(t, soon(t, ch, "an operation").err)
		}
		require.Zero(t, wrong.Load())
	})
}

// Broken: the breaker reads open after its time, until somebody calls.
func TestI5_HalfOpenExactlyAtTheRecoveryTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(trips(1))})
		events := listen(sup)
		b := sup.Breaker("x")
		for _, open := range []time.Duration{30, 60, 120, 240, 480, 600, 600} {
			open *= time.Second
			_, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
			require.Equal(t, errPlain, err)
			require.Equal(t, breaker.Open, b.State())
			pass(open - 1)
			require.Equal(t, breaker.Open, b.State())
			pass(1)
			require.Equal(t, breaker.HalfOpen, b.State(), "by its own timer, after %s", open)
			changes := eventsOf[actors.BreakerChanged](events)
			require.Equal(t, open, changes[len(changes)-1].At.Sub(changes[len(changes)-2].At))
		}
	})
}
