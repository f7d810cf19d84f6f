package supervisor

import (
	"context"
	"errors"
	"math"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/chaos"
	"github.com/holdfast-go/holdfast/policies/retry"
)

func injects(edit func(*policies.Chaos)) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.Chaos.Enabled = true
		edit(&p.Chaos)
	}
}

func failsWith(f policies.Fault) func(*policies.Policy) {
	return injects(func(c *policies.Chaos) { c.FailureRate, c.Failure = 1, f })
}

func allowed(t testing.TB, edits ...func(*policies.Policy)) *Supervisor {
	t.Helper()
	return start(t, targets{"x": policy(edits...)}, AllowChaos())
}

// unreached is a function that must not run.
func unreached(t *testing.T) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		t.Error("it ran")
		return 0, nil
	}
}

// If it failed, what is tried out would not be what happens in earnest: another
// number of attempts, other waits, other counts.
func TestAnInjectedFailureIsTreatedAsARealOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := allowed(t, trips(3), failsWith(policies.FaultRefused))
		heard := listen(s)
		begun := time.Now()
		_, err := Do(bg, s, "x", unreached(t))
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 3, exhausted.Attempts)
		assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
		assert.Equal(t, 3*time.Second, time.Since(begun), "1 s and 2 s")
		assert.ErrorIs(t, err, ErrInjected)
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		var injected *InjectedError
		require.ErrorAs(t, err, &injected)
		assert.EqualError(t, injected, `injected by chaos settings of "x": dial tcp: connect: connection refused`)

		pass(0)
		failed := eventsOf[actors.AttemptFailed](heard)
		require.Len(t, failed, 3)
		for i, e := range eventsOf[actors.FaultInjected](heard) {
			assert.Equal(t, "net.refused", failed[i].Condition)
			assert.Equal(t, policies.Failure, failed[i].Outcome)
			assert.Equal(t, chaos.Injection{Failure: policies.FaultRefused}, e.Injection)
			assert.Equal(t, i+1, e.Attempt)
			assert.Equal(t, failed[i].Operation, e.Operation)
		}
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, ChaosSnapshot{Failures: 3}, snap.Chaos)
		assert.Equal(t, uint64(3), snap.Breaker.Counts.Failures)
		assert.Equal(t, breaker.ReasonConsecutiveFailures, snap.Breaker.Reason)
	})
}

// The lists of the policy, and what the condition means, hold for it too.
func TestAnInjectedFaultMeansWhatItsConditionMeans(t *testing.T) {
	for name, c := range map[string]struct {
		edits    []func(*policies.Policy)
		attempts int
		state    breaker.State
	}{
		"not idempotent":  {[]func(*policies.Policy){failsWith(policies.FaultReset), func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo }}, 1, breaker.Closed},
		"never_retry":     {[]func(*policies.Policy){failsWith(policies.FaultUnavailable), func(p *policies.Policy) { p.Retry.NeverRetry = []string{"http.5xx"} }}, 1, breaker.Closed},
		"throttled":       {[]func(*policies.Policy){failsWith(policies.FaultTooMany), trips(1)}, 3, breaker.Closed},
		"a failure trips": {[]func(*policies.Policy){failsWith(policies.FaultInternal), trips(2)}, 2, breaker.Open},
		"ignore":          {[]func(*policies.Policy){failsWith(policies.FaultInternal), trips(1), func(p *policies.Policy) { p.Breaker.Ignore = []string{"http.500"} }}, 3, breaker.Closed},
		"a wall":          {[]func(*policies.Policy){failsWith(policies.FaultWall)}, 1, breaker.Open},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := allowed(t, c.edits...)
				_, err := Do(bg, s, "x", unreached(t))
				assert.ErrorIs(t, err, ErrInjected)
				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, c.attempts, snap.Chaos.Failures)
				assert.Equal(t, c.state, snap.Breaker.State)
			})
		})
	}
}

// If it failed, whoever depends on a slow target could not try that out, or
// would be held up although he has left.
func TestInjectedLatency(t *testing.T) {
	slow := injects(func(c *policies.Chaos) { c.LatencyRate, c.Latency = 1, 90*time.Second })
	bubble(t, func(t *testing.T) {
		s := allowed(t, slow, func(p *policies.Policy) {
			p.Breaker.SlowCallRate, p.Breaker.SlowCallDuration = 1, time.Minute
			p.Breaker.MinimumCalls, p.Breaker.WindowCalls = 2, 2
		})
		begun := time.Now()
		value, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		assert.Equal(t, 42, value)
		assert.Equal(t, 90*time.Second, time.Since(begun))
		assert.Equal(t, ChaosSnapshot{Latencies: 1}, snapshotOf(t, s, "x").Chaos)
		_, _ = Do(bg, s, "x", succeed)
		assert.Equal(t, breaker.ReasonSlowCallRate, snapshotOf(t, s, "x").Breaker.Reason, "it counts as running time")
	})
	bubble(t, func(t *testing.T) {
		s := allowed(t, slow)
		ctx, cancel := context.WithTimeout(bg, 10*time.Second)
		defer cancel()
		begun := time.Now()
		_, err := Do(ctx, s, "x", unreached(t))
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.ErrorIs(t, err, ErrInjected)
		assert.Equal(t, 10*time.Second, time.Since(begun))
	})
}

// If it failed, an injected panic would not be contained, or not be known for
// one.
func TestInjectedPanics(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := allowed(t, injects(func(c *policies.Chaos) { c.PanicRate, c.FailureRate = 1, 1 }))
		_, err := Go(bg, s, "x", unreached(t)).Wait(bg)
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked)
		assert.ErrorIs(t, err, ErrInjected)
		assert.EqualError(t, panicked, `the function panicked: injected by chaos settings of "x": a panic`)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, ChaosSnapshot{Panics: 3}, snap.Chaos)
		assert.Equal(t, uint64(3), snap.Breaker.Counts.Failures)
		assert.Equal(t, uint64(3), snap.Restarts)
	})
}

