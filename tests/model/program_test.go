package model_test

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// program does the same to a machine and to the naive one.
type program struct {
	*rapid.T
	machine *breaker.Machine
	naive   *reference
	now     time.Time
	out     []breaker.Permit // let through and not settled
	spent   []breaker.Permit // settled, or of another generation
	probes  map[uint64]bool  // every probe's id there was
	seen    *coverage
}

func newProgram(t *rapid.T, seen *coverage) *program {
	p := &program{T: t, now: time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC), probes: map[uint64]bool{}, seen: seen}
	s := drawSettings(t)
	p.machine, p.naive = breaker.New(s, p.now), newReference(s, p.now)
	p.resize()
	return p
}

func (p *program) rarely(n int, why string) bool { return rapid.IntRange(0, n).Draw(p.T, why) == 0 }

// does runs one operation and notes where it led from where.
func (p *program) does(name string, operation func()) {
	from := p.naive.place()
	operation()
	p.seen.note(from, name, p.naive.place())
}

// moved compares transitions. The open time is a product of floats, so its
// nanosecond is the machine's word.
func (p *program) moved(want breaker.Transition, wants bool, got breaker.Transition, did bool) {
	require.Equal(p, wants, did, "R26: %+v where %+v was due", got, want)
	if want.To == breaker.Open && wants {
		off := got.Until.Sub(want.Until)
		require.LessOrEqual(p, off.Abs(), time.Nanosecond, "R10, R11, R13: open until %s, not %s", got.Until, want.Until)
		want.Until = got.Until
		p.naive.last(changed).change.Until = got.Until
		if s := p.machine.Settings(); got.Wall.IsZero() {
			lasts, least := got.Until.Sub(p.now), s.RecoveryTimeout
			if s.AdaptiveRecovery {
				least = min(least, s.RecoveryTimeout/10)
			}
			require.GreaterOrEqual(p, lasts, least, "R10: too short")
			require.LessOrEqual(p, lasts, s.MaxRecoveryTimeout, "R10: too long")
		}
	}
	require.Equal(p, want, got, "R4, R26")
}

func (p *program) admit() {
	p.does("admit", func() {
		want := p.naive.admits(p.now)
		permit, ok := p.machine.Admit(p.now)
		require.Equal(p, want, ok, "R2, R3, R19: let through")
		if !ok {
			require.Zero(p, permit)
			p.naive.admit(p.now, permit, false)
			return
		}
		require.Equal(p, p.naive.generation(), permit.Generation, "R4")
		probe := p.naive.state() == breaker.HalfOpen
		require.Equal(p, probe, permit.IsProbe(), "R3")
		require.Equal(p, p.naive.ramp().on, permit.Ramp, "R19")
		if probe {
			require.False(p, p.probes[permit.Probe], "R5: a probe's id twice")
			p.probes[permit.Probe] = true
			require.Equal(p, p.now.Add(p.naive.settings().ProbeLease), p.machine.Lease(permit), "R15")
		} else {
			require.Zero(p, p.machine.Lease(permit))
		}
		p.naive.admit(p.now, permit, true)
		p.out = append(p.out, permit)
	})
}

// settle hands a permit back that is out.
func (p *program) settle() {
	if len(p.out) == 0 {
		p.admit()
		return
	}
	i := rapid.IntRange(0, len(p.out)-1).Draw(p.T, "which")
	permit := p.out[i]
	p.out = slices.Delete(p.out, i, i+1)
	p.spent = append(p.spent, permit)
	p.settleOne(permit)
}

// call is an attempt that ends before anything else happens.
func (p *program) call() { p.callThat(drawAttempt(p.T, p.now)) }

func (p *program) callThat(ends breaker.Attempt) {
	p.admit()
	if n := len(p.out) - 1; n >= 0 && p.out[n].Generation == p.naive.generation() {
		permit := p.out[n]
		p.out = p.out[:n]
		p.spent = append(p.spent, permit)
		p.end(permit, ends)
	}
}

// settleAgain hands a permit in that is worth nothing: spent, another
// generation's, or one that nobody was given.
func (p *program) settleAgain() {
	invented := breaker.Permit{Generation: p.naive.generation(), Probe: rapid.Uint64().Draw(p.T, "probe")}
	permit := rapid.SampledFrom(append([]breaker.Permit{invented, {}}, p.spent...)).Draw(p.T, "permit")
	if !p.naive.worthless(permit) {
		return // a permit of the present generation that only its owner knows to be spent
	}
	p.settleOne(permit)
}

