package conformance_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The defects of other libraries in configuration, reload and isolation, each
// of which would be here if its test failed.

// gobreaker takes a Timeout of 0 or less for 60 seconds in silence.
func TestPeerDefect_GobreakerTimeoutZeroSilentlyBecomesSixtySeconds(t *testing.T) {
	for _, timeout := range []string{"0", "-1", `"0s"`} {
		_, err := load.Load(load.Bytes("agent_config.json", load.JSON,
			[]byte(`{"circuit_breaker": {"recovery_timeout": `+timeout+`}}`)))
		require.ErrorIs(t, err, policies.ErrInvalid, timeout)
		assert.ErrorContains(t, err, "circuit_breaker.recovery_timeout")
		assert.ErrorContains(t, err, "must be over 0")
	}
	inBubble(t, setOf(t, nil), func(t *testing.T, sup *supervisor.Supervisor) {
		settings := policies.DefaultBreaker()
		settings.RecoveryTimeout = 0
		_, err := sup.BreakerWith("external_api", settings)
		assert.ErrorIs(t, err, policies.ErrInvalid, "nor from code")
		assert.ErrorIs(t, sup.Breaker("external_api").Err(), supervisor.ErrUnknownTarget)
	})
}

// After a failed reload Polly ignores all later ones.
func TestPeerDefect_PollyFailedReloadStopsAllLaterReloads(t *testing.T) {
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		attempts := func() int { return sup.Target(gateway).Policy().Retry.MaxAttempts }
		reload := func(n int, exceptions ...string) error {
			return sup.Apply(oneTarget(t, guarded(func(p *policies.Policy) {
				p.Retry.MaxAttempts = n
				p.Retry.CustomExceptions = exceptions
			})))
		}
		require.Equal(t, 4, attempts())
		for i := range 3 {
			assert.Error(t, sup.Apply(nil))
			assert.ErrorContains(t, reload(99, "NoSuchException"), "NoSuchException")
			assert.NotEqual(t, 99, attempts(), "a bad reload keeps the old policies")
			require.NoError(t, reload(10+i))
			assert.Equal(t, 10+i, attempts())
		}
	})
}

// Polly loses the state of its breaker on reload.
func TestPeerDefect_PollyStateIsLostOnReload(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		for range 2 {
			_, _ = call(context.Background(), gateway, failing(errRefused))
		}
		change := func(f func(*policies.Breaker)) {
			p := sup.Target(gateway).Policy()
			f(&p.Breaker)
			require.NoError(t, sup.Apply(oneTarget(t, p)))
		}
		change(func(b *policies.Breaker) { b.RecoveryTimeout = 30 * time.Second })
		assert.Equal(t, 2, b.Counts().ConsecutiveFailures)
		_, _ = call(context.Background(), gateway, failing(errRefused))
		require.Equal(t, breaker.Open, b.State())

		until := b.Counts().OpenUntil
		assert.Equal(t, time.Now().Add(30*time.Second), until, "the new settings hold")
		pass(10 * time.Second)
		change(func(b *policies.Breaker) { b.RecoveryTimeout = time.Second; b.SuccessThreshold = 3 })
		assert.Equal(t, breaker.Open, b.State())
		assert.Equal(t, until, b.Counts().OpenUntil)

		pass(20 * time.Second)
		_, err := call(context.Background(), gateway, answering(1))
		require.NoError(t, err)
		change(func(b *policies.Breaker) { b.SuccessThreshold = 2 })
		assert.Equal(t, breaker.HalfOpen, b.State())
		assert.Equal(t, 1, b.Counts().ProbeSuccesses)
		_, err = call(context.Background(), gateway, answering(1))
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// Users ask for a reload that breaks nothing in flight.
func TestUsersAsk_ReloadDropsNothingInFlight(t *testing.T) {
	p := retried(func(p *policies.Policy) {
		p.Retry.Jitter = policies.JitterNone
		p.Retry.MinWait, p.Retry.MaxWait = 10*time.Second, 10*time.Second
		p.Retry.MaxAttempts = 3
	})
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		release, before := make(chan struct{}), time.Now()
		inBackoff, after := always(2, errRefused), always(2, errRefused)
		errs := concurrently(20, func(i int) error {
			fn := blocking(release, nil)
			if i == 0 {
				fn = inBackoff.run
			}
			_, err := call(context.Background(), gateway, fn)
			return err
		}, func() {
			q := p
			q.Retry.MaxAttempts = 1
			q.Pool.MaxPending = 1
			require.NoError(t, sup.Apply(oneTarget(t, q)))
			pass(time.Minute)
			close(release)
		})
		for i, err := range errs {
			assert.NoError(t, err, "operation %d", i)
		}
		assert.Equal(t, 3, inBackoff.calls(), "it finishes under the policy it started with")
		assert.Equal(t, time.Minute, time.Since(before))
		_, err := call(context.Background(), gateway, after.run)
		assert.ErrorIs(t, err, errRefused)
		assert.Equal(t, 1, after.calls(), "new ones get the new policy")
	})
}

