package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Configure puts other settings in force, already validated ones, and drops
// nothing: the state, the counts, the probes that are out with their leases
// and the end of an open time stay. A lowered threshold acts from the next
// outcome on, a lowered number of probes from the next Admit on.
//
// The window keeps the calls that fit: the latest ones of a shorter window of
// calls, those young enough for a shorter window of time. It starts empty
// where it changes from one kind to the other. Calls that were judged slow or
// not stay so. The window of the costs keeps those young enough.
//
// What AdaptiveRecovery has learned is kept until it is switched off.
//
// A ramp goes on towards its new end, counted from its beginning, and takes
// nothing back; Ramp 0 ends it. None begins before the next recovery.
//
// There is a transition only where Enabled changes: to false, the machine is
// disabled, whatever its state; to true, a disabled machine closes, and any
// other state, which somebody must have asked for since, stays.
func (m *Machine) Configure(now time.Time, s policies.Breaker) (Transition, bool) {
	before := m.settings.Enabled
	m.settings = s
	m.window = m.window.fit(s, now)
	m.costs = m.costs.fit(s, now)
	if m.state == HalfOpen {
		m.probes.grow(s.HalfOpenMaxCalls)
	}
	m.fitRamp()
	if !s.AdaptiveRecovery {
		m.outages = outages{}
	}
	switch {
	case before && !s.Enabled && m.state != Disabled:
		return m.letThrough(now, Disabled, ReasonReconfigured), true
	case !before && s.Enabled && m.state == Disabled:
		return m.letThrough(now, Closed, ReasonReconfigured), true
	}
	return Transition{}, false
}
