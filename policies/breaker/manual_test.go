package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// everyState prepares a machine in each of the six states.
var everyState = map[State]func(*rig){
	Closed:       func(*rig) {},
	Open:         func(r *rig) { r.open() },
	HalfOpen:     func(r *rig) { r.halfOpen(); r.admit() },
	ForcedOpen:   func(r *rig) { r.ForceOpen(r.now, time.Time{}) },
	ForcedClosed: func(r *rig) { r.ForceClose(r.now) },
	Disabled:     func(r *rig) { r.Disable(r.now) },
}

func TestManualControlActsFromEveryState(t *testing.T) {
	end := start.Add(time.Hour)
	for from, prepare := range everyState {
		for name, c := range map[string]struct {
			do     func(*rig) Transition
			to     State
			reason Reason
			until  time.Time
		}{
			"force open":       {func(r *rig) Transition { return r.ForceOpen(r.now, time.Time{}) }, ForcedOpen, ReasonForcedOpen, time.Time{}},
			"force open until": {func(r *rig) Transition { return r.ForceOpen(r.now, end) }, ForcedOpen, ReasonForcedOpen, end},
			"force close":      {func(r *rig) Transition { return r.ForceClose(r.now) }, ForcedClosed, ReasonForcedClosed, time.Time{}},
			"disable":          {func(r *rig) Transition { return r.Disable(r.now) }, Disabled, ReasonDisabled, time.Time{}},
			"reset":            {func(r *rig) Transition { return r.Reset(r.now) }, Closed, ReasonReset, time.Time{}},
		} {
			t.Run(from.String()+"/"+name, func(t *testing.T) {
				r := newRig(t)
				prepare(r)
				generation := r.Generation()
				tr := c.do(r)
				assert.Equal(t, Transition{
					From: from, To: c.to, Reason: c.reason, At: r.now, Generation: generation + 1, Until: c.until,
				}, tr)
				assert.Equal(t, c.to, r.State())
				assert.Equal(t, generation+1, r.Generation())
				assert.Equal(t, c.until, r.Until())
				assert.Zero(t, r.counts().ProbesRunning)
			})
		}
	}
}

func TestForcedOpenRefusesUntilToldOtherwise(t *testing.T) {
	r := newRig(t)
	r.ForceOpen(r.now, time.Time{})
	_, due := r.NextTick()
	assert.False(t, due)
	r.pass(1000 * time.Hour)
	_, changed := r.Tick(r.now, 0)
	assert.False(t, changed)
	r.refused()
	assert.Equal(t, uint64(1), r.counts().Rejected)
}

func TestForcedOpenWithAnEndProbes(t *testing.T) {
	r := newRig(t)
	end := r.now.Add(time.Hour)
	r.ForceOpen(r.now, end)
	_, changed := r.Tick(end.Add(-1), 0)
	require.False(t, changed)
	tr := r.tickAtNext()
	assert.Equal(t, Transition{From: ForcedOpen, To: HalfOpen, Reason: ReasonForcedOpenExpired, At: end, Generation: 3}, tr)
	r.call(succeed, succeed)
	assert.Equal(t, Closed, r.State())
}

// An end in the past is due at once; it is not taken for "without end".
func TestForcedOpenUntilThePastIsDueAtOnce(t *testing.T) {
	r := newRig(t)
	r.ForceOpen(r.now, r.now.Add(-time.Hour))
	r.refused()
	_, changed := r.Tick(r.now, 0)
	assert.True(t, changed)
	assert.Equal(t, HalfOpen, r.State())
}

func TestForcedClosedCountsButNeverTrips(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.SlowCallRate, s.MinimumCalls = 0.1, 0.1, 1 })
	r.call(fail)
	r.ForceClose(r.now)
	r.call(fail, fail, fail, fail, fail, succeed, ignore, throttle)
	r.slowCall(succeed)
	c := r.counts()
	assert.Equal(t, ForcedClosed, r.State())
	assert.Equal(t, uint64(6), c.Failures)
	assert.Equal(t, uint64(2), c.Successes)
	assert.Equal(t, uint64(1), c.Ignored)
	assert.Equal(t, uint64(1), c.Throttled)
	assert.Equal(t, uint64(1), c.Slow)
	assert.Zero(t, c.ConsecutiveFailures)
	assert.Zero(t, c.ConsecutiveSuccesses)
	assert.Zero(t, c.WindowCalls)
}

func TestDisabledCountsNothing(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.Enabled, s.FailureRate = false, 0.5 })
	before := r.counts()
	r.call(fail, fail, fail, fail, succeed, ignore, throttle)
	assert.Equal(t, Disabled, r.State())
	assert.Equal(t, before, r.counts())
}

func TestResetClearsAllButTheCumulativeCounts(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.MinimumCalls = 0.9, 50 })
	r.call(succeed, fail, fail, fail)
	r.tickAtNext()
	r.call(fail)
	r.tickAtNext()
	r.call(succeed)
	inFlight := r.admit()
	r.Reset(r.now)
	assert.Equal(t, Counts{
		Successes: 2, Failures: 4,
		LastFailure: start.Add(time.Minute), LastSuccess: r.now, LastTransition: r.now,
	}, r.counts())
	assert.True(t, r.settle(inFlight, fail).Stale, "a call from before the reset counts against it")
	assert.Zero(t, r.counts().ConsecutiveFailures)
}

// A reset of a closed breaker begins a new generation too, or calls already
// under way would count against the fresh start.
func TestResetOfAClosedMachineMakesPermitsStale(t *testing.T) {
	r := newRig(t)
	p := r.admit()
	r.call(fail, fail)
	r.Reset(r.now)
	assert.True(t, r.settle(p, fail).Stale)
	assert.Zero(t, r.counts().ConsecutiveFailures)
}

// Stale permits are counted in every state, and only counted.
func TestStaleInEveryState(t *testing.T) {
	for state, prepare := range everyState {
		t.Run(state.String(), func(t *testing.T) {
			r := newRig(t)
			early := r.admit()
			r.Reset(r.now)
			prepare(r)
			before, generation, until := r.counts(), r.Generation(), r.Until()
			for _, o := range []policies.Outcome{succeed, fail, ignore, throttle} {
				assert.Equal(t, Effect{Stale: true}, r.settle(early, o))
			}
			before.Stale += 4
			assert.Equal(t, before, r.counts())
			assert.Equal(t, generation, r.Generation())
			assert.Equal(t, until, r.Until())
		})
	}
}

// No permit is given out while open, so one that claims it is not believed.
func TestAPermitOfAnOpenGenerationIsStale(t *testing.T) {
	for _, state := range []State{Open, ForcedOpen} {
		r := newRig(t)
		everyState[state](r)
		assert.True(t, r.settle(Permit{Generation: r.Generation()}, succeed).Stale)
	}
}
