package invariants_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// intensity allows two restarts in ten seconds.
func intensity(then policies.Escalation) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.Restart = policies.Restart{MaxRestarts: 2, Within: 10 * time.Second, Exceeded: then}
	}
}

// backoffPermanent keeps a panic from being retried.
var backoffPermanent = backoff.Permanent(errPlain)

func boom(context.Context) (int, error) { panic("boom") }

// once makes target x restart a worker once.
func once(t *testing.T, w way, sup *supervisor.Supervisor) {
	t.Helper()
	o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", boom) }), "the outcome of a panic")
	var crash *supervisor.PanicError
	require.ErrorAs(t, o.err, &crash)
	synctest.Wait()
}

// Broken: the bound on restarts counts wrongly, or is one for all targets.
func TestFault_RestartsWithinTheBound(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(1), intensity(policies.StopTarget)), "y": target(attempts(1), intensity(policies.StopTarget))})
		for range 10 {
			once(t, w, sup)
			once(t, w, sup)
			_, err := w.call(context.Background(), sup, "y", boom)
			require.Error(t, err)
			pass(10*time.Second + 1)
		}
		works(t, sup, "x")
		works(t, sup, "y")
	})
}

// Broken: too many restarts don't trip the breaker, or trip it for good.
func TestFault_TooManyRestartsTripTheBreaker(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(1), intensity(policies.TripBreaker)), "y": target()})
		events := listen(sup)
		for range 3 {
			once(t, w, sup)
		}
		require.Equal(t, breaker.Open, sup.Breaker("x").State())
		_, err := w.call(context.Background(), sup, "x", succeed)
		require.ErrorIs(t, err, supervisor.ErrOpen)
		synctest.Wait()
		changes := eventsOf[actors.BreakerChanged](events)
		require.Len(t, changes, 1)
		require.Equal(t, breaker.ReasonRestartIntensity, changes[0].Transition.Reason)
		works(t, sup, "y")
		pass(30 * time.Second)
		works(t, sup, "x")
		require.Equal(t, breaker.Closed, sup.Breaker("x").State())
	})
}

// Broken: a stopped target lets something wait for ever, can't be told from
// one that was shut down, or can't be started again.
func TestFault_TooManyRestartsStopTheTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(2), workers(2), intensity(policies.StopTarget)), "y": target()})
		hold := make(chan struct{})
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, nil })
		})
		inBackoff := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", newClockwork().failing(1, errTemp))
		})
		synctest.Wait()
		for range 2 {
			_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { panic(backoffPermanent) })
			require.Error(t, err)
		}
		o := soon(t, inBackoff, "an operation in backoff")
		require.ErrorIs(t, o.err, supervisor.ErrTargetStopped)
		require.ErrorIs(t, o.err, errTemp)
		for range 2 {
			_, err := w.call(context.Background(), sup, "x", succeed)
			var rejected *supervisor.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.ErrorIs(t, err, supervisor.ErrTargetStopped)
		}
		works(t, sup, "y")
		close(hold)
		o = soon(t, busy, "the operation that ran")
		require.NoError(t, o.err, "what runs comes to its end")

		require.NoError(t, sup.Target("x").Start())
		works(t, sup, "x")
		_, err := w.call(context.Background(), sup, "x", newClockwork().failing(1, errTemp))
		require.NoError(t, err, "retries work again, too")
	})
}

// Broken: the parent's restart of the target forgets operations that wait in
// the queue or in backoff, or leaves the breaker as it was.
func TestFault_TooManyRestartsEscalate(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(2), trips(4), intensity(policies.Escalate)), "y": target()})
		events := listen(sup)
		hold := make(chan struct{})
		waits := newClockwork()
		inBackoff := async(func() (int, error) { return w.call(context.Background(), sup, "x", waits.failing(1, errTemp)) })
		synctest.Wait()
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, nil })
		})
		synctest.Wait()
		crash := make(chan struct{})
		var queued []<-chan outcome
		first := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-crash; panic(backoffPermanent) })
		})
		synctest.Wait()
		for range 3 {
			queued = append(queued, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }))
			synctest.Wait()
		}
		// The retry's restart was one; two panics more are one too many.
		close(crash)
		require.Error(t, soon(t, first, "the one that panicked").err)
		for _, ch := range queued {
			require.NoError(t, soon(t, ch, "an operation in the queue").err)
		}
		_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { panic(backoffPermanent) })
		require.Error(t, err)
		synctest.Wait()
		require.NotEmpty(t, eventsOf[actors.TargetStopped](events), "the escalation can be seen")
		require.Equal(t, breaker.Closed, sup.Breaker("x").State())
		require.Zero(t, sup.Breaker("x").Counts().ConsecutiveFailures)
		close(hold)
		require.NoError(t, soon(t, busy, "the operation that ran").err)
		o := soon(t, inBackoff, "the operation in backoff")
		require.NoError(t, o.err)
		require.Equal(t, seconds(0, 1), waits.at())
		works(t, sup, "x")
		works(t, sup, "y")
	})
}

// Broken: workers that were busy as the parent restarted the target leave
// its queue unserved.
func TestFault_AnEscalationWithAFullPool(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(attempts(1), workers(3), intensity(policies.Escalate))})
		crash, hold := make(chan struct{}), make(chan struct{})
		var all []<-chan outcome
		for i := range 12 {
			all = append(all, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
					if i < 3 {
						<-crash
						panic("boom")
					}
					<-hold
					return i, nil
				})
			}))
			synctest.Wait()
		}
		close(crash)
		synctest.Wait()
		close(hold)
		for i, ch := range all {
			o := soon(t, ch, "an operation around the escalation")
			if i >= 3 {
				require.NoError(t, o.err)
				require.Equal(t, i, o.value)
			}
		}
		works(t, sup, "x")
	})
}
