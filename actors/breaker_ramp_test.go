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

// newRampingBench is a breaker of 16 workers that has just closed: its limit
// doubles every 2 s for 8 s.
func newRampingBench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, func(s *policies.Breaker) { s.Ramp = 8 * time.Second })
	b.SetWorkers(16)
	b.trip()
	pass(30 * time.Second)
	b.settled(Settlement{Permit: b.ask().Permit, Outcome: policies.Success})
	b.in(breaker.Closed)
	return b
}

func eventsSeen[E Event](b *bench) (all []E) {
	synctest.Wait()
	for _, e := range b.events.list() {
		if e, ok := e.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

// If it failed, callers would pass by a breaker that lets only some of them
// through, or go on asking one that lets everybody through.
func TestTheViewOfARampHasToBeAsked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newRampingBench(t)
		v := b.View()
		until := time.Now().Add(8 * time.Second)
		assert.False(t, v.Direct)
		assert.False(t, v.Quiet)
		assert.Equal(t, OpenError{Name: "api", Cause: errPlain, Until: until, Reason: breaker.ReasonProbesSucceeded, Recovering: true}, *v.Refusal)
		started := eventsSeen[RampStarted](b)
		require.Len(t, started, 1)
		assert.Equal(t, RampStarted{Header{"api", time.Now()}, until, 1, 16}, started[0])

		pass(8*time.Second - 1)
		assert.Same(t, v, b.View())
		assert.Empty(t, eventsSeen[RampEnded](b))
		moved := b.moved.Load()
		pass(1)
		v = b.View()
		assert.True(t, v.Direct)
		assert.True(t, v.Quiet)
		assert.Nil(t, v.Refusal)
		assert.Equal(t, []RampEnded{{Header{"api", until}}}, eventsSeen[RampEnded](b))
		assert.Equal(t, moved+1, b.moved.Load(), "operations that wait must hear of it")
	})
}

func TestWhichViewsAreDirect(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		assert.True(t, b.View().Direct, "closed")
		b.trip()
		assert.False(t, b.View().Direct, "open")
		pass(30 * time.Second)
		assert.False(t, b.View().Direct, "half-open")
		b.ForceOpen(time.Time{})
		assert.False(t, b.View().Direct, "forced open")
		b.ForceClose()
		assert.True(t, b.View().Direct, "forced closed")
		b.Disable()
		assert.True(t, b.View().Direct, "disabled")
	})
}

// If it failed, who was refused would not hear of the next step, or of a place
// that is free.
func TestARampTellsWhoWasRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newRampingBench(t)
		first := b.ask()
		require.True(t, first.Granted)
		pass(time.Second)
		require.False(t, b.ask().Granted)
		moved := b.moved.Load()
		pass(time.Second - time.Microsecond)
		assert.Equal(t, moved, b.moved.Load())
		pass(2 * time.Microsecond)
		assert.Equal(t, moved+1, b.moved.Load(), "the limit is 2")
		require.True(t, b.ask().Granted)
		require.False(t, b.ask().Granted)
		b.settled(Settlement{Permit: first.Permit, Outcome: policies.Ignored})
		assert.Equal(t, moved+2, b.moved.Load(), "a place is free")
		assert.True(t, b.ask().Granted)

		pass(4 * time.Second)
		assert.Equal(t, moved+3, b.moved.Load(), "nobody was refused since the step to 3")
	})
}

// A ramp that a trip or a hand cuts short has not ended well, and says nothing
// of its end.
func TestARampThatIsCutShort(t *testing.T) {
	for name, cut := range map[string]func(b *bench){
		"a trip":         func(b *bench) { b.trip() },
		"Reset":          func(b *bench) { b.Reset() },
		"ForceClose":     func(b *bench) { b.ForceClose() },
		"ForceOpen":      func(b *bench) { b.ForceOpen(time.Time{}) },
		"Disable":        func(b *bench) { b.Disable() },
		"Trip":           func(b *bench) { b.Trip(breaker.ReasonRestartIntensity, errPlain) },
		"switched off":   func(b *bench) { b.Configure(&policies.Breaker{}, nil) },
		"Reset, unawait": func(b *bench) { b.Renew(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := newRampingBench(t)
				cut(b)
				synctest.Wait()
				b.Query(func(m *breaker.Machine, _ time.Time) { assert.False(t, m.Ramping()) })
				pass(8 * time.Second)
				assert.Empty(t, eventsSeen[RampEnded](b))
				assert.Len(t, eventsSeen[RampStarted](b), 1)
			})
		})
	}
}

// Operators reload to end a ramp that is too slow.
func TestAReloadMovesTheEndOfARamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newRampingBench(t)
		configure := func(ramp time.Duration) {
			var s policies.Breaker
			b.Query(func(m *breaker.Machine, _ time.Time) { s = m.Settings() })
			s.Ramp = ramp
			done := make(chan struct{})
			b.Configure(&s, func() { close(done) })
			soon(t, done, "the reload")
		}
		began := time.Now()
		configure(time.Minute)
		assert.Equal(t, began.Add(time.Minute), b.View().Refusal.Until)
		pass(8 * time.Second)
		assert.False(t, b.View().Direct)
		configure(0)
		assert.True(t, b.View().Direct)
		assert.Len(t, eventsSeen[RampEnded](b), 1)
	})
}

// If it failed, stopping the actor would let everybody through at once.
func TestARespawnedBreakerGoesOnWithItsRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newRampingBench(t)
		pass(2*time.Second + time.Microsecond)
		require.True(t, b.ask().Granted)
		b.kill()
		require.NoError(t, b.Start(b.parent.system().Root))
		require.True(t, b.ask().Granted)
		require.False(t, b.ask().Granted)
		pass(6 * time.Second)
		assert.True(t, b.View().Direct)
		assert.Len(t, eventsSeen[RampStarted](b), 1)
		assert.Len(t, eventsSeen[RampEnded](b), 1)
	})
}
