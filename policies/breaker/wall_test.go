package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// wallFor admits a call that meets a wall which stands for d.
func (r *rig) wallFor(d time.Duration) Effect {
	r.t.Helper()
	return r.SettleAttempt(r.now, r.rnd, r.admit(), Attempt{Outcome: walls, WallUntil: r.now.Add(d)})
}

// If it failed, calls would go on against a target that turns every one of
// them away, or stop for another time than it said.
func TestAWallOpensUntilItsEnd(t *testing.T) {
	for name, c := range map[string]struct {
		until time.Time
		want  time.Duration // the open time
		wall  time.Time
	}{
		"longer than any recovery": {start.Add(5 * time.Hour), 5 * time.Hour, start.Add(5 * time.Hour)},
		"shorter than any":         {start.Add(time.Second), time.Second, start.Add(time.Second)},
		"as long as max_wall":      {start.Add(6 * time.Hour), 6 * time.Hour, start.Add(6 * time.Hour)},
		"longer than max_wall":     {start.Add(6*time.Hour + 1), 6 * time.Hour, start.Add(6*time.Hour + 1)},
		"unknown":                  {time.Time{}, time.Minute, time.Time{}},
		"over already":             {start, time.Minute, time.Time{}},
		"long ago":                 {start.Add(-time.Hour), time.Minute, time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *policies.Breaker) { s.MaxWall = 6 * time.Hour })
			e := r.SettleAttempt(r.now, r.rnd, r.admit(), Attempt{Outcome: walls, WallUntil: c.until})
			assert.Equal(t, Effect{Transition: &Transition{From: Closed, To: Open, Reason: ReasonExternalWall,
				At: start, Generation: 2, Until: start.Add(c.want), Wall: c.wall}}, e)
			r.refused()
			assert.Equal(t, start.Add(c.want), r.tickAtNext().At, "it probes then, and no sooner")
			assert.Equal(t, HalfOpen, r.State())
		})
	}
}

// Jitter would have somebody probe at another time than the target named.
func TestAKnownWallIsNotJittered(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.RecoveryJitter = 1 })
	r.rnd = 0.999
	assert.Equal(t, start.Add(time.Hour), r.wallFor(time.Hour).Transition.Until)
}

// If it failed, a used-up quota would read as an outage in every count.
func TestAWallIsNeitherSuccessNorFailure(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.MinimumCalls = 1, 10 })
	r.call(succeed, fail, fail)
	before := r.counts()
	r.wallFor(time.Hour)
	after := r.counts()
	assert.Equal(t, uint64(1), after.Walled)
	assert.Equal(t, start.Add(time.Hour), after.OpenUntil)
	before.Walled, before.OpenUntil = 1, after.OpenUntil
	assert.Equal(t, before, after)
}

// A probe that meets the wall has not shown that the target is ill, so the open
// times after it do not grow, but for those of walls whose end nobody knows.
func TestAWalledProbeReopens(t *testing.T) {
	r := newRig(t, slots(2)).halfOpen()
	other := r.admit()
	e := r.wallFor(3 * time.Hour)
	assert.Equal(t, Transition{From: HalfOpen, To: Open, Reason: ReasonExternalWall, At: r.now, Generation: 4,
		Until: r.now.Add(3 * time.Hour), Wall: r.now.Add(3 * time.Hour)}, *e.Transition)
	assert.Zero(t, r.counts().ProbesRunning, "a slot leaked")
	assert.Zero(t, r.counts().Reopens)
	assert.True(t, r.settle(other, fail).Stale)

	r.tickAtNext()
	assert.Equal(t, r.now.Add(2*time.Minute), r.call(walls).Transition.Until, "its end is unknown: an open time that grows")
	r.tickAtNext()
	r.call(succeed, succeed)
	assert.Equal(t, Closed, r.State())
}

// If it failed, a call from before a trip could keep the breaker open for a
// day, or an operator's word would not count.
func TestAWallHasNoSayElsewhere(t *testing.T) {
	for name, c := range map[string]struct {
		reach  func(r *rig)
		state  State
		walled uint64
	}{
		"open":          {func(r *rig) { r.open() }, Open, 0},
		"half_open":     {func(r *rig) { r.halfOpen() }, HalfOpen, 0}, // the permit is of the closed state
		"forced_open":   {func(r *rig) { r.ForceOpen(r.now, time.Time{}) }, ForcedOpen, 0},
		"forced_closed": {func(r *rig) { r.ForceClose(r.now) }, ForcedClosed, 1},
		"disabled":      {func(r *rig) { r.Disable(r.now) }, Disabled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			p := r.admit()
			c.reach(r)
			until := r.Until()
			if c.state == ForcedClosed || c.state == Disabled {
				p = r.admit()
			}
			e := r.SettleAttempt(r.now, 0, p, Attempt{Outcome: walls, WallUntil: r.now.Add(time.Hour)})
			assert.False(t, e.Transition != nil)
			assert.Equal(t, c.state, r.State())
			assert.Equal(t, until, r.Until())
			assert.Equal(t, c.walled, r.counts().Walled)
		})
	}
}

// A settings change must not end a wall, nor lengthen it.
func TestConfigureLeavesAWallAlone(t *testing.T) {
	r := newRig(t)
	r.wallFor(2 * time.Hour)
	_, changed := r.Configure(r.now, settings(func(s *policies.Breaker) { s.MaxWall = time.Minute }))
	require.False(t, changed)
	assert.Equal(t, start.Add(2*time.Hour), r.Until())
}
