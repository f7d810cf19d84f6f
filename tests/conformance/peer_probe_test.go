package conformance_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The defects of other libraries in their half-open states, each of which
// would be here if its test failed.

// failsafe-go counts results admitted while closed: three stale successes
// close its breaker with no probe finished.
func TestPeerDefect_FailsafeStaleSuccessesCloseHalfOpen(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b, release := sup.Breaker(gateway), make(chan struct{})
		errs := concurrently(3, func(int) error {
			_, err := call(context.Background(), gateway, blocking(release, nil))
			return err
		}, func() {
			trip(t, sup)
			pass(time.Minute)
			close(release)
		})
		for _, err := range errs {
			assert.NoError(t, err, "the callers get their results all the same")
		}
		assert.Equal(t, breaker.HalfOpen, b.State())
		assert.EqualValues(t, 3, b.Counts().Stale)
		assert.Zero(t, b.Counts().ProbeSuccesses)
	})
}

// crashes are operations that end by other means than by returning.
var crashes = map[string]attempt{
	"panic":      func(context.Context) (int, error) { panic("boom") },
	"nil panic":  func(context.Context) (int, error) { panic(nil) },
	"goexit":     func(context.Context) (int, error) { runtime.Goexit(); return 0, nil },
	"late panic": func(context.Context) (int, error) { time.Sleep(time.Second); panic(errRefused) },
}

// failsafe-go leaks the permit of a probe that panics, and gobreaker that of
// one that calls runtime.Goexit: the breaker then rejects for ever.
func TestPeerDefect_FailsafePanickingAndGobreakerGoexitedProbeLeaksItsSlot(t *testing.T) {
	for name, crash := range crashes {
		t.Run(name, func(t *testing.T) {
			inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				b := sup.Breaker(gateway)
				trip(t, sup)
				open := time.Minute
				for range 3 {
					pass(open)
					require.Equal(t, breaker.HalfOpen, b.State())
					// On a goroutine of its own, which Goexit may end.
					concurrently(1, func(int) error {
						_, err := call(context.Background(), gateway, crash)
						return err
					}, func() { pass(time.Second) })
					require.Equal(t, breaker.Open, b.State(), "a crash is a failed probe")
					require.Zero(t, b.Counts().ProbesRunning)
					open *= 2
				}
				pass(open)
				for range 2 {
					_, err := call(context.Background(), gateway, answering(1))
					require.NoError(t, err)
				}
				assert.Equal(t, breaker.Closed, b.State())
			})
		})
	}
}

// gobreaker (and by reports resilience4j and Polly) stays half-open for ever
// behind a probe that hangs.
func TestPeerDefect_GobreakerHungProbeBlocksForEver(t *testing.T) {
	p := guarded(func(p *policies.Policy) { p.Breaker.ProbeLease = 10 * time.Second })
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b, release := sup.Breaker(gateway), make(chan struct{})
		trip(t, sup)
		pass(time.Minute)
		concurrently(1, func(int) error {
			_, err := call(context.Background(), gateway, blocking(release, nil))
			return err
		}, func() {
			pass(10*time.Second - time.Nanosecond)
			assert.Equal(t, breaker.HalfOpen, b.State())
			pass(time.Nanosecond)
			assert.Equal(t, breaker.Open, b.State(), "a lease that runs out is a failure")
			assert.EqualValues(t, 4, b.Counts().Failures)
			pass(2 * time.Minute)
			require.Equal(t, breaker.HalfOpen, b.State())
			for range 2 {
				_, err := call(context.Background(), gateway, answering(1))
				require.NoError(t, err, "the hung probe still holds the slot")
			}
			assert.Equal(t, breaker.Closed, b.State())
			close(release)
		})
		assert.EqualValues(t, 1, b.Counts().Stale, "what it says at last changes nothing")
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// Polly closes the circuit when its half-open probe is cancelled.
func TestPeerDefect_PollyCancelledProbeClosesTheCircuit(t *testing.T) {
	one := guarded(func(p *policies.Policy) { p.Breaker.SuccessThreshold = 1 })
	inEachWay(t, oneTarget(t, one), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		trip(t, sup)
		pass(time.Minute)
		for range 5 {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			_, err := call(ctx, gateway, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			require.ErrorIs(t, err, context.Canceled)
			synctest.Wait()
			assert.Equal(t, breaker.HalfOpen, b.State())
			assert.Zero(t, b.Counts().ProbeSuccesses)
			assert.Zero(t, b.Counts().ProbesRunning, "the slot is given back at once")
		}
		_, err := call(context.Background(), gateway, answering(1))
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// A half-open state can stick in resilience4j: a slot is not given back by
// some ending. I3: no ending leaks a slot.
func TestPeerDefect_ResilienceHalfOpenCanStick(t *testing.T) {
	endings := map[string]attempt{
		"success":   answering(1),
		"failure":   failing(errRefused),
		"unknown":   failing(errUnknown),
		"ignored":   failing(classify.Ignore(errRefused)),
		"permanent": failing(backoffPermanent(errUnknown)),
		"not found": failing(&classify.StatusError{Method: "GET", StatusCode: 404}),
		"throttled": failing(&classify.StatusError{Method: "GET", StatusCode: 429}),
		"timeout":   failing(context.DeadlineExceeded),
		"cancelled": failing(context.Canceled),
		"panic":     crashes["panic"],
	}
	for name, ending := range endings {
		t.Run(name, func(t *testing.T) {
			inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				b := sup.Breaker(gateway)
				trip(t, sup)
				for range 10 {
					pass(max(0, time.Until(b.Counts().OpenUntil)))
					_, err := call(context.Background(), gateway, ending)
					require.NotErrorIs(t, err, supervisor.ErrOpen)
					require.Zero(t, b.Counts().ProbesRunning)
				}
			})
		})
	}
}

// The same for a probe whose caller leaves it behind: the operation is over,
// the slot comes back when the function returns or its lease runs out.
func TestPeerDefect_ResilienceAbandonedProbeSticks(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		b, release := sup.Breaker(gateway), make(chan struct{})
		trip(t, sup)
		pass(time.Minute)
		ctx, cancel := context.WithCancel(context.Background())
		probe := supervisor.Go(ctx, sup, gateway, blocking(release, nil))
		synctest.Wait()
		require.Equal(t, 1, b.Counts().ProbesRunning)
		cancel()
		_, err := probe.Wait(context.Background())
		require.ErrorIs(t, err, context.Canceled, "the caller is free at once")
		assert.Equal(t, 1, b.Counts().ProbesRunning, "the probe still runs")
		pass(time.Minute)
		assert.Equal(t, breaker.Open, b.State())
		pass(2 * time.Minute)
		_, err = do(sup, answering(1))
		assert.NoError(t, err)
		close(release)
	})
}

