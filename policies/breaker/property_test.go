package breaker

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// legal is every transition there is, by its reason. A change of state that
// is not in it is a defect whatever led to it.
var legal = map[Reason]struct {
	from []State
	to   State
}{
	ReasonConsecutiveFailures: {[]State{Closed}, Open},
	ReasonFailureRate:         {[]State{Closed}, Open},
	ReasonSlowCallRate:        {[]State{Closed}, Open},
	ReasonRestartIntensity:    {[]State{Closed, HalfOpen}, Open},
	ReasonFailureCost:         {[]State{Closed}, Open},
	ReasonExternalWall:        {[]State{Closed, HalfOpen}, Open},
	ReasonRecoveryTimeout:     {[]State{Open}, HalfOpen},
	ReasonForcedOpenExpired:   {[]State{ForcedOpen}, HalfOpen},
	ReasonProbeFailed:         {[]State{HalfOpen}, Open},
	ReasonProbeLeaseExpired:   {[]State{HalfOpen}, Open},
	ReasonProbesSucceeded:     {[]State{HalfOpen}, Closed},
	ReasonForcedOpen:          {everyOne, ForcedOpen},
	ReasonForcedClosed:        {everyOne, ForcedClosed},
	ReasonDisabled:            {everyOne, Disabled},
	ReasonReset:               {everyOne, Closed},
	ReasonReconfigured:        {everyOne, Disabled}, // or Disabled to Closed
}

var everyOne = []State{Closed, Open, HalfOpen, ForcedOpen, ForcedClosed, Disabled}

// program runs random calls on a machine, and keeps what the checks compare
// it with: the permits that are out, and the state before each step.
type program struct {
	m          *Machine
	now        time.Time
	out        []Permit
	state      State
	generation uint64
	ramp       naiveRamp
}

func drawSettings(t *rapid.T) policies.Breaker {
	s := policies.DefaultBreaker()
	s.Enabled = rapid.IntRange(0, 4).Draw(t, "enabled") > 0
	s.FailureThreshold = rapid.SampledFrom([]int{1, 2, 3, policies.Never}).Draw(t, "failure_threshold")
	s.FailureRate = rapid.SampledFrom([]float64{0, 0.5, 1}).Draw(t, "failure_rate")
	s.SlowCallRate = rapid.SampledFrom([]float64{0, 0, 0.5}).Draw(t, "slow_call_rate")
	s.SlowCallDuration = time.Second
	s.WindowCalls = rapid.IntRange(1, 6).Draw(t, "window_calls")
	s.WindowDuration = rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "window_duration")
	s.MinimumCalls = rapid.IntRange(1, s.WindowCalls).Draw(t, "minimum_calls")
	s.RecoveryTimeout = time.Duration(rapid.IntRange(1, 5).Draw(t, "recovery_timeout")) * time.Second
	s.MaxRecoveryTimeout = s.RecoveryTimeout + time.Duration(rapid.IntRange(0, 30).Draw(t, "more"))*time.Second
	s.RecoveryMultiplier = rapid.Float64Range(1, 100).Draw(t, "recovery_multiplier")
	s.RecoveryJitter = rapid.Float64Range(0, 1).Draw(t, "recovery_jitter")
	s.AdaptiveRecovery = rapid.Bool().Draw(t, "adaptive_recovery")
	s.FailureCost = rapid.SampledFrom([]float64{0, 0, 5, 20}).Draw(t, "failure_cost")
	s.CostWindow = time.Duration(rapid.IntRange(1, 20).Draw(t, "cost_window")) * time.Second
	s.MaxWall = time.Duration(rapid.IntRange(1, 60).Draw(t, "max_wall")) * time.Second
	s.HalfOpenMaxCalls = rapid.IntRange(1, 4).Draw(t, "half_open_max_calls")
	s.SuccessThreshold = rapid.IntRange(1, 3).Draw(t, "success_threshold")
	s.ProbeLease = time.Duration(rapid.IntRange(1, 5).Draw(t, "probe_lease")) * time.Second
	s.Ramp = rapid.SampledFrom([]time.Duration{0, 5 * time.Second, 20 * time.Second}).Draw(t, "ramp")
	return s
}

func drawRnd(t *rapid.T) float64 {
	return rapid.Float64Range(0, 0.9999).Draw(t, "rnd")
}