// A reload that allows fewer attempts at a time acts on a target that already
// has more workers.
func TestUsersAsk_ReloadLowersTheNumberOfWorkers(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		together := func(want int64) {
			var running atomic.Int64
			release := make(chan struct{})
			errs := concurrently(10, func(int) error {
				_, err := call(context.Background(), gateway, func(context.Context) (int, error) {
					running.Add(1)
					<-release
					return 0, nil
				})
				return err
			}, func() {
				assert.Equal(t, want, running.Load())
				close(release)
			})
			for _, err := range errs {
				assert.NoError(t, err)
			}
			synctest.Wait()
		}
		reload := func(workers int) {
			require.NoError(t, sup.Apply(oneTarget(t, guarded(func(p *policies.Policy) { p.Pool.Workers = workers }))))
		}
		together(10)
		reload(2)
		together(2)
		reload(5)
		together(5)
	})
}

// suture has one failure budget for a supervisor: one crasher pauses its
// siblings.
func TestPeerDefect_SutureOneCrasherPausesItsSiblings(t *testing.T) {
	for _, exceeded := range policies.Escalations() {
		t.Run(string(exceeded), func(t *testing.T) {
			crasher := withoutWaits(policies.Default(policies.Worker))
			crasher.Retry.MaxAttempts = 100
			crasher.Breaker.FailureThreshold = policies.Never
			crasher.Restart.MaxRestarts = 3
			crasher.Restart.Exceeded = exceeded
			set := setOf(t, map[string]policies.Policy{"crasher": crasher, gateway: guarded()})
			inEachWay(t, set, func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				release := make(chan struct{})
				errs := concurrently(5, func(int) error {
					_, err := call(context.Background(), gateway, blocking(release, nil))
					return err
				}, func() {
					_, err := call(context.Background(), "crasher", func(context.Context) (int, error) { panic("boom") })
					assert.Error(t, err)
					synctest.Wait()
					before := time.Now()
					for range 100 {
						_, err := call(context.Background(), gateway, answering(1))
						require.NoError(t, err)
					}
					assert.Zero(t, time.Since(before))
					close(release)
				})
				for _, err := range errs {
					assert.NoError(t, err)
				}
				synctest.Wait() // a detached caller may be told before the counters are
				var sibling supervisor.TargetSnapshot
				for _, target := range sup.Snapshot().Targets {
					if target.Name == gateway {
						sibling = target
					}
				}
				assert.Zero(t, sibling.Restarts)
				assert.EqualValues(t, 105, sibling.Succeeded)
				assert.Equal(t, breaker.Closed, sibling.Breaker.State)
			})
		})
	}
}

// Users of goakt ask that restarts don't spin. Past its intensity a target
// rests, is stopped, or starts afresh, as its policy says.
func TestUsersAsk_RestartsDoNotSpin(t *testing.T) {
	for exceeded, want := range map[policies.Escalation]struct {
		calls int
		is    error
	}{
		policies.TripBreaker: {4, supervisor.ErrOpen},
		policies.StopTarget:  {4, supervisor.ErrTargetStopped},
	} {
		p := withoutWaits(policies.Default(policies.Worker))
		p.Retry.MaxAttempts = 1000
		p.Breaker.FailureThreshold = policies.Never
		p.Restart.MaxRestarts = 3
		p.Restart.Exceeded = exceeded
		inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
			op := always(10_000, errRefused)
			_, err := call(context.Background(), gateway, op.run)
			assert.ErrorIs(t, err, want.is)
			assert.ErrorIs(t, err, errRefused)
			assert.Equal(t, want.calls, op.calls())
			_, err = call(context.Background(), gateway, op.run)
			assert.ErrorIs(t, err, want.is)
			assert.Equal(t, want.calls, op.calls())
		})
	}
}
