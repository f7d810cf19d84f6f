package breaker

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// restored is the rig's machine, forgotten and made anew from its memory.
func (r *rig) restored(change ...func(*policies.Breaker)) *rig {
	r.t.Helper()
	s := r.Settings()
	for _, c := range change {
		c(&s)
	}
	m, err := Restore(s, r.Memory(r.now), r.now)
	require.NoError(r.t, err)
	return &rig{Machine: m, t: r.t, now: r.now, rnd: r.rnd}
}

// If it failed, a breaker that was put away would let calls through that it had
// refused, or start over with short open times.
func TestAnOpenMachineIsRestoredOpen(t *testing.T) {
	r := newRig(t).halfOpen()
	r.call(fail)
	require.Equal(t, Open, r.State())
	want := r.counts()
	r.pass(want.OpenUntil.Sub(r.now) - 1)

	r = r.restored()
	r.refused()
	assert.Equal(t, Open, r.State())
	assert.Equal(t, want.OpenUntil, r.Until())
	assert.Equal(t, 1, r.counts().Reopens)
	assert.Equal(t, want.LastTransition, r.counts().LastTransition)
	_, moved := r.Tick(r.now, 0)
	assert.False(t, moved, "it is a nanosecond early")

	r.pass(1)
	tr, moved := r.Tick(r.now, 0)
	require.True(t, moved)
	assert.Equal(t, HalfOpen, tr.To)
	assert.Equal(t, ReasonRecoveryTimeout, tr.Reason)
	r.call(fail)
	assert.Equal(t, 4*r.Settings().RecoveryTimeout, r.Until().Sub(r.now), "the open time no longer grows")
}

// If it failed, a machine whose open time passed while it was put away would
// not probe but close, or stay open.
func TestWhatIsDueWhenItIsRestoredIsDoneByTheNextTick(t *testing.T) {
	r := newRig(t).open()
	r.pass(time.Hour)
	r = r.restored()
	assert.Equal(t, Open, r.State())
	tr, moved := r.Tick(r.now, 0)
	require.True(t, moved)
	assert.Equal(t, HalfOpen, tr.To)
	assert.Equal(t, r.now, tr.At)
	r.admit()
	r.refused()
}

// If it failed, a late probe could settle another one.
func TestAProbeFromBeforeTheRestoreIsStale(t *testing.T) {
	r := newRig(t).halfOpen()
	late := r.admit()
	r = r.restored()
	assert.Zero(t, r.counts().ProbesRunning, "its slot is free")
	own := r.admit()
	require.NotEqual(t, late.Probe, own.Probe)
	assert.True(t, r.settle(late, succeed).Stale)
	assert.False(t, r.settle(own, succeed).Stale)
}

// If it failed, too much or too little would be remembered.
func TestEmpty(t *testing.T) {
	rate := func(s *policies.Breaker) { s.FailureRate = 1 }
	off := func(s *policies.Breaker) { s.Enabled = false }
	for name, c := range map[string]struct {
		change func(*policies.Breaker)
		do     func(r *rig)
		empty  bool
	}{
		"new":                       {do: func(*rig) {}, empty: true},
		"successes":                 {do: func(r *rig) { r.call(succeed, succeed) }, empty: true},
		"a failure that was undone": {do: func(r *rig) { r.call(fail, succeed) }, empty: true},
		"a failure":                 {do: func(r *rig) { r.call(fail) }},
		"a failure in the window":   {change: rate, do: func(r *rig) { r.call(fail, succeed) }},
		"successes in the window":   {change: rate, do: func(r *rig) { r.call(succeed) }, empty: true},
		"a failure with a cost": {change: func(s *policies.Breaker) { s.FailureCost = 5; s.FailureThreshold = policies.Never }, do: func(r *rig) {
			r.SettleAttempt(r.now, 0, r.admit(), Attempt{Outcome: fail, Cost: 2})
			r.call(succeed)
		}},
		"reset":                    {do: func(r *rig) { r.open().Reset(r.now) }, empty: true},
		"open":                     {do: func(r *rig) { r.open() }},
		"half-open":                {do: func(r *rig) { r.halfOpen() }},
		"forced open":              {do: func(r *rig) { r.ForceOpen(r.now, time.Time{}) }},
		"forced closed":            {do: func(r *rig) { r.ForceClose(r.now) }},
		"disabled by hand":         {do: func(r *rig) { r.Disable(r.now) }},
		"disabled by the settings": {change: off, do: func(*rig) {}, empty: true},
		"forced, though disabled":  {change: off, do: func(r *rig) { r.ForceOpen(r.now, time.Time{}) }},
	} {
		t.Run(name, func(t *testing.T) {
			change := c.change
			if change == nil {
				change = func(*policies.Breaker) {}
			}
			r := newRig(t, change)
			c.do(r)
			m := r.Memory(r.now)
			assert.Equal(t, c.empty, m.Empty())
		})
	}
}

