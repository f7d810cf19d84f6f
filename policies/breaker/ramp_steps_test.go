package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// The power of a rounded share can be off by one call in both directions. If it
// failed, a step would come a moment after NextTick has promised it, and whoever
// waits for it would be woken for nothing; or one would come before its time.
func TestAStepOfARampComesAtItsNanosecond(t *testing.T) {
	for _, c := range []struct {
		ramp     time.Duration
		capacity int
		at       time.Duration
		want     int
	}{
		{5 * time.Second, 32, 3 * time.Second, 8}, // 32^(3/5), which is 7.999... in floats
		{5 * time.Second, 32, 3*time.Second - 1, 7},
		{20*time.Second + 1, 8, 13_333_333_334, 3}, // 4.000... in floats, before NextTick's rounding of it
		{20*time.Second + 1, 8, 13_333_333_335, 4},
	} {
		r := newRig(t, func(s *policies.Breaker) { s.Ramp, s.SuccessThreshold = c.ramp, 1 })
		r.SetCapacity(c.capacity)
		r.halfOpen().call(succeed)
		require.True(t, r.Ramping())
		r.pass(c.at)
		assert.Equal(t, c.want, r.counts().RampLimit, "%+v", c)
		assert.Len(t, r.fill(), c.want, "%+v", c)
	}
}

// If it failed, a reload that leaves a ramp no step to make would have it tick
// for one after its end.
func TestARampWithoutAStepLeftIsTickedAtItsEnd(t *testing.T) {
	r := ramping(t)
	r.pass(3 * time.Second)
	limit := len(r.fill())
	r.SetCapacity(limit)
	r.refused()
	next, due := r.NextTick()
	require.True(t, due)
	assert.Equal(t, r.RampUntil(), next)
}

// If it failed, the owner of a permit would not give the slot back that others
// wait for.
func TestWhichPermitsHold(t *testing.T) {
	assert.False(t, Permit{Generation: 7}.Holds())
	assert.True(t, Permit{Generation: 7, Probe: 1}.Holds())
	assert.True(t, Permit{Generation: 7, Ramp: true}.Holds())
}
