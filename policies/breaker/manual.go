package breaker

import "time"

// Trip opens the machine from outside, as if a threshold had been met, for
// instance with [ReasonRestartIntensity]. It acts on Closed and HalfOpen, where it
// counts as a failed recovery, as it does during a ramp. Any other state stays as it is: an open time
// that runs is not made longer. rnd in [0,1) draws the jitter of the open time.
func (m *Machine) Trip(now time.Time, rnd float64, why Reason) (Transition, bool) {
	if m.state != Closed && m.state != HalfOpen {
		return Transition{}, false
	}
	return m.open(now, rnd, why), true
}

// ForceOpen refuses every call until the given moment, when the machine
// becomes half-open, or with a zero until for as long as nobody says
// otherwise. A moment that has passed is due at the next [Machine.Tick].
// Called again, it replaces the end.
func (m *Machine) ForceOpen(now time.Time, until time.Time) Transition {
	m.outages.settled()
	return m.move(now, ForcedOpen, ReasonForcedOpen, until)
}

// ForceClose lets every call through, counts, and never trips, until somebody
// says otherwise. The run of failures, the window and the growth of the open
// time start afresh.
func (m *Machine) ForceClose(now time.Time) Transition {
	return m.letThrough(now, ForcedClosed, ReasonForcedClosed)
}

// Disable lets every call through and counts nothing, until somebody says
// otherwise. It leaves the settings alone.
func (m *Machine) Disable(now time.Time) Transition {
	return m.letThrough(now, Disabled, ReasonDisabled)
}

// Reset closes the machine from any state, Disabled included, and clears the
// run of failures, the window, the probes and the growth of the open time. A
// machine whose settings are not Enabled becomes Disabled.
// The cumulative counts stay. It always begins a new generation, so that
// calls already under way do not count against the fresh start.
func (m *Machine) Reset(now time.Time) Transition {
	if !m.settings.Enabled {
		return m.letThrough(now, Disabled, ReasonReset)
	}
	return m.letThrough(now, Closed, ReasonReset)
}