// happened checks a transition that a step reported, and that a step that
// reported none has made none.
func (p *program) happened(t *rapid.T, tr Transition, changed bool) {
	if !changed {
		require.Equal(t, p.state, p.m.State(), "the state changed in silence")
		require.Equal(t, p.generation, p.m.Generation(), "the generation changed in silence")
		return
	}
	rule, known := legal[tr.Reason]
	require.True(t, known, "reason %q", tr.Reason)
	require.Contains(t, rule.from, tr.From, "%+v", tr)
	if tr.Reason == ReasonReconfigured && tr.From == Disabled {
		rule.to = Closed
	}
	if tr.Reason == ReasonReset && !p.m.Settings().Enabled {
		rule.to = Disabled
	}
	require.Equal(t, rule.to, tr.To, "%+v", tr)
	require.Equal(t, p.state, tr.From)
	require.Equal(t, p.m.State(), tr.To)
	require.Equal(t, p.generation+1, tr.Generation, "a transition is a new generation")
	require.Equal(t, p.m.Generation(), tr.Generation)
	require.Equal(t, p.now, tr.At)
	require.Equal(t, p.m.Until(), tr.Until)
	require.Equal(t, p.now, p.m.Counts(p.now).LastTransition)
	require.Zero(t, p.m.Counts(p.now).ProbesRunning, "a slot outlived its generation")
	if s := p.m.Settings(); !tr.Wall.IsZero() {
		require.Equal(t, ReasonExternalWall, tr.Reason)
		require.Equal(t, earlier(tr.Wall, p.now.Add(s.MaxWall)), tr.Until, "to the moment, or as long as max_wall allows")
	} else if tr.To == Open {
		lasts := tr.Until.Sub(p.now)
		least := s.RecoveryTimeout
		if s.AdaptiveRecovery {
			least /= 10
		}
		require.GreaterOrEqual(t, lasts, least)
		require.LessOrEqual(t, lasts, s.MaxRecoveryTimeout)
	}
	require.LessOrEqual(t, p.m.Counts(p.now).Outages, outagesKept)
	p.ramp.transition(p, tr)
	p.state, p.generation = tr.To, tr.Generation
}

// probesOut is the permits of the present generation that hold a slot.
func (p *program) probesOut() (n int) {
	for _, permit := range p.out {
		if permit.IsProbe() && permit.Generation == p.m.Generation() {
			n++
		}
	}
	return n
}

func (p *program) admit(t *rapid.T) {
	before := p.m.Counts(p.now)
	permit, ok := p.m.Admit(p.now)
	p.happened(t, Transition{}, false)
	full := p.state == HalfOpen && before.ProbesRunning >= p.m.Settings().HalfOpenMaxCalls
	full = full || p.ramp.full(p)
	require.Equal(t, p.state.Admits() && !full, ok)
	if !ok {
		before.Rejected++
		require.Equal(t, before, p.m.Counts(p.now))
		return
	}
	require.Equal(t, p.generation, permit.Generation)
	require.Equal(t, p.state == HalfOpen, permit.IsProbe())
	require.Equal(t, !permit.IsProbe(), p.m.Lease(permit).IsZero())
	require.Equal(t, p.ramp.on, permit.Ramp)
	p.out = append(p.out, permit)
	if permit.IsProbe() {
		require.Equal(t, p.now.Add(p.m.Settings().ProbeLease), p.m.Lease(permit))
		require.LessOrEqual(t, p.probesOut(), p.m.Settings().HalfOpenMaxCalls, "more probes than slots")
	}
}

