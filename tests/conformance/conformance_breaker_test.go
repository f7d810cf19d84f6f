package conformance_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this fails, a fresh breaker refuses or has counted something.
func TestConformance21_StartsClosedWithCountZero(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		b := sup.Breaker(gateway)
		require.NoError(t, b.Err())
		assert.Equal(t, breaker.Closed, b.State())
		assert.Equal(t, breaker.Counts{LastTransition: time.Now()}, b.Counts())
	})
}

// If this fails, successes bring a breaker nearer to its trip.
func TestConformance22_FiveSuccessesKeepItClosed(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for range 5 {
			_, err := call(context.Background(), gateway, answering(1))
			require.NoError(t, err)
		}
		synctest.Wait() // a detached caller may be told before the counters are
		b := sup.Breaker(gateway)
		assert.Equal(t, breaker.Closed, b.State())
		assert.Zero(t, b.Counts().ConsecutiveFailures)
		assert.EqualValues(t, 5, b.Counts().Successes)
	})
}

// If this fails, a dead service is called on, or callers don't learn why
// their call failed.
func TestConformance23_ThreeFailuresAtThresholdThreeOpenIt(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		for i := 1; i <= 3; i++ {
			assert.Equal(t, breaker.Closed, b.State())
			original := fmt.Errorf("failure %d: %w", i, errRefused)
			_, err := call(context.Background(), gateway, failing(original))
			assert.Equal(t, original, err)
			assert.Equal(t, i, b.Counts().ConsecutiveFailures, "the caller sees the effect of its own outcome")
		}
		assert.Equal(t, breaker.Open, b.State())
	})
}

// If this fails, an open breaker gives an error nobody can recognise.
func TestConformance24_OpenGivesTheOpenError(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		_, err := call(context.Background(), gateway, answering(1))
		require.ErrorIs(t, err, supervisor.ErrOpen)
		var open *supervisor.OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, gateway, open.Name)
	})
}

// If this fails, one bad probe lets the full load onto a sick service.
func TestConformance25_AFailingProbeAfterTheTimeoutReopensIt(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		pass(time.Minute)
		b := sup.Breaker(gateway)
		require.Equal(t, breaker.HalfOpen, b.State())
		_, err := call(context.Background(), gateway, failing(errRefused))
		assert.Same(t, errRefused, err)
		assert.Equal(t, breaker.Open, b.State())
		assert.Equal(t, time.Now().Add(2*time.Minute), b.Counts().OpenUntil, "and waits longer than before")
	})
}

// If this fails, a service that is well again is not used.
func TestConformance26_TwoSuccessesAfterTheTimeoutCloseIt(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		pass(time.Minute)
		for range 2 {
			v, err := call(context.Background(), gateway, answering(7))
			require.NoError(t, err)
			assert.Equal(t, 7, v)
		}
		b := sup.Breaker(gateway)
		assert.Equal(t, breaker.Closed, b.State())
		assert.Zero(t, b.Counts().ConsecutiveFailures)
	})
}

// If this fails, an operator can't end an outage that is over.
func TestConformance27_ResetClosesItAndClearsTheCount(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		b := sup.Breaker(gateway)
		trip(t, sup)
		b.Reset()
		assert.Equal(t, breaker.Closed, b.State())
		assert.Zero(t, b.Counts().ConsecutiveFailures)
		assert.Zero(t, b.Counts().OpenUntil)
		_, err := do(sup, answering(1))
		assert.NoError(t, err)

		trip(t, sup) // takes the whole threshold again
		pass(time.Minute)
		require.Equal(t, breaker.HalfOpen, b.State())
		b.Reset()
		assert.Equal(t, breaker.Closed, b.State())
		pass(time.Hour)
		assert.Equal(t, breaker.Closed, b.State(), "an old timer moved it")
	})
}

// If this fails, reset_all leaves a breaker as it was.
func TestConformance27_ResetAll(t *testing.T) {
	names := []string{"a", "b", "c"}
	targets := map[string]policies.Policy{}
	for _, name := range names {
		targets[name] = guarded()
	}
	inBubble(t, setOf(t, targets), func(t *testing.T, sup *supervisor.Supervisor) {
		for _, name := range names {
			for range 3 {
				_, _ = supervisor.Do(context.Background(), sup, name, failing(errRefused))
			}
			require.Equal(t, breaker.Open, sup.Breaker(name).State())
		}
		sup.ResetBreakers()
		for _, name := range names {
			assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
			assert.Zero(t, sup.Breaker(name).Counts().ConsecutiveFailures)
		}
	})
}

// If this fails, wrapping a function changes what it returns.
func TestConformance28_TheProtectingWrapperReturnsTheValue(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		double := supervisor.Wrap(sup, gateway, func(_ context.Context, n int) ([]int, error) { return []int{n, 2 * n}, nil })
		v, err := double(context.Background(), 21)
		require.NoError(t, err)
		assert.Equal(t, []int{21, 42}, v)

		trip(t, sup)
		_, err = double(context.Background(), 21)
		assert.ErrorIs(t, err, supervisor.ErrOpen, "the wrapper does not protect")
	})
}

// If this fails, a breaker made in code has other settings than asked for.
func TestConformance29_TheRegistryCreatesWithNameAndThreshold(t *testing.T) {
	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		settings := policies.DefaultBreaker()
		settings.FailureThreshold = 2
		b, err := sup.BreakerWith("external_api", settings)
		require.NoError(t, err)
		require.NoError(t, b.Err())
		assert.Equal(t, "external_api", b.Name())
		assert.Equal(t, settings, sup.Target("external_api").Policy().Breaker)
		for range 2 {
			assert.Equal(t, breaker.Closed, b.State())
			_, err := supervisor.Do(context.Background(), sup, "external_api", failing(backoffPermanent(errRefused)))
			require.Error(t, err)
		}
		assert.Equal(t, breaker.Open, b.State())
	})
}

// If this fails, two parts of a program count the same service twice.
func TestConformance30_TheSameNameGivesTheSameInstance(t *testing.T) {
	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		settings := policies.DefaultBreaker()
		one, err := sup.BreakerWith("external_api", settings)
		require.NoError(t, err)
		two, err := sup.BreakerWith("external_api", settings)
		require.NoError(t, err)
		three := sup.Breaker("external_api")
		assert.Equal(t, one.PID().Id, two.PID().Id)
		assert.Equal(t, one.PID().Id, three.PID().Id)
		one.ForceOpen()
		assert.Equal(t, breaker.ForcedOpen, two.State())
		two.Reset()
		assert.Equal(t, breaker.Closed, three.State())
	})
}

// If this fails, a first use by many at once makes several breakers, which
// then count apart.
func TestConformance30_ManyAskAtOnceAndGetOneInstance(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		ids := make([]string, 50)
		for i := range ids {
			go func() { ids[i] = sup.Breaker(gateway).PID().Id }()
		}
		synctest.Wait()
		for _, id := range ids {
			assert.Equal(t, ids[0], id)
		}
		assert.Len(t, sup.Breakers(), 1)
	})
}
