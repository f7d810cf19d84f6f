package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Machine is one circuit breaker. It is not safe for concurrent use: its
// owner serialises every call, reads included. Build it with [New].
//
// Times may carry a monotonic reading and keep it, so a jump of the wall
// clock moves nothing. A now earlier than the one before is allowed
// everywhere: nothing ends sooner for it.
type Machine struct {
	state      State
	generation uint64
	until      time.Time
	settings   policies.Breaker
	// counts holds what is counted as it happens; Counts adds the rest.
	counts Counts
	window window
	costs  *costWindow // nil while the rule is off
	probes probes
	ramp   ramp
	// outages is kept while AdaptiveRecovery is on.
	outages outages
	// capacity is where a ramp ends.
	capacity int
}

// New returns a closed machine, or a disabled one if the settings say so.
// The settings are taken as already validated: no value is replaced by
// another one.
func New(s policies.Breaker, now time.Time) *Machine {
	m := &Machine{
		state:      Closed,
		generation: 1,
		settings:   s,
		counts:     Counts{LastTransition: now},
		window:     newWindow(s, now),
		costs:      newCostWindow(s, now),
	}
	if !s.Enabled {
		m.state = Disabled
	}
	return m
}

// State returns the present state.
func (m *Machine) State() State { return m.state }

// Generation returns the present generation. It is 1 for a new machine and
// grows by one with each transition.
func (m *Machine) Generation() uint64 { return m.generation }

// Settings returns the settings in force.
func (m *Machine) Settings() policies.Breaker { return m.settings }

// JudgesSlowness tells whether it matters how long an attempt ran.
func (m *Machine) JudgesSlowness() bool { return m.settings.SlowCallRate > 0 }

// Until returns when the present state ends by itself: zero unless it is
// Open, or ForcedOpen with an end.
func (m *Machine) Until() time.Time { return m.until }

// Admit asks leave for one attempt. Open and ForcedOpen refuse, HalfOpen
// refuses while HalfOpenMaxCalls probes are out, Closed while its ramp's limit
// runs, every other state lets through. A refusal is counted in Counts.Rejected. Admit does not tick: a
// machine whose open time is over refuses until [Machine.Tick].
func (m *Machine) Admit(now time.Time) (p Permit, ok bool) {
	if m.ramp.limit > 0 {
		return m.admitRamp(now)
	}
	if m.state == Closed || m.state >= ForcedClosed {
		return Permit{Generation: m.generation}, true
	}
	return m.admitProbe(now)
}

func (m *Machine) admitProbe(now time.Time) (p Permit, ok bool) {
	if m.state != HalfOpen || m.probes.running >= m.settings.HalfOpenMaxCalls {
		m.counts.Rejected++
		return p, false
	}
	return Permit{Generation: m.generation, Probe: m.probes.begin(now.Add(m.settings.ProbeLease))}, true
}

// Lease returns when the probe that has the permit counts as failed unless it
// has settled. It is zero where no probe has it, or none has it any more.
func (m *Machine) Lease(p Permit) time.Time { return m.probes.lease(p.Probe) }

// Refuse adds n refusals that the owner made on the machine's behalf, without
// asking [Machine.Admit], to Counts.Rejected.
func (m *Machine) Refuse(n uint64) { m.counts.Rejected += n }

// move begins a new generation in state to. The permits that are out become
// stale with it, so no probe keeps a slot.
func (m *Machine) move(now time.Time, to State, why Reason, until time.Time) Transition {
	t := Transition{From: m.state, To: to, Reason: why, At: now, Generation: m.generation + 1, Until: until}
	m.state = to
	m.generation++
	m.until = until
	m.counts.LastTransition = now
	m.counts.ProbeSuccesses = 0
	m.probes.drop()
	m.ramp = ramp{}
	return t
}

// open begins an open time, a longer one where it follows a failed recovery.
func (m *Machine) open(now time.Time, rnd float64, why Reason) Transition {
	if m.state == HalfOpen || m.ramp.limit > 0 {
		m.counts.Reopens++
	}
	return m.move(now, Open, why, now.Add(m.openTime(now, rnd)))
}

// openTime is how long an open state that begins now lasts.
func (m *Machine) openTime(now time.Time, rnd float64) time.Duration {
	usual := openTime(&m.settings, m.counts.Reopens, rnd)
	if !m.settings.AdaptiveRecovery {
		return usual
	}
	m.outages.down(now)
	return m.outages.openTime(now, usual, m.settings.RecoveryTimeout)
}

// letThrough enters a state that admits every call, with a clean slate.
func (m *Machine) letThrough(now time.Time, to State, why Reason) Transition {
	m.counts.ConsecutiveFailures = 0
	m.counts.ConsecutiveSuccesses = 0
	m.counts.Reopens = 0
	m.window.clear()
	m.costs.clear()
	if why != ReasonProbesSucceeded {
		m.outages.settled()
	}
	return m.move(now, to, why, time.Time{})
}
