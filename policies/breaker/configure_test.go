package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func (r *rig) configure(change func(*policies.Breaker)) (Transition, bool) {
	s := r.Settings()
	change(&s)
	return r.Configure(r.now, s)
}

// Polly loses its state on reload: a tripped circuit closes.
func TestReloadKeepsTheState(t *testing.T) {
	for state, prepare := range everyState {
		t.Run(state.String(), func(t *testing.T) {
			r := newRig(t)
			r.call(fail, fail)
			prepare(r)
			before, generation, until := r.counts(), r.Generation(), r.Until()
			r.pass(time.Second)
			_, changed := r.configure(func(s *policies.Breaker) {
				s.FailureThreshold, s.RecoveryTimeout, s.HalfOpenMaxCalls = 1, time.Second, 5
			})
			assert.False(t, changed)
			assert.Equal(t, state, r.State())
			assert.Equal(t, generation, r.Generation())
			assert.Equal(t, until, r.Until())
			assert.Equal(t, before, r.counts())
			assert.Equal(t, 5, r.Settings().HalfOpenMaxCalls)
		})
	}
}

func TestReloadLowersTheThresholdFromTheNextOutcomeOn(t *testing.T) {
	lower := func(s *policies.Breaker) { s.FailureThreshold = 2 }
	r := newRig(t)
	r.call(fail, fail)
	r.configure(lower)
	require.Equal(t, Closed, r.State())
	assert.Equal(t, ReasonConsecutiveFailures, r.call(fail).Transition.Reason)

	r = newRig(t)
	r.call(fail, fail)
	r.configure(lower)
	assert.Nil(t, r.call(succeed).Transition, "a success ends the run")

	r = newRig(t, slots(2), func(s *policies.Breaker) { s.SuccessThreshold = 9 }).halfOpen()
	r.call(succeed, succeed, succeed)
	r.configure(func(s *policies.Breaker) { s.SuccessThreshold = 2 })
	assert.Equal(t, HalfOpen, r.State())
	assert.Equal(t, ReasonProbesSucceeded, r.call(succeed).Transition.Reason)
}

func TestReloadSwitchesOnAndOff(t *testing.T) {
	enable := func(on bool) func(*policies.Breaker) {
		return func(s *policies.Breaker) { s.Enabled = on }
	}
	for state, prepare := range everyState {
		t.Run(state.String(), func(t *testing.T) {
			r := newRig(t)
			prepare(r)
			generation := r.Generation()
			tr, changed := r.configure(enable(false))
			require.Equal(t, state != Disabled, changed)
			require.Equal(t, Disabled, r.State())
			if changed {
				assert.Equal(t, Transition{From: state, To: Disabled, Reason: ReasonReconfigured, At: r.now, Generation: generation + 1}, tr)
			}
			_, changed = r.configure(enable(false))
			assert.False(t, changed, "nothing was toggled")

			generation = r.Generation()
			tr, changed = r.configure(enable(true))
			require.True(t, changed)
			assert.Equal(t, Transition{From: Disabled, To: Closed, Reason: ReasonReconfigured, At: r.now, Generation: generation + 1}, tr)
		})
	}

	t.Run("a disabled machine that somebody forced open stays so", func(t *testing.T) {
		r := newRig(t, enable(false))
		r.ForceOpen(r.now, time.Time{})
		_, changed := r.configure(enable(true))
		assert.False(t, changed)
		assert.Equal(t, ForcedOpen, r.State())
	})
	t.Run("a disabled machine that somebody reset stays disabled", func(t *testing.T) {
		r := newRig(t, enable(false))
		r.Reset(r.now)
		_, changed := r.configure(func(s *policies.Breaker) { s.FailureThreshold = 9 })
		assert.False(t, changed)
		assert.Equal(t, Disabled, r.State())
	})
	t.Run("a machine that somebody disabled stays so", func(t *testing.T) {
		r := newRig(t)
		r.Disable(r.now)
		_, changed := r.configure(func(s *policies.Breaker) { s.FailureThreshold = 9 })
		assert.False(t, changed)
		assert.Equal(t, Disabled, r.State())
	})
}

// resilience4j#2025: a reload must break nothing in flight.
func TestReloadKeepsProbes(t *testing.T) {
	r := newRig(t, slots(3)).halfOpen()
	out := []Permit{r.admit(), r.admit(), r.admit()}

	r.configure(slots(1))
	r.refused()
	r.settle(out[0], ignore)
	r.settle(out[1], ignore)
	r.refused()

	r.configure(slots(4))
	for range 3 {
		r.admit()
	}
	r.refused()
	assert.Equal(t, 4, r.counts().ProbesRunning)
	assert.False(t, r.settle(out[2], succeed).Stale)
	assert.True(t, r.settle(out[0], succeed).Stale)

	r.configure(func(s *policies.Breaker) { s.ProbeLease = time.Second })
	p := r.admit()
	next, _ := r.NextTick()
	assert.Equal(t, r.now.Add(time.Second), r.Lease(p))
	assert.Equal(t, r.Lease(p), next, "a shortened lease of a later probe is the earliest")
}

func TestReloadKeepsTheWindowThatFits(t *testing.T) {
	rated := func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.WindowCalls, s.MinimumCalls = policies.Never, 1, 10, 10
	}
	timed := func(s *policies.Breaker) { s.WindowDuration = time.Minute }
	for name, c := range map[string]struct {
		from, to        func(*policies.Breaker)
		calls, failures int
	}{
		"unchanged":             {rated, func(*policies.Breaker) {}, 5, 3},
		"longer":                {rated, func(s *policies.Breaker) { s.WindowCalls = 100 }, 5, 3},
		"shorter":               {rated, func(s *policies.Breaker) { s.WindowCalls = 2 }, 2, 1},
		"calls to time":         {rated, timed, 0, 0},
		"time to calls":         {timed, func(s *policies.Breaker) { s.WindowDuration = 0 }, 0, 0},
		"time to a longer time": {timed, func(s *policies.Breaker) { s.WindowDuration = time.Hour }, 5, 3},
		"the other rate":        {rated, func(s *policies.Breaker) { s.SlowCallRate = 0.5 }, 5, 3},
		"off":                   {rated, func(s *policies.Breaker) { s.FailureRate = 0 }, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rated, c.from)
			r.call(succeed, fail, fail, succeed, fail)
			require.Equal(t, 5, r.counts().WindowCalls)
			r.configure(c.to)
			assert.Equal(t, c.calls, r.counts().WindowCalls)
			assert.Equal(t, c.failures, r.counts().WindowFailures)
		})
	}
	t.Run("on", func(t *testing.T) {
		r := newRig(t)
		r.call(succeed, fail)
		r.configure(rated)
		assert.Zero(t, r.counts().WindowCalls)
		r.call(succeed)
		assert.Equal(t, 1, r.counts().WindowCalls)
	})
}
