package actors

import (
	"testing"
	"testing/synctest"
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
		b.End()
		v := b.View()

		assert.Equal(t, Admission{}, b.ask())
		b.settle(policies.Failure, errPlain)
		b.Settle(Settlement{}, nil)
		b.Query(func(*breaker.Machine, time.Time) { assert.Fail(t, "there is no machine to ask") })
		for _, command := range []func(){b.Reset, b.ForceClose, b.Disable, func() { b.ForceOpen(time.Time{}) }, func() { b.Renew(nil) }} {
			command()
		}
		b.Trip(breaker.ReasonRestartIntensity, errPlain)
		settings := policies.DefaultBreaker()
		b.Configure(&settings, nil)
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
		require.NoError(t, b.Start(b.parent.system().Root))
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
		require.NoError(t, b.Start(b.parent.system().Root))
		b.in(breaker.HalfOpen)
	})
}

// If it failed, two actors would own one state machine.
func TestARunningBreakerIsNotRespawned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		pid := b.PID()
		assert.Error(t, b.Start(b.parent.system().Root))
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

// If it failed, an operator's command or an attempt's outcome would be lost
// because it came between the end of an actor and its respawn, and whoever
// waits for it would wait on.
func TestWhatIsSentMeanwhileIsForTheRespawnedActor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		generation := b.View().Generation
		b.kill()
		obeyed, settled, answers := make(chan struct{}), make(chan struct{}), make(chan Admission, 1)
		b.Settle(Settlement{Permit: breaker.Permit{Generation: generation}, Outcome: policies.Failure}, closing(settled))
		go func() {
			defer close(obeyed)
			b.ForceOpen(time.Time{})
		}()
		synctest.Wait()
		b.Ask(func(a Admission) { answers <- a })
		synctest.Wait()
		select {
		case <-obeyed:
			assert.Fail(t, "nobody was there to obey")
		default:
		}
		require.NoError(t, b.Start(b.parent.system().Root))
		soon(t, settled, "the settlement")
		soon(t, obeyed, "the command")
		assert.False(t, soon(t, answers, "the answer").Granted, "the command came first")
		b.in(breaker.ForcedOpen)
		b.Query(func(m *breaker.Machine, now time.Time) {
			assert.EqualValues(t, 1, m.Counts(now).Failures)
		})
	})
}

// If it failed, those who wait for a breaker that will not come back would
// wait for ever.
func TestTheEndAnswersWhatWaitsForARespawn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.kill()
		settled, answers := make(chan struct{}), make(chan Admission, 1)
		b.Settle(Settlement{}, closing(settled))
		b.Ask(func(a Admission) { answers <- a })
		assert.Empty(t, answers)
		b.End()
		soon(t, settled, "the settlement")
		assert.False(t, soon(t, answers, "the answer").Granted)
		assert.False(t, b.ask().Granted, "and what comes later")
	})
}

// A stopped handle may have been kept from an actor long ago.
func TestALateMessageToAnOldActorReachesTheNewOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		old := b.ref.Load()
		b.kill()
		require.NoError(t, b.Start(b.parent.system().Root))
		answers := make(chan Admission, 1)
		old.Tell(&ask{answer: func(a Admission) { answers <- a }})
		assert.True(t, soon(t, answers, "the answer").Granted)
	})
}

// If it failed, somebody who stops a breaker twice in a row would block its
// target's supervisor, which is the one that would have to respawn it.
func TestARespawnDoesNotWaitForItsActor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		system := b.parent.system()
		b.kill()
		b.tell(&command{do: func(*breakerActor, time.Time) { system.Root.Stop(b.PID()) }})
		respawned := make(chan error, 1)
		go func() { respawned <- b.Start(system.Root) }()
		synctest.Wait()
		if assert.Len(t, respawned, 1, "the respawn waits") {
			assert.NoError(t, <-respawned)
		}
		require.NoError(t, b.Start(system.Root))
		b.ForceOpen(time.Time{})
		b.in(breaker.ForcedOpen)
	})
}
