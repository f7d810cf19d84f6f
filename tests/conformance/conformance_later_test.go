package conformance_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this fails, a service that is down is called on.
func TestConformanceLater_TheFunctionIsNotRunWhileOpen(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		op := scripted()
		for range 20 {
			_, err := call(context.Background(), gateway, op.run)
			assert.ErrorIs(t, err, supervisor.ErrOpen)
		}
		pass(time.Minute - time.Nanosecond)
		_, err := call(context.Background(), gateway, op.run)
		assert.ErrorIs(t, err, supervisor.ErrOpen, "to the last nanosecond")
		assert.Zero(t, op.calls())
		assert.EqualValues(t, 21, sup.Breaker(gateway).Counts().Rejected)
	})
}

// If this fails, a caller does not know whom to ask again, and when.
func TestConformanceLater_TheErrorCarriesNameAndRetryAfter(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		for _, passed := range []time.Duration{0, 10 * time.Second, 59 * time.Second} {
			before := time.Now()
			if open := sup.Breaker(gateway).Counts().OpenUntil; open.Sub(before) > time.Minute-passed {
				pass(open.Sub(before) - (time.Minute - passed))
			}
			_, err := call(context.Background(), gateway, answering(1))
			var open *supervisor.OpenError
			require.ErrorAs(t, err, &open)
			assert.Equal(t, gateway, open.Name)
			assert.Equal(t, time.Minute-passed, open.RetryAfter())
			assert.ErrorContains(t, err, gateway)
			assert.Same(t, errRefused, open.Cause, "what the service said last")
		}
	})
}

// If this fails, a caller that sleeps by RetryAfter spins.
func TestConformanceLater_RetryAfterIsNeverZero(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		refusal := func() *supervisor.OpenError {
			_, err := do(sup, answering(1))
			var open *supervisor.OpenError
			require.ErrorAs(t, err, &open)
			return open
		}
		trip(t, sup)
		first := refusal()
		pass(time.Hour)
		assert.Positive(t, first.RetryAfter(), "long after the open time")

		release := make(chan struct{})
		probe := supervisor.Go(context.Background(), sup, gateway, blocking(release, nil))
		synctest.Wait()
		assert.Positive(t, refusal().RetryAfter(), "half-open, the probe is out")
		close(release)
		_, err := probe.Wait(context.Background())
		require.NoError(t, err)

		sup.Breaker(gateway).ForceOpen()
		assert.Positive(t, refusal().RetryAfter(), "opened by hand with no end")
	})
}

// If this fails, retries hammer a service whose breaker has just tripped.
func TestConformanceLater_OpenSkipsRetries(t *testing.T) {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 10
	p.Breaker.FailureThreshold = 2
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op, before := always(100, errRefused), time.Now()
		_, err := call(context.Background(), gateway, op.run)
		assert.Equal(t, 2, op.calls(), "the trip ends the retries")
		assertBetween(t, time.Second, 2*time.Second, time.Since(before)) // one wait, and none after the trip
		assert.ErrorIs(t, err, supervisor.ErrOpen)
		assert.ErrorIs(t, err, errRefused, "and the last attempt's own error is there")
		before = time.Now()
		_, err = call(context.Background(), gateway, op.run)
		assert.ErrorIs(t, err, supervisor.ErrOpen)
		assert.Zero(t, time.Since(before), "a refusal was retried")
		assert.Equal(t, 2, op.calls())
	})
}

// If this fails, a breaker trips early.
func TestConformanceLater_BelowTheThresholdItStaysClosed(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for range 2 {
			_, _ = call(context.Background(), gateway, failing(errRefused))
		}
		b := sup.Breaker(gateway)
		assert.Equal(t, breaker.Closed, b.State())
		assert.Equal(t, 2, b.Counts().ConsecutiveFailures)
		_, err := call(context.Background(), gateway, answering(1))
		assert.NoError(t, err)
	})
}

// If this fails, scattered failures trip a healthy breaker.
func TestConformanceLater_ASuccessResetsTheCount(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		for range 5 {
			for range 2 {
				_, _ = call(context.Background(), gateway, failing(errRefused))
			}
			_, err := call(context.Background(), gateway, answering(1))
			require.NoError(t, err)
			assert.Zero(t, b.Counts().ConsecutiveFailures)
		}
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// If this fails, one lucky probe lets the full load onto a sick service.
func TestConformanceLater_StillHalfOpenAfterOneOfTwoSuccesses(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		trip(t, sup)
		pass(time.Minute)
		_, err := call(context.Background(), gateway, answering(1))
		require.NoError(t, err)
		b := sup.Breaker(gateway)
		assert.Equal(t, breaker.HalfOpen, b.State())
		assert.Equal(t, 1, b.Counts().ProbeSuccesses)
		assert.Zero(t, b.Counts().ProbesRunning)
		pass(time.Hour)
		assert.Equal(t, breaker.HalfOpen, b.State())
	})
}

