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
