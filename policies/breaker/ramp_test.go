package breaker

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// ramps is a machine of 256 workers whose limit doubles every second for 8 s,
// and which one success closes.
func ramps(t *testing.T, change ...func(*policies.Breaker)) *rig {
	t.Helper()
	r := newRig(t, append([]func(*policies.Breaker){func(s *policies.Breaker) {
		s.Ramp, s.SuccessThreshold = 8*time.Second, 1
	}}, change...)...)
	r.SetCapacity(256)
	return r
}

// ramping is such a machine whose ramp has just begun.
func ramping(t *testing.T, change ...func(*policies.Breaker)) *rig {
	t.Helper()
	r := ramps(t, change...).halfOpen()
	e := r.call(succeed)
	require.Equal(t, Closed, e.Transition.To)
	require.True(t, r.Ramping())
	return r
}

func (r *rig) tick() (Transition, bool) { return r.Tick(r.now, r.rnd) }

// fill admits until it is refused, and returns how many were let through.
func (r *rig) fill() (permits []Permit) {
	for {
		p, ok := r.Admit(r.now)
		if !ok {
			return permits
		}
		permits = append(permits, p)
	}
}

// If it failed, a service that has just come back would be given more than it
// has proved to stand, or be kept waiting for longer than was asked for.
func TestTheLimitGrowsByTheSameFactorInEachPartOfTheRamp(t *testing.T) {
	for _, c := range []struct {
		slots, capacity int
		at              time.Duration
		want            int
	}{
		{1, 256, 0, 1},
		{1, 256, time.Second - time.Microsecond, 1},
		{1, 256, time.Second + time.Microsecond, 2},
		{1, 256, 2*time.Second - time.Microsecond, 3},
		{1, 256, 2*time.Second + time.Microsecond, 4},
		{1, 256, 5*time.Second + time.Microsecond, 32},
		{1, 256, 7*time.Second + time.Microsecond, 128},
		{1, 256, 8*time.Second - time.Microsecond, 255},
		{4, 64, time.Microsecond, 4},
		{4, 64, 4*time.Second + time.Microsecond, 16}, // half of the time, half of the factor of 16
		{4, 64, 8*time.Second - time.Microsecond, 63},
		{1, 2, 8*time.Second - time.Microsecond, 1},
		{10_000, 1_000_000, 4*time.Second + time.Microsecond, 100_000},
	} {
		t.Run(fmt.Sprintf("%d to %d after %s", c.slots, c.capacity, c.at), func(t *testing.T) {
			r := ramps(t, slots(c.slots))
			r.SetCapacity(c.capacity)
			r.halfOpen().call(succeed)
			r.pass(c.at)
			assert.Equal(t, c.want, r.counts().RampLimit)
			assert.Len(t, r.fill(), c.want)
			assert.Equal(t, c.want, r.counts().RampRunning)
			assert.Equal(t, c.want, r.RampLimit())
		})
	}
}

// Where nobody wants a ramp, or there is nothing to ramp to, closing is all at
// once as ever.
func TestThereIsNoRamp(t *testing.T) {
	for name, closes := range map[string]func(t *testing.T) *rig{
		"without the setting": func(t *testing.T) *rig {
			r := ramps(t, func(s *policies.Breaker) { s.Ramp = 0 }).halfOpen()
			r.call(succeed)
			return r
		},
		"for an owner that named no capacity": func(t *testing.T) *rig {
			r := ramps(t)
			r.SetCapacity(0)
			r.halfOpen().call(succeed)
			return r
		},
		"with as many slots as workers": func(t *testing.T) *rig {
			r := ramps(t, slots(256)).halfOpen()
			r.call(succeed)
			return r
		},
		"after Reset":      func(t *testing.T) *rig { r := ramps(t).halfOpen(); r.Reset(r.now); return r },
		"after ForceClose": func(t *testing.T) *rig { r := ramps(t).halfOpen(); r.ForceClose(r.now); return r },
		"after Disable":    func(t *testing.T) *rig { r := ramps(t).halfOpen(); r.Disable(r.now); return r },
		"before any trip":  func(t *testing.T) *rig { return ramps(t) },
		"Reset during one": func(t *testing.T) *rig { r := ramping(t); r.Reset(r.now); return r },
		"a reload to no ramp": func(t *testing.T) *rig {
			r := ramping(t)
			r.configure(func(s *policies.Breaker) { s.Ramp = 0 })
			return r
		},
		"a reload switched on": func(t *testing.T) *rig {
			r := ramps(t, func(s *policies.Breaker) { s.Ramp = 0 })
			r.configure(func(s *policies.Breaker) { s.Ramp = time.Hour })
			return r
		},
		"fewer workers than it began with": func(t *testing.T) *rig {
			r := ramping(t)
			r.SetCapacity(1)
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := closes(t)
			assert.False(t, r.Ramping())
			for range 1000 {
				p := r.admit()
				assert.False(t, p.Holds())
			}
			c := r.counts()
			assert.Zero(t, c.RampLimit)
			assert.Zero(t, c.RampRunning)
			assert.Zero(t, c.RampUntil)
			assert.Zero(t, c.Reopens)
			_, due := r.NextTick()
			assert.False(t, due)
			assert.True(t, r.SuccessesMayWait())
		})
	}
}