// The same for a probe that is a retry, whose operation waits between.
func TestPeerDefect_ResilienceRetryingProbeKeepsTheSlot(t *testing.T) {
	p := guarded(func(p *policies.Policy) {
		p.Retry.Enabled = true
		p.Retry.MinWait, p.Retry.MaxWait = time.Hour, time.Hour
	})
	inBubble(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor) {
		b := sup.Breaker(gateway)
		b.ForceOpenFor(time.Second)
		pass(time.Second)
		waiting := supervisor.Go(context.Background(), sup, gateway,
			scripted(&classify.StatusError{Method: "GET", StatusCode: 429}).run)
		synctest.Wait()
		require.Equal(t, breaker.HalfOpen, b.State())
		assert.Zero(t, b.Counts().ProbesRunning, "an operation in backoff holds no slot")
		_, err := do(sup, answering(1))
		require.NoError(t, err)
		pass(2 * time.Hour)
		_, err = waiting.Wait(context.Background())
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// resilience4j (and failsafe-go) let late results go to whatever state is
// current: also to a closed one that was closed since.
func TestPeerDefect_ResilienceLateResultsGoToTheCurrentState(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b, release := sup.Breaker(gateway), make(chan struct{})
		concurrently(10, func(int) error {
			_, err := call(context.Background(), gateway, blocking(release, errRefused))
			return err
		}, func() {
			trip(t, sup)
			pass(time.Minute)
			for range 2 {
				_, err := call(context.Background(), gateway, answering(1))
				require.NoError(t, err)
			}
			require.Equal(t, breaker.Closed, b.State())
			close(release)
		})
		assert.Equal(t, breaker.Closed, b.State(), "ten failures from before the outage")
		assert.Zero(t, b.Counts().ConsecutiveFailures)
		assert.EqualValues(t, 10, b.Counts().Stale)
	})
}

// gobreaker drops the results of calls that end in a later generation without
// a trace. Here they change nothing, and can be seen.
func TestPeerDefect_GobreakerResultsDroppedSilently(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		heardAll := listen(sup)
		b, release := sup.Breaker(gateway), make(chan struct{})
		errs := concurrently(200, func(i int) error {
			var err error
			if i%2 == 0 {
				err = errRefused
			}
			_, err = do(sup, blocking(release, err))
			return err
		}, func() {
			b.ForceOpen()
			b.Reset()
			close(release)
		})
		failed := 0
		for _, err := range errs {
			if err != nil {
				assert.Same(t, errRefused, err)
				failed++
			}
		}
		assert.Equal(t, 100, failed, "every caller has its own result")
		counts := b.Counts()
		assert.EqualValues(t, 200, counts.Stale+counts.Successes+counts.Failures, "every result is counted somewhere")
		assert.EqualValues(t, 200, counts.Stale)
		synctest.Wait()
		assert.Len(t, heard[actors.StaleOutcome](heardAll), 200)
	})
}
