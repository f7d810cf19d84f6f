package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// As many parked operations probe at a time as the breaker allows, and no more.
func TestParkedOperationsTakeEverySlot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, trips(1), attempts(1), func(p *policies.Policy) {
			p.Breaker.HalfOpenMaxCalls, p.Breaker.SuccessThreshold = 2, 9
		})
		_, _ = Do(bg, s, "x", failWith(errPlain))
		g := newGate()
		for range 5 {
			Go(bg, s, "x", g.run)
		}
		pass(30 * time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		assert.Len(t, g.begun, 2)
		assert.Equal(t, 3, snapshotOf(t, s, "x").Parked)
		g.end <- nil
		synctest.Wait()
		assert.Len(t, g.begun, 3)
		for range 4 {
			g.end <- nil
		}
		synctest.Wait()
		assert.Len(t, g.begun, 5)
	})
}

// An operation that has had its turn and failed goes behind those that have
// not, or one that always fails would keep them from theirs.
func TestARetryParksBehindTheOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, noWaits, workers(1))
		b := s.Breaker("x")
		b.ForceOpen()
		var ran []string
		bad := async(func() (int, error) {
			return Do(bg, s, "x", func(context.Context) (int, error) {
				if ran = append(ran, "bad"); len(ran) == 1 {
					b.ForceOpen()
					return 0, errTemp
				}
				return 0, nil
			})
		})
		synctest.Wait()
		good := async(func() (int, error) {
			return Do(bg, s, "x", func(context.Context) (int, error) { ran = append(ran, "good"); return 0, nil })
		})
		synctest.Wait()
		b.Reset()
		synctest.Wait()
		require.Equal(t, []string{"bad"}, ran)
		assert.Equal(t, 2, snapshotOf(t, s, "x").Parked)
		b.Reset()
		assert.NoError(t, soon(t, good, "the good one").err)
		assert.NoError(t, soon(t, bad, "the bad one").err)
		assert.Equal(t, []string{"bad", "good", "bad"}, ran)
	})
}

// If it failed, a short backoff would last as long as a long one that began
// before it.
func TestAShortBackoffEndsBeforeALongOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(2))
		began := time.Now()
		results := map[time.Duration]<-chan outcome{}
		for _, wait := range []time.Duration{50 * time.Second, 10 * time.Second, 70 * time.Second, 10*time.Second + 1} {
			own := BackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(wait) })
			results[wait] = async(func() (int, error) { return Do(bg, s, "x", failWith(errTemp), own) })
			synctest.Wait()
		}
		assert.Equal(t, 4, snapshotOf(t, s, "x").InBackoff)
		for wait, result := range results {
			assert.Equal(t, wait, soon(t, result, "a retry").at.Sub(began))
		}
	})
}

// A success that was admitted before a reset belongs to the time before it.
func TestASuccessFromBeforeAResetIsLate(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		s := one(t)
		j := listen(s)
		g := newGate()
		result := async(func() (int, error) { return run(s, g.run) })
		soon(t, g.begun, "the attempt")
		s.Breaker("x").Reset()
		g.end <- nil
		assert.NoError(t, soon(t, result, "the caller").err)
		synctest.Wait()
		counts := s.Breaker("x").Counts()
		assert.EqualValues(t, 1, counts.Stale)
		assert.Zero(t, counts.Successes)
		assert.Len(t, eventsOf[actors.StaleOutcome](j), 1)
	})
}

// Park x nested. Broken, an ordinary outage would end with a target that is stuck
// for ever: the workers wait for operations that are parked behind one that
// waits for a worker.
func TestNestedOperationsAreParkedWithoutADeadlock(t *testing.T) {
	t.Run("one in the attempt as the breaker opens", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := one(t, parks, workers(1))
			inner := make(chan struct{})
			outer := async(func() (int, error) {
				return Do(bg, s, "x", func(ctx context.Context) (int, error) {
					<-inner
					return Do(ctx, s, "x", succeed)
				})
			})
			pass(time.Second)
			s.Breaker("x").ForceOpen()
			first := async(func() (int, error) { return Do(bg, s, "x", succeed) })
			pass(time.Second)
			close(inner)
			pass(time.Second)
			s.Breaker("x").Reset()
			require.NoError(t, soon(t, outer, "the outer one").err)
			require.NoError(t, soon(t, first, "the one that was parked first").err)
		})
	})
	t.Run("all of them through an outage", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := one(t, parks, workers(2))
			s.Breaker("x").ForceOpenFor(time.Minute)
			var all []<-chan outcome
			for range 7 {
				all = append(all, async(func() (int, error) {
					return Do(bg, s, "x", func(ctx context.Context) (int, error) {
						time.Sleep(time.Second)
						return Do(ctx, s, "x", succeed)
					})
				}))
			}
			for _, ch := range all {
				require.NoError(t, soon(t, ch, "an operation").err)
			}
		})
	})
}

// If it failed, a caller who asked not to wait would wait for the probes of a
// half-open breaker.
func TestWhoDoesNotParkIsRefusedWhileProbesAreOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, trips(1), attempts(1))
		_, _ = Do(bg, s, "x", failWith(errPlain))
		pass(30 * time.Second)
		g := newGate()
		probe := Go(bg, s, "x", g.run)
		<-g.begun
		refused := Go(bg, s, "x", succeed, FailWhenOpen())
		synctest.Wait()
		require.True(t, isClosed(refused.Done()), "it waits")
		_, err := refused.Wait(bg)
		assert.ErrorIs(t, err, ErrOpen)
		g.end <- nil
		_, err = probe.Wait(bg)
		assert.NoError(t, err)
	})
}