// If it failed, memories would be dropped while they matter, or kept for ever.
func TestExpires(t *testing.T) {
	const rest = 10 * time.Minute // the default max_recovery_timeout
	for name, c := range map[string]struct {
		do    func(r *rig)
		after time.Duration // since now, 0 for never
	}{
		"a failure":          {func(r *rig) { r.call(fail) }, rest},
		"open":               {func(r *rig) { r.open() }, time.Minute + rest},
		"half-open":          {func(r *rig) { r.halfOpen() }, rest},
		"forced open":        {func(r *rig) { r.ForceOpen(r.now, time.Time{}) }, 0},
		"forced for a while": {func(r *rig) { r.ForceOpen(r.now, r.now.Add(time.Hour)) }, time.Hour + rest},
		"forced closed":      {func(r *rig) { r.ForceClose(r.now) }, 0},
		"disabled":           {func(r *rig) { r.Disable(r.now) }, 0},
		"a long window": {func(r *rig) {
			s := r.Settings()
			s.FailureRate, s.WindowDuration = 1, time.Hour
			r.Configure(r.now, s)
			r.call(fail)
		}, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			c.do(r)
			s := r.Settings()
			m := r.Memory(r.now)
			at, ever := m.Expires(&s)
			assert.Equal(t, c.after != 0, ever)
			if ever {
				assert.Equal(t, c.after, at.Sub(r.now))
			}
		})
	}
}

// If it failed, a reload would mean something else to a machine that was put
// away than to one that runs.
func TestRestoreUnderOtherSettings(t *testing.T) {
	off := func(s *policies.Breaker) { s.Enabled = false }
	on := func(s *policies.Breaker) { s.Enabled = true }
	assert.Equal(t, Disabled, newRig(t).open().restored(off).State())
	assert.Equal(t, Closed, newRig(t, off).restored(on).State())
	r := newRig(t)
	r.Disable(r.now)
	assert.Equal(t, Disabled, r.restored(on).State(), "what a hand did is undone")

	r = newRig(t)
	r.call(fail, fail)
	r = r.restored(func(s *policies.Breaker) { s.FailureThreshold = 4 })
	r.call(fail)
	assert.Equal(t, Closed, r.State())
	r.call(fail)
	assert.Equal(t, Open, r.State())
}

// If it failed, a stored memory could crash the program that reads it, or make
// a machine that can't be.
func TestRestoreRefusesWhatIsNoMemory(t *testing.T) {
	good := newRig(t, func(s *policies.Breaker) { s.FailureRate = 1 })
	good.call(fail)
	base := good.Memory(start)
	for name, edit := range map[string]func(*Memory){
		"zero":               func(m *Memory) { *m = Memory{} },
		"state":              func(m *Memory) { m.State = 99 },
		"counts":             func(m *Memory) { m.Reopens = -1 },
		"open without end":   func(m *Memory) { m.State = Open },
		"window of no kind":  func(m *Memory) { m.Window = []byte{9} },
		"window cut short":   func(m *Memory) { m.Window = m.Window[:2] },
		"window with a tail": func(m *Memory) { m.Window = append(m.Window[:len(m.Window):len(m.Window)], 0) },
		"costs of no kind":   func(m *Memory) { m.Costs = []byte{rememberedTime, 1, 2, 0} },
		"costs cut short":    func(m *Memory) { m.Costs = []byte{rememberedCosts, 1, 2, 0, 1, 0x40} },
		"negative costs":     func(m *Memory) { m.Costs = []byte{rememberedCosts, 1, 2, 0, 1, 0xc0, 0, 0, 0, 0, 0, 0, 0} },
		"window too large":   func(m *Memory) { m.Window = []byte{rememberedCalls, 0xff, 0xff, 0xff, 0x7f, 0} },
		"bucket out of range": func(m *Memory) {
			m.Window = []byte{rememberedTime, 1, 2, 0, 5, 1, 1, 0}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := base
			edit(&m)
			_, err := Restore(good.Settings(), m, start)
			assert.ErrorIs(t, err, ErrMemory)
		})
	}
}

