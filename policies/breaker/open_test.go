package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenRefusesAndCounts(t *testing.T) {
	r := newRig(t).open()
	r.refused()
	r.refused()
	r.Refuse(40)
	assert.Equal(t, uint64(42), r.counts().Rejected)
}

// failsafe-go#97, and Bindu: the state reads open until somebody calls.
func TestOpenTimeEndsWithoutACaller(t *testing.T) {
	r := newRig(t).open()
	next, ok := r.NextTick()
	require.True(t, ok)
	assert.Equal(t, start.Add(time.Minute), next)

	_, changed := r.Tick(next.Add(-1), 0)
	assert.False(t, changed, "too early")
	assert.Equal(t, Open, r.State())

	tr, changed := r.Tick(next, 0)
	require.True(t, changed)
	assert.Equal(t, Transition{From: Open, To: HalfOpen, Reason: ReasonRecoveryTimeout, At: next, Generation: 3}, tr)
	assert.Zero(t, r.Until())
	assert.Zero(t, r.counts().OpenUntil)
}

func TestAdmitDoesNotTick(t *testing.T) {
	r := newRig(t).open()
	r.pass(time.Hour)
	r.refused()
	assert.Equal(t, Open, r.State())
}

// Bindu: a late failure from before the trip extended the open time.
func TestLateFailureDoesNotExtendOpen(t *testing.T) {
	r := newRig(t)
	late := r.admit()
	r.call(fail, fail, fail)
	until, before := r.Until(), r.counts()
	r.pass(30 * time.Second)

	e := r.settle(late, fail)
	assert.Equal(t, Effect{Stale: true}, e)
	assert.Equal(t, until, r.Until())
	before.Stale++
	assert.Equal(t, before, r.counts())
}

// The clock that goes back must neither end the open time early nor move it.
func TestOpenTimeIsRobustAgainstTimeGoingBack(t *testing.T) {
	r := newRig(t).open()
	until := r.Until()
	_, changed := r.Tick(start.Add(-time.Hour), 0)
	assert.False(t, changed)
	assert.Equal(t, until, r.Until())
}

// The end of the open time and the lease keep the monotonic reading they
// were made from; without it, setting the wall clock would move them.
func TestTimesStayMonotonic(t *testing.T) {
	now := time.Now()
	m := New(settings(), now)
	tr, _ := m.Trip(now, 0.5, ReasonRestartIntensity)
	assert.Contains(t, tr.Until.String(), " m=")
	m.Tick(tr.Until, 0)
	p, ok := m.Admit(tr.Until)
	require.True(t, ok)
	assert.Contains(t, m.Lease(p).String(), " m=")
}

func TestTripActsOnClosedAndHalfOpenOnly(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*rig)
		trips   bool
		length  time.Duration
	}{
		"closed":        {func(*rig) {}, true, time.Minute},
		"half open":     {func(r *rig) { r.halfOpen() }, true, 2 * time.Minute},
		"open":          {func(r *rig) { r.open() }, false, 0},
		"forced open":   {func(r *rig) { r.ForceOpen(r.now, time.Time{}) }, false, 0},
		"forced closed": {func(r *rig) { r.ForceClose(r.now) }, false, 0},
		"disabled":      {func(r *rig) { r.Disable(r.now) }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.prepare(r)
			state, generation, until := r.State(), r.Generation(), r.Until()
			r.pass(time.Second)
			tr, ok := r.Trip(r.now, 0, ReasonRestartIntensity)
			require.Equal(t, c.trips, ok)
			if !c.trips {
				assert.Equal(t, state, r.State())
				assert.Equal(t, generation, r.Generation())
				assert.Equal(t, until, r.Until())
				return
			}
			assert.Equal(t, Transition{
				From: state, To: Open, Reason: ReasonRestartIntensity,
				At: r.now, Generation: generation + 1, Until: r.now.Add(c.length),
			}, tr)
		})
	}
}