// Every way in leads through chaos.
func TestAskAndMessagesAreInjectedToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		made := 0
		s := start(t, targets{"x": policy(attempts(1), failsWith(policies.FaultReset))}, AllowChaos(),
			WithWorker("x", func(context.Context) (actors.Worker, error) {
				made++
				return dear{}, nil
			}))
		_, err := Ask[int](bg, s, "x", 1.)
		assert.ErrorIs(t, err, syscall.ECONNRESET)
		sender := newInbox(t, s)
		sender.ask(s.PID("x"), &actors.Operation{Payload: 1.})
		assert.ErrorIs(t, sender.result().Err, ErrInjected)
		assert.Zero(t, made, "no worker was needed")
	})
}

// If it failed, a file that is meant for a test could hurt production, or one
// meant to hurt would do nothing and nobody would know.
func TestChaosMustBeAllowed(t *testing.T) {
	on := injects(func(c *policies.Chaos) {})
	bubble(t, func(t *testing.T) {
		_, err := New(setOf(t, targets{"x": policy(on), "y": policy(), "z": policy(on)}))
		require.ErrorIs(t, err, ErrChaosNotAllowed)
		assert.ErrorContains(t, err, `supervisor.New: targets "x", "z": chaos is enabled`)

		s := one(t)
		err = s.Apply(setOf(t, targets{"x": policy(on, trips(1))}))
		require.ErrorIs(t, err, ErrChaosNotAllowed)
		assert.ErrorContains(t, err, `supervisor.Apply: targets "x"`)
		_, _ = Do(bg, s, "x", failWith(errPlain))
		assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "nothing of the set was applied")
		assert.NoError(t, s.Apply(setOf(t, targets{"x": policy(func(p *policies.Policy) { p.Chaos.FailureRate = 1 })})), "it is not enabled")
	})
}

// A file that somebody edits under Watch is a set like any other.
func TestWatchRefusesChaosThatIsNotAllowed(t *testing.T) {
	f := follow(t, oneTarget)
	f.write("targets: {x: {chaos: {enabled: true, failure_rate: 1}}}\n")
	rejected, ok := (<-f.news).(actors.PoliciesRejected)
	require.True(t, ok)
	assert.ErrorIs(t, rejected.Err, ErrChaosNotAllowed)
	_, err := Do(bg, f.Supervisor, "x", succeed)
	assert.NoError(t, err)
}

// If it failed, chaos could not be ended without a restart, or would reach an
// operation that began without it.
func TestAReloadSwitchesChaosOnAndOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := allowed(t)
		calls := 0
		under := async(func() (int, error) {
			return Do(bg, s, "x", func(context.Context) (int, error) {
				if calls++; calls == 1 {
					return 0, errTemp
				}
				return 42, nil
			})
		})
		pass(time.Millisecond)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(failsWith(policies.FaultInternal))})))
		_, err := Do(bg, s, "x", unreached(t))
		assert.ErrorIs(t, err, ErrInjected)
		assert.NoError(t, soon(t, under, "the operation under way").err)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy()})))
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		assert.Equal(t, ChaosSnapshot{Failures: 3}, snapshotOf(t, s, "x").Chaos)
	})
}

// The random numbers are drawn for each attempt anew. 7 standard deviations.
func TestARateIsAShareOfTheAttempts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const n, rate = 10_000, 0.3
		s := allowed(t, attempts(1), injects(func(c *policies.Chaos) { c.FailureRate = rate }))
		failed := 0
		for range n {
			if _, err := Do(bg, s, "x", succeed); errors.Is(err, ErrInjected) {
				failed++
			}
		}
		assert.InDelta(t, n*rate, failed, 7*math.Sqrt(n*rate*(1-rate)))
		assert.EqualValues(t, failed, snapshotOf(t, s, "x").Chaos.Failures)
	})
}

// If it failed, latency could not try out what bounds it.
func TestInjectedLatencyMeetsTheAttemptTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := allowed(t, attempts(2), injects(func(c *policies.Chaos) { c.LatencyRate, c.Latency = 1, 10*time.Minute }),
			func(p *policies.Policy) { p.Retry.AttemptTimeout = 5 * time.Second })
		begun := time.Now()
		_, err := Do(bg, s, "x", unreached(t))
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 2, exhausted.Attempts)
		assert.Equal(t, 11*time.Second, time.Since(begun), "5 s, a wait of 1 s, 5 s")
		assert.ErrorAs(t, err, new(*AttemptTimeoutError))
		pass(time.Second)
		snap := snapshotOf(t, s, "x")
		assert.Zero(t, snap.StillRunning, "an injected wait ends with its attempt")
		assert.Equal(t, ChaosSnapshot{Latencies: 2}, snap.Chaos)
	})
}

// If it failed, hedging could not be tried out: an injected wait would hold up
// the second attempt, or outlast the operation.
func TestInjectedLatencyIsHedged(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := allowed(t, injects(func(c *policies.Chaos) { c.LatencyRate, c.Latency = 1, 10*time.Second }),
			func(p *policies.Policy) { p.Hedge.Delay = time.Second })
		begun := time.Now()
		_, err := Do(bg, s, "x", succeed, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 10*time.Second, time.Since(begun))
		pass(0)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, ChaosSnapshot{Latencies: 2}, snap.Chaos, "the hedge was late too")
		assert.Equal(t, uint64(1), snap.Hedges)
	})
}
