package conformance_test

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
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

// The weaknesses of the Python implementation's breaker, each of which would
// be back if its test failed.

// There, 100 of 100 concurrent calls ran in HALF_OPEN.
func TestWeakness_AllConcurrentCallsRunHalfOpen(t *testing.T) {
	for _, probes := range []int{1, 3} {
		p := guarded(func(p *policies.Policy) { p.Breaker.HalfOpenMaxCalls = probes; p.Breaker.SuccessThreshold = 100 })
		inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
			trip(t, sup)
			pass(time.Minute)
			var running, most atomic.Int64
			release := make(chan struct{})
			errs := concurrently(100, func(int) error {
				_, err := call(context.Background(), gateway, func(context.Context) (int, error) {
					if n := running.Add(1); n > most.Load() {
						most.Store(n)
					}
					defer running.Add(-1)
					<-release
					return 1, nil
				})
				return err
			}, func() {
				assert.EqualValues(t, probes, running.Load())
				assert.Equal(t, probes, sup.Breaker(gateway).Counts().ProbesRunning)
				close(release)
			})
			refused := 0
			for _, err := range errs {
				if errors.Is(err, supervisor.ErrOpen) {
					refused++
				} else {
					assert.NoError(t, err)
				}
			}
			assert.Equal(t, 100-probes, refused)
			assert.EqualValues(t, probes, most.Load())
			assert.Zero(t, sup.Breaker(gateway).Counts().ProbesRunning, "no slot is lost")
		})
	}
}

// There, a call admitted before the trip that failed late extended OPEN.
func TestWeakness_LateFailureExtendsOpen(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b, release := sup.Breaker(gateway), make(chan struct{})
		concurrently(3, func(int) error {
			_, err := call(context.Background(), gateway, blocking(release, errRefused))
			return err
		}, func() {
			trip(t, sup)
			until := b.Counts().OpenUntil
			pass(59 * time.Second)
			close(release)
			synctest.Wait()
			assert.Equal(t, until, b.Counts().OpenUntil)
			assert.EqualValues(t, 3, b.Counts().Stale)
			pass(time.Second)
			assert.Equal(t, breaker.HalfOpen, b.State())
		})
	})
}

// There, a success from before the trip closed the breaker while its probe
// was in flight.
func TestWeakness_StaleSuccessClosesWhileTheProbeIsInFlight(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		stale, probe := make(chan struct{}), make(chan struct{})
		concurrently(4, func(i int) error {
			_, err := call(context.Background(), gateway, blocking(stale, nil))
			return err
		}, func() {
			trip(t, sup)
			pass(time.Minute)
			concurrently(1, func(int) error {
				_, err := call(context.Background(), gateway, blocking(probe, nil))
				return err
			}, func() {
				close(stale)
				synctest.Wait()
				assert.Equal(t, breaker.HalfOpen, b.State())
				assert.Equal(t, 1, b.Counts().ProbesRunning, "the slot is still the probe's")
				assert.Zero(t, b.Counts().ProbeSuccesses)
				assert.EqualValues(t, 4, b.Counts().Stale)
				_, err := call(context.Background(), gateway, answering(1))
				assert.ErrorIs(t, err, supervisor.ErrOpen)
				close(probe)
			})
			assert.Equal(t, 1, b.Counts().ProbeSuccesses)
		})
	})
}

// There, a caller's own mistake (ValueError) tripped the breaker for all.
func TestWeakness_CallerBugsTripTheBreaker(t *testing.T) {
	_, missing := os.Open("testdata/no_such_file")
	_, badURL := httpGet("http://[::1")
	bugs := map[string]error{
		"bad url":          badURL,
		"missing file":     missing,
		"bad request":      &classify.StatusError{Method: "POST", StatusCode: 400},
		"unprocessable":    &classify.StatusError{Method: "POST", StatusCode: 422},
		"marked ignored":   classify.Ignore(errors.New("amount must be positive")),
		"marked permanent": backoffPermanent(errors.New("amount must be positive")),
	}
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for name, bug := range bugs {
			for range 5 {
				_, err := call(context.Background(), gateway, failing(bug))
				assert.Error(t, err, name)
				assert.NotErrorIs(t, err, supervisor.ErrOpen, name)
			}
			_, err := supervisor.Do[int](context.Background(), sup, gateway, nil)
			assert.ErrorIs(t, err, supervisor.ErrNilFunction)
			assert.Equal(t, breaker.Closed, sup.Breaker(gateway).State(), name)
		}
	})
}

// There, a hung call that its caller's timeout cancelled counted as nothing,
// so hangs never opened the breaker.
func TestWeakness_HangsNeverOpenTheBreaker(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		hang := func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		}
		for range 3 {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			before := time.Now()
			_, err := call(ctx, gateway, hang)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, 5*time.Second, time.Since(before))
			cancel()
		}
		synctest.Wait()
		assert.Equal(t, breaker.Open, sup.Breaker(gateway).State())
	})
}

