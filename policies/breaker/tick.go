package breaker

import "time"

// NextTick returns the earliest moment at which [Machine.Tick] would do
// something, false if only a call can change the state.
func (m *Machine) NextTick() (time.Time, bool) {
	switch m.state {
	case Open:
		return m.until, true
	case ForcedOpen:
		return m.until, !m.until.IsZero()
	case HalfOpen:
		return m.probes.firstLease()
	case Closed:
		return m.ramp.next()
	default:
		return time.Time{}, false
	}
}

// Tick does what the passing of time asks for, at most one transition:
//
//   - an open time that is over makes the machine half-open, so the state
//     never reads open for want of a caller;
//   - so does the end of a forced-open state, if it has one;
//   - a probe's lease that ran out counts as one failure and opens the
//     machine again. Every probe of the generation is over with it;
//   - a ramp lets one more call run, or ends. That is no transition: see
//     [Machine.RampLimit].
//
// A call before [Machine.NextTick] does nothing; a late one acts from now on.
// rnd in [0,1) draws the jitter of the open time.
func (m *Machine) Tick(now time.Time, rnd float64) (Transition, bool) {
	due, ok := m.NextTick()
	if !ok || now.Before(due) {
		return Transition{}, false
	}
	switch m.state {
	case Closed:
		m.tickRamp(now)
		return Transition{}, false
	case Open:
		return m.halfOpen(now, ReasonRecoveryTimeout), true
	case ForcedOpen:
		return m.halfOpen(now, ReasonForcedOpenExpired), true
	default:
		m.counts.failure(now)
		return m.open(now, rnd, ReasonProbeLeaseExpired), true
	}
}

// halfOpen makes the slots here, in the only place that leads to half-open,
// so that Admit and Settle need not allocate.
func (m *Machine) halfOpen(now time.Time, why Reason) Transition {
	t := m.move(now, HalfOpen, why, time.Time{})
	m.probes.grow(m.settings.HalfOpenMaxCalls)
	return t
}
