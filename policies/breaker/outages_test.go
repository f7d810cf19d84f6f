package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func adaptive(s *policies.Breaker) { s.AdaptiveRecovery, s.SuccessThreshold = true, 1 }

// outage has the target fail for so long, and the machine find out.
func (r *rig) outage(lasts time.Duration) {
	r.t.Helper()
	over := r.now.Add(lasts)
	r.call(fail, fail, fail)
	require.Equal(r.t, Open, r.State())
	for r.State() != Closed {
		r.tickAtNext()
		if r.now.Before(over) {
			r.call(fail)
		} else {
			r.call(succeed)
		}
	}
}

// Broken, the first outages would be met with open times that nothing speaks
// for, or a target that is usually back in 10 s would be left alone for 60.
func TestOpenTimesFollowPastOutages(t *testing.T) {
	r := newRig(t, adaptive)
	for range 3 {
		r.call(fail, fail, fail)
		assert.Equal(t, time.Minute, r.Until().Sub(r.now), "little is known")
		r.tickAtNext()
		r.call(succeed)
	}
	assert.Equal(t, 3, r.counts().Outages)
	assert.Equal(t, 30*time.Second, r.counts().TypicalOutage, "seen to be down at 0, and well at 60 s")

	r.call(fail, fail, fail)
	assert.Equal(t, 30*time.Second, r.Until().Sub(r.now))
	r.tickAtNext()
	r.call(fail) // no known outage was longer: as usual
	assert.Equal(t, 2*time.Minute, r.Until().Sub(r.now))
}

// Broken, what is learned would not come near what there is: the target is back
// after 12 s each time.
func TestOpenTimesComeNearTheOutages(t *testing.T) {
	r := newRig(t, adaptive)
	var waited []time.Duration
	for range 40 {
		began := r.now
		r.outage(12 * time.Second)
		waited = append(waited, r.now.Sub(began))
		r.pass(time.Hour)
	}
	assert.Equal(t, []time.Duration{time.Minute, time.Minute, time.Minute, 30 * time.Second}, waited[:4])
	for _, w := range waited[10:] {
		assert.LessOrEqual(t, w, 30*time.Second)
		assert.GreaterOrEqual(t, w, 12*time.Second)
	}
	assert.Equal(t, outagesKept, r.counts().Outages)
}

// Broken, an adapted open time would be longer than the settings', or so short
// that the target is stormed.
func TestAdaptedOpenTimesHaveBounds(t *testing.T) {
	r := newRig(t, adaptive, func(s *policies.Breaker) { s.RecoveryMultiplier = 1 })
	for range 5 {
		r.outage(time.Hour)
	}
	r.call(fail, fail, fail)
	assert.Equal(t, time.Minute, r.Until().Sub(r.now))

	short := newRig(t, adaptive)
	short.outages.lengths = []time.Duration{time.Second, time.Second, time.Second}
	short.call(fail, fail, fail)
	assert.Equal(t, 6*time.Second, short.Until().Sub(short.now), "a tenth of recovery_timeout")
}

// Broken, an outage whose end nobody saw would teach the machine something.
func TestWhatIsNotAnOutage(t *testing.T) {
	for name, ends := range map[string]func(r *rig){
		"reset":       func(r *rig) { r.Reset(r.now) },
		"force close": func(r *rig) { r.ForceClose(r.now); r.Reset(r.now) },
		"force open":  func(r *rig) { r.ForceOpen(r.now, r.now.Add(time.Second)); r.tickAtNext(); r.call(succeed) },
		"a known wall": func(r *rig) {
			r.tickAtNext()
			r.SettleAttempt(r.now, 0, r.admit(), Attempt{Outcome: walls, WallUntil: r.now.Add(time.Hour)})
			r.tickAtNext()
			r.call(succeed)
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, adaptive)
			r.call(fail, fail, fail)
			ends(r)
			require.Equal(t, Closed, r.State())
			assert.Zero(t, r.counts().Outages)
		})
	}
}

// Ramp x adaptive recovery. Broken, a target that fails again while it recovers
// would count as two short outages.
func TestATripDuringARampGoesOnWithTheOutage(t *testing.T) {
	r := newRig(t, adaptive, func(s *policies.Breaker) { s.Ramp = time.Minute })
	r.SetCapacity(100)
	began := r.now
	r.call(fail, fail, fail)
	r.tickAtNext()
	r.call(succeed)
	require.True(t, r.Ramping())
	require.Equal(t, 1, r.counts().Outages)
	r.pass(time.Second)
	r.call(fail, fail, fail)
	require.Equal(t, Open, r.State())
	assert.Zero(t, r.counts().Outages, "it was not over")
	failed := r.now
	r.tickAtNext()
	probed := r.now
	r.call(succeed)
	for r.Ramping() {
		r.tickAtNextStep()
	}
	assert.Equal(t, 1, r.counts().Outages)
	assert.Equal(t, failed.Sub(began)+probed.Sub(failed)/2, r.counts().TypicalOutage)
	r.call(fail, fail, fail)
	assert.Equal(t, 1, r.counts().Outages, "the next one is another")
}

// tickAtNextStep is tickAtNext for a step that is no transition.
func (r *rig) tickAtNextStep() {
	next, ok := r.NextTick()
	require.True(r.t, ok)
	r.now = next
	r.Tick(r.now, r.rnd)
}

// Reload x adaptive recovery. Broken, what was learned would be lost to a reload
// that does not concern it, or outlive its being switched off.
func TestWhatIsLearnedOfOutagesOutlivesAReload(t *testing.T) {
	r := newRig(t, adaptive)
	for range 3 {
		r.outage(12 * time.Second)
	}
	s := r.Settings()
	s.FailureThreshold = 2
	r.Configure(r.now, s)
	assert.Equal(t, 3, r.counts().Outages)
	s.AdaptiveRecovery = false
	r.Configure(r.now, s)
	assert.Zero(t, r.counts().Outages)
	r.call(fail, fail)
	assert.Equal(t, time.Minute, r.Until().Sub(r.now))
}