// The other half: a caller who changes its mind says nothing about the target.
func TestWeakness_ACallersCancellationCountsForNobody(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for range 5 {
			ctx, cancel := context.WithCancel(context.Background())
			stop := time.AfterFunc(time.Second, cancel)
			_, err := call(ctx, gateway, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			assert.ErrorIs(t, err, context.Canceled)
			stop.Stop()
		}
		synctest.Wait()
		counts := sup.Breaker(gateway).Counts()
		assert.Zero(t, counts.Failures)
		assert.EqualValues(t, 5, counts.Ignored)
		assert.Equal(t, breaker.Closed, sup.Breaker(gateway).State())
	})
}

// There, the state read OPEN after the timeout until somebody called.
func TestWeakness_StateReadsOpenUntilSomebodyCalls(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		heardAll := listen(sup)
		trip(t, sup)
		tripped := time.Now()
		pass(time.Minute - time.Nanosecond)
		assert.Equal(t, breaker.Open, sup.Breaker(gateway).State())
		pass(time.Nanosecond)
		assert.Equal(t, breaker.HalfOpen, sup.Breaker(gateway).State())
		assert.Equal(t, breaker.HalfOpen, sup.Snapshot().Targets[0].Breaker.State)
		changes := heard[actors.BreakerChanged](heardAll)
		require.Len(t, changes, 2, "and listeners hear of it at once")
		assert.Equal(t, breaker.HalfOpen, changes[1].Transition.To)
		assert.Equal(t, tripped.Add(time.Minute), changes[1].At)
	})
}

// There, asking for a known name with other settings ignored them in silence.
func TestWeakness_SameNameOtherSettingsSilentlyIgnored(t *testing.T) {
	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		have := policies.DefaultBreaker()
		_, err := sup.BreakerWith("external_api", have)
		require.NoError(t, err)
		want := have
		want.FailureThreshold = 2
		b, err := sup.BreakerWith("external_api", want)
		assert.Nil(t, b)
		require.ErrorIs(t, err, supervisor.ErrConflict)
		var conflict *supervisor.ConflictError
		require.ErrorAs(t, err, &conflict)
		assert.Equal(t, supervisor.ConflictError{Name: "external_api", Have: have, Want: want}, *conflict)
		assert.Equal(t, have, sup.Target("external_api").Policy().Breaker, "the first one's settings stay")
	})
}

// There, two who asked at once with other settings could both believe to have
// got theirs.
func TestWeakness_SameNameOtherSettingsAtTheSameTime(t *testing.T) {
	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		errs := concurrently(20, func(i int) error {
			settings := policies.DefaultBreaker()
			settings.FailureThreshold = 1 + i%2
			_, err := sup.BreakerWith("external_api", settings)
			return err
		}, func() {})
		conflicts := 0
		for _, err := range errs {
			if err != nil {
				assert.ErrorIs(t, err, supervisor.ErrConflict)
				conflicts++
			}
		}
		assert.Equal(t, 10, conflicts)
	})
}

// There, the breaker measured by the wall clock, which jumps. A time carries
// a monotonic reading if taking it off changes it.
func TestWeakness_WallClock(t *testing.T) {
	sup, err := supervisor.New(oneTarget(t, guarded()))
	require.NoError(t, err)
	defer func() { require.NoError(t, sup.Shutdown(context.Background())) }()
	monotonic := func(at time.Time) bool { return at != at.Round(0) }
	require.True(t, monotonic(time.Now()))

	b := sup.Breaker(gateway)
	trip(t, sup)
	_, err = do(sup, answering(1))
	var open *supervisor.OpenError
	require.ErrorAs(t, err, &open)
	assert.True(t, monotonic(open.Until))
	assert.True(t, monotonic(b.Counts().OpenUntil))
	assert.True(t, monotonic(b.Counts().LastFailure))
	assert.True(t, monotonic(b.Counts().LastTransition))
	b.ForceOpenFor(time.Hour)
	assert.True(t, monotonic(b.Counts().OpenUntil), "nor by hand")
}

// There, each name asked for stayed in the registry for ever.
func TestWeakness_RegistryThatOnlyGrows(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		for range 1000 {
			name := "typo-" + time.Now().String()
			assert.ErrorIs(t, sup.Breaker(name).Err(), supervisor.ErrUnknownTarget)
			_, err := supervisor.Do(context.Background(), sup, name, answering(1))
			assert.ErrorIs(t, err, supervisor.ErrUnknownTarget)
			pass(time.Nanosecond)
		}
		assert.Empty(t, sup.Breakers(), "unknown names")
		assert.Empty(t, sup.Snapshot().Targets)
	})
}
