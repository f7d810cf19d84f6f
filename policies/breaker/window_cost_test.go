package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func costs(limit float64) func(*policies.Breaker) {
	return func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureCost, s.CostWindow = policies.Never, limit, timeBuckets*time.Second
	}
}

// burn admits and settles a call that cost something.
func (r *rig) burn(o policies.Outcome, cost float64) Effect {
	r.t.Helper()
	return r.SettleAttempt(r.now, r.rnd, r.admit(), Attempt{Outcome: o, Cost: cost})
}

// If it failed, a target that fails rarely but dearly would burn money without
// end, or one that earns what it costs would be cut off.
func TestCostTrips(t *testing.T) {
	type call struct {
		after   time.Duration
		outcome policies.Outcome
		cost    float64
	}
	for name, c := range map[string]struct {
		limit float64
		calls []call
		want  State
	}{
		"one dear failure":               {100, []call{{0, fail, 100}}, Open},
		"just below":                     {100, []call{{0, fail, 99.99}}, Closed},
		"many cheap ones":                {10, []call{{0, fail, 4}, {time.Second, fail, 4}, {time.Second, fail, 2}}, Open},
		"successes cost what they cost":  {100, []call{{0, succeed, 1e9}}, Closed},
		"so do the ignored":              {100, []call{{0, ignore, 1e9}, {0, throttle, 1e9}}, Closed},
		"a success does not forgive":     {100, []call{{0, fail, 60}, {0, succeed, 0}, {0, fail, 40}}, Open},
		"the old ones are forgotten":     {100, []call{{0, fail, 60}, {64 * time.Second, fail, 60}}, Closed},
		"and no sooner":                  {100, []call{{0, fail, 60}, {64*time.Second - 1, fail, 60}}, Open},
		"a failure that cost nothing":    {100, []call{{0, fail, 99}, {0, fail, 0}}, Closed},
		"tenths make a whole":            {1, []call{{0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}, {0, fail, .1}}, Open},
		"the rule is off":                {0, []call{{0, fail, 1e15}}, Closed},
		"a dear one leaves nothing back": {1, []call{{0, succeed, 0}, {0, fail, .5}, {70 * time.Second, fail, .4999}}, Closed},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, costs(c.limit))
			var e Effect
			for _, call := range c.calls {
				r.pass(call.after)
				e = r.burn(call.outcome, call.cost)
			}
			assert.Equal(t, c.want, r.State())
			if c.want == Open {
				assert.Equal(t, ReasonFailureCost, e.Transition.Reason)
				assert.Equal(t, r.now.Add(time.Minute), e.Transition.Until)
			}
		})
	}
}

// If it failed, a reload that lowers failure_cost would have the next failure trip,
// though it cost nothing.
func TestAFailureThatCostNothingBurnsNothing(t *testing.T) {
	r := newRig(t, costs(100))
	r.burn(fail, 50)
	r.Configure(r.now, settings(costs(10)))
	assert.Nil(t, r.burn(fail, 0).Transition)
	assert.NotNil(t, r.burn(fail, 0.01).Transition)
}

// A running sum would keep the rounding of what has left it, and trip on it.
func TestALargeCostLeavesNoRounding(t *testing.T) {
	r := newRig(t, costs(1e15))
	for range 1000 {
		r.burn(fail, 1e14+.3)
		r.pass(65 * time.Second)
		r.burn(fail, .1)
		require.InDelta(t, .1, r.counts().WindowCost, 1e-12)
		r.pass(65 * time.Second)
	}
}

// If it failed, an owner would have to settle every success of a target with
// the rule, which costs a message each.
func TestSuccessesMayWaitUnderTheCostRule(t *testing.T) {
	r := newRig(t, costs(10))
	assert.True(t, r.SuccessesMayWait())
	r.burn(fail, 5)
	r.call(succeed)
	assert.True(t, r.SuccessesMayWait())
	assert.Equal(t, 5., r.counts().WindowCost)
}

// If it failed, what led to the last trip would lead to the next one.
func TestClosingForgetsTheCosts(t *testing.T) {
	r := newRig(t, costs(10))
	r.burn(fail, 12)
	assert.Equal(t, 12., r.counts().WindowCost, "it stays to be seen while open")
	r.ForceOpen(r.now, r.now)
	r.tickAtNext()
	r.call(succeed)
	r.burn(succeed, 5)
	require.Equal(t, Closed, r.State())
	assert.Zero(t, r.counts().WindowCost)
	assert.Equal(t, 12., r.counts().FailureCost, "what was burned stays burned")
	assert.Nil(t, r.burn(fail, 9).Transition)

	r.Reset(r.now)
	assert.Zero(t, r.counts().WindowCost)
}

// If it failed, a reload would forget what is being burned, or remember it for
// longer than the new window.
func TestConfigureKeepsTheCostsThatFit(t *testing.T) {
	at := func(window time.Duration, limit float64) policies.Breaker {
		return settings(costs(limit), func(s *policies.Breaker) { s.CostWindow = window })
	}
	for name, c := range map[string]struct {
		to          policies.Breaker
		want, later float64
	}{
		"the same":         {at(64*time.Second, 1000), 7, 4},
		"another limit":    {at(64*time.Second, 5), 7, 4},
		"a longer window":  {at(640*time.Second, 1000), 7, 7},
		"a shorter window": {at(32*time.Second, 1000), 4, 4},
		"off":              {at(64*time.Second, 0), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, costs(1000))
			r.burn(fail, 3)
			r.pass(40 * time.Second)
			r.burn(fail, 4)
			_, changed := r.Configure(r.now, c.to)
			assert.False(t, changed, "a lowered limit acts from the next failure on")
			assert.Equal(t, c.want, r.counts().WindowCost)
			r.pass(24 * time.Second)
			assert.Equal(t, c.later, r.counts().WindowCost)
		})
	}
	r := newRig(t, costs(0))
	r.burn(fail, 3)
	r.Configure(r.now, at(time.Minute, 5))
	assert.Zero(t, r.counts().WindowCost, "nobody kept account")
	assert.Equal(t, ReasonFailureCost, r.burn(fail, 5).Transition.Reason)
}
