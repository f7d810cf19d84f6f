package actors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, a breaker would read open until somebody calls, however long
// its recovery time is over.
func TestABreakerBecomesHalfOpenWithoutACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		moved := b.moved.Load()
		pass(30*time.Second - 1)
		b.in(breaker.Open)
		pass(1)
		b.in(breaker.HalfOpen)
		e := b.last(breaker.HalfOpen, breaker.ReasonRecoveryTimeout)
		assert.NoError(t, e.Cause)
		assert.Equal(t, moved+1, b.moved.Load(), "operations that wait must hear of it")
		assert.Equal(t, OpenError{Name: "api", Cause: errPlain, Probing: true, Reason: breaker.ReasonRecoveryTimeout}, *b.View().Refusal)
	})
}

func TestAForcedOpenTimeEndsByItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.ForceOpen(time.Now().Add(time.Hour))
		b.ForceOpen(time.Now().Add(time.Minute))
		pass(time.Minute)
		b.in(breaker.HalfOpen)
		b.last(breaker.HalfOpen, breaker.ReasonForcedOpenExpired)

		b.ForceOpen(time.Time{})
		pass(1000 * time.Hour)
		b.in(breaker.ForcedOpen)
	})
}

// If it failed, a timer of a state that was left would move the breaker.
func TestATimerEndsWithItsState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		b.Reset()
		n := len(b.transitions())
		pass(time.Hour)
		b.in(breaker.Closed)
		assert.Len(t, b.transitions(), n)
	})
}

// If it failed, more probes than allowed would run, or a slot would never be
// given back.
func TestProbesTakeTurns(t *testing.T) {
	for name, o := range map[string]policies.Outcome{
		"ignored": policies.Ignored, "throttled": policies.Throttled,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newBench(t)
				b.trip()
				assert.False(t, b.ask().Granted, "it is open")
				pass(30 * time.Second)
				probe := b.ask()
				require.True(t, probe.Granted)
				assert.True(t, probe.Permit.IsProbe())
				assert.False(t, b.ask().Granted, "one at a time")
				moved := b.moved.Load()
				b.settled(Settlement{Permit: probe.Permit, Outcome: o})
				assert.Equal(t, moved+1, b.moved.Load(), "those that wait must hear of the free slot")
				b.in(breaker.HalfOpen)
				assert.True(t, b.ask().Granted)
			})
		})
	}
}

func TestAProbeDecides(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		pass(30 * time.Second)
		b.settled(Settlement{Permit: b.ask().Permit, Outcome: policies.Failure, Err: errPlain})
		e := b.last(breaker.Open, breaker.ReasonProbeFailed)
		assert.Equal(t, time.Minute, e.Transition.Until.Sub(e.At), "it waits longer now")
		pass(time.Minute)
		b.in(breaker.HalfOpen)
		b.settled(Settlement{Permit: b.ask().Permit, Outcome: policies.Success})
		b.last(breaker.Closed, breaker.ReasonProbesSucceeded)
		assert.True(t, b.ask().Granted)
	})
}

// If it failed, a probe that hangs would keep the breaker half-open for ever.
func TestALeaseRunsOutWithoutACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, func(s *policies.Breaker) { s.ProbeLease = 10 * time.Second })
		b.trip()
		pass(30 * time.Second)
		lost := b.ask()
		pass(10*time.Second - 1)
		b.in(breaker.HalfOpen)
		pass(1)
		b.last(breaker.Open, breaker.ReasonProbeLeaseExpired)
		b.settled(Settlement{Permit: lost.Permit, Outcome: policies.Success})
		b.in(breaker.Open)
	})
}

// If it failed, a shorter lease of a later setting would be looked at too late.
func TestTheTimerFollowsWhatIsDueFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		settings := policies.DefaultBreaker()
		settings.FailureThreshold, settings.RecoveryJitter, settings.RecoveryTimeout = 2, 0, 30*time.Second
		settings.HalfOpenMaxCalls = 2
		b := newBench(t, func(s *policies.Breaker) { *s = settings })
		b.trip()
		pass(30 * time.Second)
		b.ask()
		settings.ProbeLease = 5 * time.Second
		b.Configure(&settings, nil)
		b.ask()
		pass(5 * time.Second)
		b.last(breaker.Open, breaker.ReasonProbeLeaseExpired)
	})
}