func (p *program) settleOne(permit breaker.Permit) { p.end(permit, drawAttempt(p.T, p.now)) }

func (p *program) end(permit breaker.Permit, a breaker.Attempt) {
	rnd := drawRnd(p.T)
	name := a.Outcome.String()
	if p.naive.worthless(permit) {
		name = "stale"
	}
	p.does(name, func() {
		var got breaker.Effect
		if a.Cost == 0 && a.WallUntil.IsZero() {
			got = p.machine.Settle(p.now, rnd, permit, a.Outcome, a.Ran)
		} else {
			got = p.machine.SettleAttempt(p.now, rnd, permit, a)
		}
		want := p.naive.settle(p.now, permit, a, rnd)
		require.Equal(p, want.Stale, got.Stale, "R5: %+v is stale", permit)
		p.caused(want, got)
	})
}

// caused compares what two settlements led to.
func (p *program) caused(want, got breaker.Effect) {
	var wanted, made breaker.Transition
	if want.Transition != nil {
		wanted = *want.Transition
	}
	if got.Transition != nil {
		made = *got.Transition
	}
	p.moved(wanted, want.Transition != nil, made, got.Transition != nil)
}

// record hands successes in that waited, if they may.
func (p *program) record() {
	if !p.machine.SuccessesMayWait() {
		p.call()
		return
	}
	n := rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(0, 20)).Draw(p.T, "successes")
	p.does("successes", func() {
		rnd := drawRnd(p.T)
		got := p.machine.RecordSuccesses(p.now, rnd, uint64(n))
		want := p.naive.record(p.now, n, rnd)
		require.False(p, got.Stale)
		p.caused(want, got)
	})
}

// thin has the older successes leave a window of time before the failures do, so
// that those that waited can bring a trip.
func (p *program) thin() {
	if w := p.naive.window(); w.line == nil || p.naive.state() != breaker.Closed {
		return
	}
	for range rapid.IntRange(2, 5).Draw(p.T, "older") {
		p.callThat(breaker.Attempt{Outcome: policies.Success})
	}
	first := p.now
	line := p.naive.window().line
	p.now = p.now.Add(line.width)
	for _, outcome := range []policies.Outcome{policies.Failure, policies.Success} {
		p.callThat(breaker.Attempt{Outcome: outcome})
	}
	p.now = first.Add(line.width * time.Duration(line.count))
	p.record()
}

// recordLate counts successes of an earlier generation.
func (p *program) recordLate() {
	n := rapid.IntRange(0, 3).Draw(p.T, "n")
	p.machine.CountSuccesses(uint64(n))
	p.naive.note(event{kind: counted, at: p.now, n: n})
}

func (p *program) pass() { p.now = p.now.Add(drawStep(p.T)) }

func (p *program) tick() {
	p.does("tick", func() {
		rnd := drawRnd(p.T)
		got, did := p.machine.Tick(p.now, rnd)
		want, wants := p.naive.tick(p.now, rnd)
		p.moved(want, wants, got, did)
	})
}

// tickWhenDue ticks at the moment that the machine asks for, or a nanosecond
// off it.
func (p *program) tickWhenDue() {
	if next, due := p.machine.NextTick(); due {
		p.now = next.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 0, -1, 1}).Draw(p.T, "off")))
	}
	p.tick()
}

// recover waits an open time out and lets probes succeed, the way to a ramp that
// few programs would find.
func (p *program) recover() {
	if s := p.naive.state(); s != breaker.Open && s != breaker.HalfOpen && p.rarely(1, "from forced open") {
		p.forceOpen(p.now.Add(time.Second))
	}
	p.tickWhenDue()
	for range p.naive.settings().SuccessThreshold {
		if p.naive.state() != breaker.HalfOpen {
			return
		}
		p.callThat(breaker.Attempt{Outcome: policies.Success})
	}
}

func (p *program) trip() {
	p.does("trip", func() {
		rnd := drawRnd(p.T)
		got, did := p.machine.Trip(p.now, rnd, breaker.ReasonRestartIntensity)
		want, wants := p.naive.trip(p.now, rnd)
		p.moved(want, wants, got, did)
	})
}