// If this fails, failures that come together are lost or counted twice.
func TestConformanceLater_TenConcurrentFailuresDoNotCorruptTheState(t *testing.T) {
	five := guarded(func(p *policies.Policy) { p.Breaker.FailureThreshold = 5 })
	inEachWay(t, oneTarget(t, five), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		release := make(chan struct{})
		errs := concurrently(10, func(int) error {
			_, err := call(context.Background(), gateway, blocking(release, errRefused))
			return err
		}, func() { close(release) })
		for _, err := range errs {
			assert.Same(t, errRefused, err, "each caller gets its own error")
		}
		b := sup.Breaker(gateway)
		assert.Equal(t, breaker.Open, b.State())
		counts := b.Counts()
		assert.EqualValues(t, 5, counts.Failures)
		assert.EqualValues(t, 5, counts.Stale, "those after the trip changed nothing")
		assert.Equal(t, 5, counts.ConsecutiveFailures)
		assert.Equal(t, time.Now().Add(time.Minute), counts.OpenUntil)
		assert.EqualValues(t, 2, sup.Snapshot().Targets[0].Breaker.Generation, "it tripped once")
	})
}

// If this fails, calls to a healthy service stand in each other's way.
func TestConformanceLater_FiftyConcurrentSuccessesAllRun(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		release := make(chan struct{})
		var running atomic.Int64
		errs := concurrently(50, func(i int) error {
			v, err := call(context.Background(), gateway, func(context.Context) (int, error) {
				running.Add(1)
				<-release
				return i, nil
			})
			assert.Equal(t, i, v, "each caller gets its own value")
			return err
		}, func() {
			assert.EqualValues(t, 50, running.Load(), "not all at the same time")
			close(release)
		})
		for _, err := range errs {
			assert.NoError(t, err)
		}
		synctest.Wait() // a detached caller may be told before the counters are
		assert.EqualValues(t, 50, sup.Breaker(gateway).Counts().Successes)
		assert.Equal(t, breaker.Closed, sup.Breaker(gateway).State())
	})
}

// If this fails, a breaker that is switched off still refuses, or counts.
func TestConformanceLater_DisabledBreakerPassesThrough(t *testing.T) {
	off := guarded(func(p *policies.Policy) { p.Breaker.Enabled = false })
	for name, p := range map[string]policies.Policy{"by configuration": off, "by hand": guarded()} {
		t.Run(name, func(t *testing.T) {
			inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				b := sup.Breaker(gateway)
				if p.Breaker.Enabled {
					b.Disable()
				}
				before := b.Counts()
				for range 20 {
					_, err := call(context.Background(), gateway, failing(errRefused))
					assert.Same(t, errRefused, err)
				}
				for range 3 {
					_, err := call(context.Background(), gateway, answering(1))
					assert.NoError(t, err)
				}
				assert.Equal(t, breaker.Disabled, b.State())
				assert.Equal(t, before, b.Counts(), "it counts nothing")
			})
		})
	}
}

// If this fails, errors that say nothing about the target trip its breaker.
func TestConformanceLater_ExcludedErrorsAreNotCounted(t *testing.T) {
	status := func(code int) error { return &classify.StatusError{Method: "GET", StatusCode: code} }
	excluded := map[string]error{
		"ignored":    classify.Ignore(errRefused),
		"permanent":  backoffPermanent(errUnknown),
		"400":        status(400),
		"401":        status(401),
		"403":        status(403),
		"404":        status(404),
		"409":        status(409),
		"422":        status(422),
		"429":        status(429),
		"in a chain": fmt.Errorf("submit: %w", status(404)),
	}
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		for name, err := range excluded {
			for range 4 {
				_, got := call(context.Background(), gateway, failing(err))
				require.Error(t, got)
				require.NotErrorIs(t, got, supervisor.ErrOpen, name)
			}
			assert.Equal(t, breaker.Closed, b.State(), name)
			assert.Zero(t, b.Counts().Failures, name)
		}
		assert.EqualValues(t, 4*len(excluded), b.Counts().Ignored+b.Counts().Throttled)
	})
}