// settle hands any kept permit back, in any order; now and then it forgets
// to strike it off, so that it is settled again.
func (p *program) settle(t *rapid.T) {
	if len(p.out) == 0 {
		t.Skip("no permit is out")
	}
	i := rapid.IntRange(0, len(p.out)-1).Draw(t, "permit")
	permit := p.out[i]
	p.out = slices.Delete(p.out, i, i+1)
	a := Attempt{
		Outcome: rapid.SampledFrom([]policies.Outcome{succeed, fail, fail, ignore, throttle, walls}).Draw(t, "outcome"),
		Ran:     rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(t, "ran"),
	}
	if rapid.Bool().Draw(t, "until is known") { // also of outcomes that are no wall
		a.WallUntil = p.now.Add(time.Duration(rapid.IntRange(-10, 90).Draw(t, "wall")) * time.Second)
	}
	if rapid.Bool().Draw(t, "cost is known") {
		a.Cost = float64(rapid.IntRange(0, 8).Draw(t, "cost"))
	}
	p.settleOne(t, permit, a)
	if permit.IsProbe() && rapid.IntRange(0, 3).Draw(t, "twice") == 0 {
		require.True(t, p.settleOne(t, permit, a).Stale, "a probe was settled twice")
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func (p *program) settleOne(t *rapid.T, permit Permit, a Attempt) Effect {
	o, state := a.Outcome, p.state
	before, waits := p.m.Counts(p.now), p.m.SuccessesMayWait()
	next, due := p.m.NextTick()
	stale := permit.Generation != p.generation
	e := p.m.SettleAttempt(p.now, drawRnd(t), permit, a)
	tr := made(e)
	p.happened(t, tr, e.Transition != nil)
	after := p.m.Counts(p.now)
	if stale {
		require.True(t, e.Stale, "the outcome of an earlier generation was believed")
	}
	if e.Stale {
		require.Nil(t, e.Transition)
		before.Stale++
		require.Equal(t, before, after, "a stale outcome changed something")
		afterNext, afterDue := p.m.NextTick()
		require.Equal(t, next, afterNext)
		require.Equal(t, due, afterDue)
		return e
	}
	require.Equal(t, before.Stale, after.Stale)
	if o == ignore || o == throttle {
		require.Nil(t, e.Transition, "an outcome that counts for nobody changed the state")
		require.Equal(t, before.ConsecutiveFailures, after.ConsecutiveFailures)
		require.Equal(t, before.ProbeSuccesses, after.ProbeSuccesses)
		require.Equal(t, before.WindowCalls, after.WindowCalls)
	}
	if o == walls {
		require.Equal(t, state == Closed || state == HalfOpen, e.Transition != nil, "a wall opens at once, and nothing that is forced")
		require.Equal(t, state != Disabled, after.Walled == before.Walled+1)
		require.Equal(t, before.Failures, after.Failures)
		require.Equal(t, before.Successes, after.Successes)
		require.Equal(t, before.WindowCalls, after.WindowCalls)
		require.Equal(t, a.WallUntil.After(p.now) && e.Transition != nil, !tr.Wall.IsZero())
		if a.WallUntil.After(p.now) {
			require.Equal(t, before.Reopens, after.Reopens, "its end says nothing of the target's recovery")
		}
	} else {
		require.Equal(t, before.Walled, after.Walled)
		require.NotEqual(t, ReasonExternalWall, tr.Reason)
	}
	p.costs(t, a, state, e, before, after)
	slow := p.m.Settings().SlowCallRate > 0 && a.Ran >= p.m.Settings().SlowCallDuration
	if o == succeed && waits && !slow && p.m.Settings().WindowDuration == 0 {
		require.Nil(t, e.Transition, "SuccessesMayWait was wrong")
		require.Equal(t, before.ConsecutiveFailures, after.ConsecutiveFailures)
	}
	return e
}

// made is the transition that settling caused, zero if it caused none.
func made(e Effect) Transition {
	if e.Transition == nil {
		return Transition{}
	}
	return *e.Transition
}

// costs checks that what a failure cost, and nothing else, is burned.
func (p *program) costs(t *rapid.T, a Attempt, state State, e Effect, before, after Counts) {
	burned := 0.0
	if a.Outcome == fail && state != Disabled {
		burned = a.Cost
	}
	require.Equal(t, before.FailureCost+burned, after.FailureCost)
	limit, tr := p.m.Settings().FailureCost, made(e)
	if limit == 0 {
		require.Zero(t, after.WindowCost)
		require.NotEqual(t, ReasonFailureCost, tr.Reason)
	}
	if state != Closed || a.Outcome != fail || a.Cost == 0 || limit == 0 {
		require.False(t, tr.Reason == ReasonFailureCost, "not by this outcome")
		require.True(t, after.WindowCost == before.WindowCost || after.WindowCost == 0 && tr.To == Closed,
			"%v became %v", before.WindowCost, after.WindowCost)
		return
	}
	require.Equal(t, before.WindowCost+a.Cost, after.WindowCost)
	require.True(t, after.WindowCost < limit || e.Transition != nil, "%v of %v burned, and it has not tripped", after.WindowCost, limit)
	require.True(t, after.WindowCost >= limit || tr.Reason != ReasonFailureCost)
}

func (p *program) tick(t *rapid.T) {
	next, due := p.m.NextTick()
	tr, changed := p.m.Tick(p.now, drawRnd(t))
	acts := due && !p.now.Before(next)
	require.Equal(t, acts && p.state != Closed, changed, "NextTick and Tick disagree")
	p.happened(t, tr, changed)
	p.ramp.tick(p, acts)
}

// check holds after every step.
func (p *program) check(t *rapid.T) {
	c := p.m.Counts(p.now)
	require.Equal(t, p.probesOut(), c.ProbesRunning, "a slot leaked, or was given back twice")
	require.Equal(t, p.m.Until(), c.OpenUntil)
	require.GreaterOrEqual(t, c.WindowCalls, max(c.WindowFailures, c.WindowSlow))
	require.GreaterOrEqual(t, min(c.WindowFailures, c.WindowSlow), 0)
	p.ramp.check(t, p, c)
	require.Less(t, c.ProbeSuccesses, max(3, p.m.Settings().SuccessThreshold))
	if p.state == Open {
		require.False(t, p.m.Until().IsZero(), "open for ever")
	}
}

func TestRandomPrograms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newProgram(t)
		force := func(do func(*rapid.T) Transition) func(*rapid.T) {
			return func(t *rapid.T) {
				// Rare, or no program gets anywhere by itself.
				if rapid.IntRange(0, 5).Draw(t, "force") == 0 {
					p.happened(t, do(t), true)
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"":        p.check,
			"admit":   p.admit,
			"admit2":  p.admit,
			"settle":  p.settle,
			"settle2": p.settle,
			"tick":    p.tick,
			"pass": func(t *rapid.T) {
				// Back, too: callers bring times from before they queued.
				p.now = p.now.Add(time.Duration(rapid.IntRange(-1000, 5000).Draw(t, "ms")) * time.Millisecond)
			},
			"tick when due": func(t *rapid.T) {
				if next, due := p.m.NextTick(); due {
					p.now = next
					p.tick(t)
				}
			},
			"trip": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
					t.Skip("or no recovery gets anywhere")
				}
				tr, changed := p.m.Trip(p.now, drawRnd(t), ReasonRestartIntensity)
				require.Equal(t, p.state == Closed || p.state == HalfOpen, changed)
				p.happened(t, tr, changed)
			},
			"force open": force(func(t *rapid.T) Transition {
				until := time.Time{}
				if rapid.Bool().Draw(t, "ends") {
					until = p.now.Add(time.Duration(rapid.IntRange(-1, 5).Draw(t, "seconds")) * time.Second)
				}
				return p.m.ForceOpen(p.now, until)
			}),
			"force close": force(func(*rapid.T) Transition { return p.m.ForceClose(p.now) }),
			"disable":     force(func(*rapid.T) Transition { return p.m.Disable(p.now) }),
			"reset":       force(func(*rapid.T) Transition { return p.m.Reset(p.now) }),
			"configure": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "rarely") > 0 {
					t.Skip("or no recovery gets anywhere")
				}
				tr, changed := p.m.Configure(p.now, drawSettings(t))
				p.happened(t, tr, changed)
				p.m.SetCapacity(drawCapacity(t))
				p.ramp.reload(p)
			},
		})

		// Whatever the program left, every permit can be handed back, and
		// then no slot is taken.
		for _, permit := range p.out {
			p.settleOne(t, permit, Attempt{Outcome: ignore})
		}
		require.Zero(t, p.m.Counts(p.now).ProbesRunning, "a slot leaked")

		// And no program leaves a machine that cannot recover.
		for range 20 {
			if next, due := p.m.NextTick(); due {
				p.now = next
				p.m.Tick(p.now, 0)
			}
			if permit, ok := p.m.Admit(p.now); ok {
				p.m.Settle(p.now, 0, permit, succeed, 0)
			}
		}
		require.True(t, p.m.State() != Open && p.m.State() != HalfOpen, "stuck in %s", p.m.State())
	})
}