func (p *program) byHand() {
	switch hand := rapid.SampledFrom([]string{"force open", "force close", "disable", "reset"}).Draw(p.T, "hand"); hand {
	case "force open":
		until := time.Time{}
		if rapid.IntRange(0, 2).Draw(p.T, "ends") > 0 {
			until = p.now.Add(time.Duration(rapid.IntRange(-1, 5).Draw(p.T, "seconds")) * time.Second)
		}
		p.forceOpen(until)
	case "force close":
		p.does(hand, func() {
			got := p.machine.ForceClose(p.now)
			p.moved(p.naive.move(p.now, breaker.ForcedClosed, breaker.ReasonForcedClosed, time.Time{}), true, got, true)
		})
	case "disable":
		p.does(hand, func() {
			got := p.machine.Disable(p.now)
			p.moved(p.naive.move(p.now, breaker.Disabled, breaker.ReasonDisabled, time.Time{}), true, got, true)
		})
	default:
		p.does(hand, func() {
			got := p.machine.Reset(p.now)
			p.moved(p.naive.reset(p.now), true, got, true)
		})
	}
}

func (p *program) forceOpen(until time.Time) {
	p.does("force open", func() {
		got := p.machine.ForceOpen(p.now, until)
		p.moved(p.naive.move(p.now, breaker.ForcedOpen, breaker.ReasonForcedOpen, until), true, got, true)
	})
}

// drawReload is the settings in force, other ones, or the same with one switch
// turned.
func (p *program) drawReload() policies.Breaker {
	s := p.machine.Settings()
	switch rapid.IntRange(0, 4).Draw(p.T, "reload") {
	case 0, 1:
		return drawSettings(p.T)
	case 2:
		s.Enabled = !s.Enabled
	case 3:
		s.Ramp = rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(p.T, "ramp")
	}
	return s
}

func (p *program) configure() {
	s := p.drawReload()
	p.does("configure", func() {
		got, did := p.machine.Configure(p.now, s)
		want, wants := p.naive.configure(p.now, s, configured)
		p.moved(want, wants, got, did)
	})
}

// restore puts the machine away and makes one of its memory.
func (p *program) restore() {
	s := p.drawReload()
	p.does("restore", func() {
		machine, err := breaker.Restore(s, p.machine.Memory(p.now), p.now)
		require.NoError(p, err, "R25")
		p.machine = machine
		p.naive.configure(p.now, s, restored)
	})
	p.resize()
}

func (p *program) resize() {
	n := rapid.IntRange(0, 12).Draw(p.T, "capacity")
	p.does("capacity", func() {
		p.machine.SetCapacity(n)
		p.naive.setCapacity(p.now, n)
	})
}

func (p *program) refuse() {
	n := rapid.IntRange(0, 3).Draw(p.T, "n")
	p.machine.Refuse(uint64(n))
	p.naive.note(event{kind: told, at: p.now, n: n})
}

// agree compares every answer that there is. Asking changes nothing, so it is
// asked about another time first.
func (p *program) agree() {
	other := p.now.Add(drawStep(p.T))
	for _, now := range []time.Time{other, p.now} {
		want, got := p.naive.counts(now), p.machine.Counts(now)
		require.InDelta(p, want.WindowCost, got.WindowCost, 1e-6, "R9")
		require.InDelta(p, want.FailureCost, got.FailureCost, 1e-6, "R23")
		want.WindowCost, want.FailureCost = got.WindowCost, got.FailureCost
		require.Equal(p, want, got, "R6 to R9, R19, R23")
	}
	require.Equal(p, p.naive.state(), p.machine.State(), "R26")
	require.Equal(p, p.naive.generation(), p.machine.Generation(), "R4")
	require.Equal(p, p.naive.until(), p.machine.Until(), "R12")
	require.Equal(p, *p.naive.settings(), p.machine.Settings(), "R18")
	require.Equal(p, p.naive.capacity(), p.machine.Capacity(), "R19")
	require.Equal(p, p.naive.mayWait(), p.machine.SuccessesMayWait(), "R24")
	require.Equal(p, p.naive.recordWithin(), p.machine.RecordWithin(), "R24")
	ramp := p.naive.ramp()
	require.Equal(p, ramp.on, p.machine.Ramping(), "R19")
	require.Equal(p, ramp.reached, p.machine.RampLimit(), "R19")
	if ramp.on {
		require.Equal(p, ramp.until(), p.machine.RampUntil(), "R19")
	} else {
		require.Zero(p, p.machine.RampUntil())
	}
	next, due := p.naive.nextTick()
	gotNext, gotDue := p.machine.NextTick()
	require.Equal(p, due, gotDue, "R21")
	if due {
		require.Equal(p, next, gotNext, "R21")
	}
}
