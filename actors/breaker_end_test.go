package actors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, a caller would wait for ever for a breaker that was stopped.
func TestAStoppedBreakerAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, errPlain)
		b.kill()
		v := b.View()

		assert.Equal(t, Admission{}, b.ask())
		b.settle(policies.Failure, errPlain)
		b.Settle(Settlement{}, nil)
		b.Query(func(*breaker.Machine, time.Time) { assert.Fail(t, "there is no machine to ask") })
		for _, command := range []func(){b.Reset, b.ForceClose, b.Disable, func() { b.ForceOpen(time.Time{}) }, func() { b.Renew(nil) }} {
			command()
		}
		b.Trip(breaker.ReasonRestartIntensity, errPlain)
		b.Configure(policies.DefaultBreaker(), nil)
		assert.Same(t, v, b.View(), "nothing has changed")
	})
}

// If it failed, somebody who stops a breaker actor would close a breaker that
// is open, or leave it open for ever.
func TestARespawnedBreakerKeepsItsStateAndItsTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		pass(10 * time.Second)
		b.kill()
		require.NoError(t, b.Respawn(b.parent.system().Root))
		b.in(breaker.Open)
		pass(20*time.Second - 1)
		b.in(breaker.Open)
		pass(1)
		b.in(breaker.HalfOpen)
		b.last(breaker.HalfOpen, breaker.ReasonRecoveryTimeout)
		require.True(t, b.ask().Granted)
		b.Query(func(m *breaker.Machine, now time.Time) {
			assert.EqualValues(t, 2, m.Counts(now).Failures)
		})
	})
}

// The same when its time came while nobody was there.
func TestARespawnedBreakerCatchesUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		b.kill()
		pass(time.Hour)
		b.in(breaker.Open)
		require.NoError(t, b.Respawn(b.parent.system().Root))
		b.in(breaker.HalfOpen)
	})
}

// If it failed, two actors would own one state machine.
func TestARunningBreakerIsNotRespawned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		pid := b.PID()
		assert.Error(t, b.Respawn(b.parent.system().Root))
		assert.Equal(t, pid.Id, b.PID().Id)
		b.ForceOpen(time.Time{})
		b.in(breaker.ForcedOpen)
	})
}

// If it failed, a stopped breaker's timer would keep it and its target alive.
func TestAStoppedBreakerHasNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		b.kill()
		assert.Nil(t, b.actor.timer)
		n := len(b.transitions())
		pass(time.Hour)
		assert.Len(t, b.transitions(), n)
	})
}