// If it failed, a damaged memory could crash a program, or be taken for a window
// that no machine can have. What is read is read again from what it writes.
func FuzzRestoreReadsAnyWindow(f *testing.F) {
	f.Add([]byte{rememberedCalls, 4, 2, 5}, int64(0))
	f.Add([]byte{rememberedTime, 100, 64, 0, 3, 1, 1, 0}, int64(500))
	f.Add([]byte{rememberedCosts, 100, 64, 0, 3, 0x40, 0, 0, 0, 0, 0, 0, 0}, int64(6300))
	f.Add([]byte{rememberedTime, 100, 2, 1, 1, 9, 3, 2, 0, 1, 1, 1}, int64(-1))
	f.Fuzz(func(t *testing.T, window []byte, later int64) {
		s := settings(func(s *policies.Breaker) { s.FailureRate, s.FailureThreshold = 1, policies.Never })
		memory := Memory{Generation: 1, Enabled: true, At: start, Since: start}
		if len(window) > 0 && window[0] == rememberedTime {
			s.WindowDuration = time.Minute
		}
		if len(window) > 0 && window[0] == rememberedCosts {
			s.FailureCost, s.CostWindow, memory.Costs = 1e15, time.Minute, window
		} else {
			memory.Window = window
		}
		now := start.Add(time.Duration(later))
		m, err := Restore(s, memory, now)
		if err != nil {
			require.ErrorIs(t, err, ErrMemory)
			return
		}
		c := m.Counts(now)
		require.GreaterOrEqual(t, c.WindowCalls, max(c.WindowFailures, c.WindowSlow))
		require.GreaterOrEqual(t, min(c.WindowFailures, c.WindowSlow), 0)
		require.False(t, math.IsNaN(c.WindowCost) || c.WindowCost < 0)

		again, err := Restore(s, m.Memory(now), now)
		require.NoError(t, err, "it does not read what it wrote")
		d := again.Counts(now)
		if c.WindowFailures+c.WindowSlow > 0 {
			require.Equal(t, tally{c.WindowCalls, c.WindowFailures, c.WindowSlow}, tally{d.WindowCalls, d.WindowFailures, d.WindowSlow})
		}
		require.Equal(t, c.WindowCost, d.WindowCost)

		m.SettleAttempt(now, 0, Permit{Generation: 1}, Attempt{Outcome: fail, Cost: 0.5})
		if after := m.Counts(now); m.State() == Closed && s.FailureCost == 0 {
			require.LessOrEqual(t, after.WindowCalls, c.WindowCalls+1)
			require.Positive(t, after.WindowFailures)
		}
	})
}

// A machine that is put away and restored is the one it was: both go on alike,
// also when the memory was stored as text in between. If it failed, a passivated
// breaker would decide otherwise than one that was kept.
func TestARestoredMachineGoesOnAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSettings(t)
		s.AdaptiveRecovery = false // what it has learned is forgotten on purpose
		now := start
		kept := New(s, now)
		step := func(machines ...*Machine) {
			outcome := rapid.SampledFrom([]policies.Outcome{succeed, fail, fail, ignore, throttle}).Draw(t, "outcome")
			cost := rapid.SampledFrom([]float64{0, 0.1, 3}).Draw(t, "cost")
			ran := rapid.SampledFrom([]time.Duration{0, 2 * time.Second}).Draw(t, "ran")
			now = now.Add(time.Duration(rapid.IntRange(0, 4000).Draw(t, "pass")) * time.Millisecond)
			hand := rapid.IntRange(0, 40).Draw(t, "hand")
			for _, m := range machines {
				m.Tick(now, 0.5)
				switch hand {
				case 0:
					m.ForceOpen(now, now.Add(time.Second))
				case 1:
					m.ForceClose(now)
				case 2:
					m.Reset(now)
				}
				if p, ok := m.Admit(now); ok {
					m.SettleAttempt(now, 0.5, p, Attempt{Outcome: outcome, Ran: ran, Cost: cost})
				}
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "before") {
			step(kept)
		}
		memory := kept.Memory(now)
		if rapid.Bool().Draw(t, "stored") {
			text, err := json.Marshal(memory)
			require.NoError(t, err)
			memory = Memory{}
			require.NoError(t, json.Unmarshal(text, &memory))
		}
		if kept.window.kept() && len(memory.Window) == 0 {
			return // successes that would thin failures to come out: forgotten on purpose
		}
		again, err := Restore(s, memory, now)
		require.NoError(t, err)
		if kept.costs != nil && len(memory.Costs) == 0 {
			// Of an empty window its beginning is not remembered, so that the
			// restored one's buckets end up to one of them later.
			again.costs.ring = kept.costs.ring
		}
		for range rapid.IntRange(0, 20).Draw(t, "after") {
			step(kept, again)
			require.Equal(t, kept.State(), again.State())
			require.Equal(t, kept.Generation(), again.Generation())
			require.True(t, kept.Until().Equal(again.Until()), "%s, not %s", again.Until(), kept.Until())
			a, b := kept.Counts(now), again.Counts(now)
			require.Equal(t, a.ConsecutiveFailures, b.ConsecutiveFailures)
			require.Equal(t, a.Reopens, b.Reopens)
			require.Equal(t, a.ProbeSuccesses, b.ProbeSuccesses)
			require.InDelta(t, a.WindowCost, b.WindowCost, 1e-9)
			require.Equal(t, tally{a.WindowCalls, a.WindowFailures, a.WindowSlow}, tally{b.WindowCalls, b.WindowFailures, b.WindowSlow})
		}
	})
}