// If a probed end of ForceOpen skipped the ramp, an operator's maintenance
// would end in a stampede.
func TestAForcedOpenTimeEndsInARampToo(t *testing.T) {
	r := ramps(t)
	r.ForceOpen(r.now, r.now.Add(time.Minute))
	r.tickAtNext()
	r.call(succeed)
	assert.True(t, r.Ramping())
}

// A ramping machine is closed: it has to be asked, and told of every outcome,
// or its places would not come free.
func TestARampingMachineIsClosed(t *testing.T) {
	r := ramping(t)
	assert.Equal(t, Closed, r.State())
	assert.Equal(t, start.Add(time.Minute+8*time.Second), r.RampUntil())
	assert.Equal(t, r.RampUntil(), r.counts().RampUntil)
	assert.Equal(t, 256, r.Capacity())
	assert.False(t, r.SuccessesMayWait())
	p := r.admit()
	assert.True(t, p.Ramp)
	assert.True(t, p.Holds())
	assert.False(t, p.IsProbe())
	assert.Zero(t, r.Lease(p))
}

// Whatever the end of an attempt, its place is free again.
func TestEveryOutcomeFreesAPlaceOfTheRamp(t *testing.T) {
	for _, o := range []policies.Outcome{succeed, fail, ignore, throttle} {
		r := ramping(t)
		p := r.admit()
		r.refused()
		assert.Equal(t, uint64(1), r.counts().Rejected)
		assert.False(t, r.settle(p, o).Stale)
		assert.Zero(t, r.counts().RampRunning)
		r.settle(r.admit(), ignore)
	}
}

// A permit that was not the ramp's must not free a place of it.
func TestOnlyARampsPermitsFreeItsPlaces(t *testing.T) {
	r := ramping(t)
	r.admit()
	r.settle(Permit{Generation: r.Generation()}, succeed)
	r.refused()
	r.settle(Permit{Generation: r.Generation() - 1, Ramp: true}, succeed)
	r.refused()
}

// Nobody would wake those that wait for the limit to grow, or somebody would be
// woken for nothing at each step.
func TestARampIsTickedForThoseItRefused(t *testing.T) {
	r := ramping(t)
	p := r.admit()
	next, due := r.NextTick()
	assert.True(t, due)
	assert.Equal(t, r.RampUntil(), next, "nobody was refused")

	r.refused()
	step, _ := r.NextTick()
	assert.WithinDuration(t, start.Add(time.Minute+time.Second), step, time.Microsecond)
	r.now = step.Add(-1)
	r.tick()
	assert.Equal(t, 1, r.RampLimit(), "a step came early")
	r.now = step
	_, changed := r.tick()
	assert.False(t, changed, "a step is no transition")
	assert.Equal(t, 2, r.RampLimit())
	next, _ = r.NextTick()
	assert.Equal(t, r.RampUntil(), next, "the one refused has been told")

	r.settle(p, succeed)
	assert.Len(t, r.fill(), 2)
	r.now = r.RampUntil().Add(-time.Nanosecond)
	r.fill()
	assert.Equal(t, 255, r.counts().RampRunning)
	next, _ = r.NextTick()
	assert.Equal(t, r.RampUntil(), next, "the last step is the end")
}

// The end is the end: everybody gets through, the growth of the open time is
// forgotten, and who was let through during the ramp still counts.
func TestARampEnds(t *testing.T) {
	r := ramping(t)
	p := r.admit()
	generation := r.Generation()
	r.now = r.RampUntil()
	assert.Equal(t, 256, r.counts().RampLimit, "until it is ticked the limit is the end's")
	_, changed := r.tick()
	assert.False(t, changed)
	assert.False(t, r.Ramping())
	assert.Equal(t, generation, r.Generation(), "attempts under way would be stale")
	assert.True(t, r.SuccessesMayWait())
	_, due := r.NextTick()
	assert.False(t, due)
	assert.False(t, r.settle(p, fail).Stale)
	assert.Equal(t, 1, r.counts().ConsecutiveFailures)
	assert.Zero(t, r.counts().RampRunning)
	for range 1000 {
		r.admit()
	}
}

