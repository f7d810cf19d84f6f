package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

type sealing struct {
	memory BreakerMemory
	sealed bool
}

func (b *bench) seal() sealing {
	b.t.Helper()
	done := make(chan sealing, 1)
	b.Seal(func(m BreakerMemory, sealed bool) { done <- sealing{m, sealed} })
	return soon(b.t, done, "the seal")
}

// successor is a breaker that goes on from the memory.
func (b *bench) successor(s sealing) *bench {
	b.t.Helper()
	next := &bench{t: b.t, parent: newParent(b.t), bus: b.bus}
	settings := b.actor.machine.Settings()
	var err error
	next.Breaker, err = RestoreBreaker("api", &settings, s.memory, b.bus, next)
	require.NoError(b.t, err)
	require.NoError(b.t, next.Start(next.parent.system().Root))
	return next
}

// If it failed, what reaches a breaker while it is put away would be lost, and
// whoever waits for it forgotten.
func TestASealedBreakerHoldsWhatItIsSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, errors.New("down"))
		s := b.seal()
		require.True(t, s.sealed)
		assert.Equal(t, 1, s.memory.ConsecutiveFailures)

		taken, forced := make(chan struct{}), make(chan struct{})
		b.Settle(Settlement{Permit: breaker.Permit{Generation: 1}, Outcome: policies.Failure}, closing(taken))
		go func() {
			b.ForceOpen(time.Time{})
			close(forced)
		}()
		synctest.Wait()
		assert.Equal(t, breaker.Closed, b.View().State)
		select {
		case <-taken:
			t.Error("a sealed breaker took an outcome in")
		case <-forced:
			t.Error("a sealed breaker obeyed")
		default:
		}

		b.Unseal()
		soon(t, taken, "the outcome")
		soon(t, forced, "the command")
		assert.Equal(t, breaker.ForcedOpen, b.View().State)
	})
}

// If it failed, an outcome or a command that is late would go to a breaker that
// is no more.
func TestASealedBreakerForwards(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, nil)
		s := b.seal()
		forced := make(chan struct{})
		go func() {
			b.ForceOpen(time.Time{})
			close(forced)
		}()
		synctest.Wait()
		next := b.successor(s)
		b.Forward(func(deliver func(*Breaker)) { deliver(next.Breaker) })
		soon(t, forced, "the command")
		assert.Equal(t, breaker.ForcedOpen, next.View().State)
		b.Reset() // later ones go the same way
		assert.Equal(t, breaker.Closed, next.View().State)
		b.parent.system().Root.Stop(b.PID()) // and when the actor has gone
		synctest.Wait()
		b.ForceClose()
		assert.Equal(t, breaker.ForcedClosed, next.View().State)
		b.Forward(func(deliver func(*Breaker)) { deliver(nil) })
		answer := make(chan Admission, 1)
		b.Ask(func(a Admission) { answer <- a })
		assert.False(t, soon(t, answer, "the answer").Granted)
	})
}

// If it failed, a breaker that is put away while open would have its timer go
// on, and change a state that nobody looks at.
func TestASealedBreakerHasNoTimer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		cause := errors.New("down")
		b.settle(policies.Failure, cause)
		b.settle(policies.Failure, cause)
		opened := time.Now()
		s := b.seal()
		assert.Equal(t, breaker.Open, s.memory.State)
		assert.Equal(t, cause, s.memory.Cause)
		pass(20 * time.Second)

		next := b.successor(s)
		view := next.View()
		require.Equal(t, breaker.Open, view.State)
		assert.Equal(t, opened.Add(30*time.Second), view.Refusal.Until)
		assert.Equal(t, cause, view.Refusal.Cause)
		assert.Equal(t, opened, view.Since)
		pass(10*time.Second + 1)
		assert.Equal(t, breaker.HalfOpen, next.View().State, "the successor's own timer")
		assert.Equal(t, breaker.Open, b.View().State)

		b.Unseal()
		synctest.Wait()
		assert.Equal(t, breaker.HalfOpen, b.View().State, "what was due is done when it goes on")
	})
}

// If it failed, a probe's slot would be taken for ever, or two probes run where
// one may.
func TestABreakerWithProbesOutIsNotSealed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, nil)
		b.settle(policies.Failure, nil)
		pass(30 * time.Second)
		probe := b.ask()
		require.True(t, probe.Granted)
		assert.False(t, b.seal().sealed)
		b.settled(Settlement{Permit: probe.Permit, Outcome: policies.Success})
		assert.Equal(t, breaker.Closed, b.View().State, "it went on as it was")
		assert.True(t, b.seal().sealed)
	})
}

// If it failed, a breaker whose time came while it was put away would refuse
// calls until somebody else has it look at the clock.
func TestWhatCameDueMeanwhileHappensFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, nil)
		b.settle(policies.Failure, nil)
		s := b.seal()
		pass(time.Hour)
		assert.Equal(t, breaker.HalfOpen, b.successor(s).View().State)
	})
}
