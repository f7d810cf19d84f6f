package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, decorrelated waits would not grow: each is drawn from up to three
// times the last one.
func TestDecorrelatedWaitsGoByTheLastOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(60), func(p *policies.Policy) {
			p.Retry.Jitter, p.Retry.MinWait, p.Retry.MaxWait = policies.JitterDecorrelated, time.Second, time.Hour
		})
		j := listen(s)
		_, err := Do(bg, s, "x", failWith(errTemp))
		require.Error(t, err)
		synctest.Wait()
		last, longest := time.Second, time.Duration(0)
		for _, e := range eventsOf[actors.RetryScheduled](j) {
			assert.LessOrEqual(t, e.Wait, 3*last)
			last, longest = e.Wait, max(longest, e.Wait)
		}
		// That all of 59 waits stay below 3 s by chance is less likely than 1 in 10^15.
		assert.Greater(t, longest, 3*time.Second)
	})
}

// If it failed, a caller whose call came back would be told that it was refused or
// cancelled, and not what it came back with.
func TestAnAttemptThatFailedHasItsOwnError(t *testing.T) {
	t.Run("though the target stopped meanwhile", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := one(t, attempts(2), restartsAt(1, policies.StopTarget))
			g := newGate()
			result := async(func() (int, error) { return Do(bg, s, "x", g.run) })
			soon(t, g.begun, "the attempt")
			crashes(s, 2)
			g.end <- errPlain
			assert.Equal(t, errPlain, soon(t, result, "the outcome").err)
		})
	})
	t.Run("though its caller left meanwhile", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := one(t, attempts(2))
			ctx, cancel := context.WithCancel(bg)
			defer cancel()
			_, err := Do(ctx, s, "x", func(context.Context) (int, error) {
				cancel()
				return 0, errPlain
			})
			assert.Equal(t, errPlain, err)
		})
	})
}

// I3. If it failed, an attempt that is let through as a probe, and is not begun
// because its caller has left, would keep the probe's slot until its lease ends.
func TestAProbeThatIsNotBegunGivesItsSlotBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		b := s.Breaker("x")
		notBegun := 0
		for range 300 {
			b.ForceOpenFor(time.Second)
			pass(time.Second)
			require.Equal(t, breaker.HalfOpen, b.State())
			ctx, cancel := context.WithCancel(bg)
			ran := false
			f := Go(ctx, s, "x", func(context.Context) (int, error) {
				ran = true
				return 0, errAside
			})
			cancel()
			_, err := f.Wait(bg)
			require.Error(t, err)
			synctest.Wait()
			if !ran && errors.Is(err, context.Canceled) {
				notBegun++
			}
			require.Zero(t, b.Counts().ProbesRunning, "a slot leaked")
		}
		t.Logf("%d of 300 were not begun", notBegun)
	})
}