// If a trip during the ramp began with the shortest open time, a service that
// stands a probe but not the load would be knocked down every minute for ever.
func TestATripDuringARampIsAFailedRecovery(t *testing.T) {
	for name, trip := range map[string]func(r *rig) Transition{
		"failures": func(r *rig) Transition { return *r.call(fail, fail, fail).Transition },
		"Trip": func(r *rig) Transition {
			tr, _ := r.Trip(r.now, 0, ReasonRestartIntensity)
			return tr
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := ramping(t)
			for _, want := range []time.Duration{2, 4, 8} {
				late := r.admit()
				r.settle(late, ignore)
				tr := trip(r)
				require.Equal(t, Open, tr.To)
				assert.Equal(t, r.now.Add(want*time.Minute), tr.Until)
				assert.False(t, r.Ramping())
				assert.True(t, r.settle(late, succeed).Stale)
				r.refused()
				r.tickAtNext()
				r.call(succeed)
				require.True(t, r.Ramping())
				assert.Equal(t, 1, r.RampLimit(), "each ramp begins at its beginning")
			}
			assert.Equal(t, 3, r.counts().Reopens)
			r.now = r.RampUntil()
			r.tick()
			assert.Zero(t, r.counts().Reopens)
			assert.Equal(t, r.now.Add(time.Minute), r.call(fail, fail, fail).Transition.Until)
		})
	}
}

// A wall clock that goes back must not take away what was reached.
func TestTheLimitNeverFalls(t *testing.T) {
	r := ramping(t)
	r.pass(4*time.Second + time.Microsecond)
	assert.Len(t, r.fill(), 16)
	r.pass(-time.Hour)
	r.tick()
	assert.Equal(t, 16, r.RampLimit())
	assert.Equal(t, 16, r.counts().RampLimit)
	r.refused()
}

// A reload gives the ramp its new end and takes nothing back.
func TestARampFollowsAReload(t *testing.T) {
	ramp := func(d time.Duration) func(*policies.Breaker) { return func(s *policies.Breaker) { s.Ramp = d } }
	r := ramping(t)
	began := r.now
	r.pass(4*time.Second + time.Microsecond)
	assert.Len(t, r.fill(), 16)

	r.configure(ramp(80 * time.Second))
	assert.Equal(t, began.Add(80*time.Second), r.RampUntil())
	r.refused()
	step, _ := r.NextTick()
	assert.WithinDuration(t, began.Add(40_874*time.Millisecond), step, time.Millisecond, "when the new curve comes to 17")
	r.now = step.Add(-1)
	r.refused()
	r.now = step
	assert.Len(t, r.fill(), 1)

	r.SetCapacity(1 << 20) // the doubling now takes 4 s
	r.now = began.Add(60*time.Second + time.Microsecond)
	assert.Equal(t, 1<<15, r.counts().RampLimit)
	r.SetCapacity(4)
	assert.Equal(t, 17, r.counts().RampLimit)
	r.refused()
	next, _ := r.NextTick()
	assert.Equal(t, began.Add(80*time.Second), next, "there is no further step")

	r.configure(ramp(time.Second)) // which is over
	r.tick()
	assert.False(t, r.Ramping())
}

// Admit and Settle are on every call's path; garbage there is everybody's.
func TestARampDoesNotAllocate(t *testing.T) {
	r := ramping(t)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		r.now = r.now.Add(time.Millisecond)
		p, _ := r.Admit(r.now)
		r.Admit(r.now)
		r.Tick(r.now, 0)
		r.Settle(r.now, 0, p, succeed, 0)
	}))
}

// If it failed, a call that holds no place would give another's back, and more would
// run at a time than the ramp allows.
func TestACallWithoutAPlaceGivesNoneBack(t *testing.T) {
	for _, o := range []policies.Outcome{succeed, fail, ignore, throttle} {
		r := ramping(t)
		require.Len(t, r.fill(), 1)
		r.Settle(r.now, r.rnd, Permit{Generation: r.Generation()}, o, 0)
		assert.Equal(t, 1, r.counts().RampRunning, "%v", o)
	}
}
