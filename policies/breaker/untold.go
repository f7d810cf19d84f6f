package breaker

import "time"

// SuccessesMayWait tells whether an owner may keep successes of the present
// generation for itself, which spares it a message on its fastest path, and have
// them recorded later and together: before the machine is asked or told anything
// else, and for a window of time once every [Machine.RecordWithin]. No decision
// comes out differently for it. (Over a window of time a trip may come later by
// that much, if it is the end of older successes that brings it.)
//
// Slow successes may not wait while SlowCallRate is set. The answer holds until
// the next call of any method that changes the machine. What callers that still
// went by it have put by during that call is to be recorded right after it.
func (m *Machine) SuccessesMayWait() bool {
	switch m.state {
	case Closed:
		return m.counts.ConsecutiveFailures == 0 && m.ramp.limit == 0 && m.standsSuccesses()
	case ForcedClosed, Disabled:
		return true
	default:
		return false
	}
}

// standsSuccesses tells whether successes alone can't break a rate. A share of
// failures never grows by a success, so it is at its height when the window has
// enough calls to be looked at, or has them already.
func (m *Machine) standsSuccesses() bool {
	if !m.window.kept() {
		return true
	}
	s, w := &m.settings, m.window.held()
	calls := max(w.calls, s.MinimumCalls)
	return (s.FailureRate <= 0 || share(w.failures, calls) < s.FailureRate) &&
		(s.SlowCallRate <= 0 || share(w.slow, calls) < s.SlowCallRate)
}

// RecordWithin is how long successes may wait to be recorded: the step of a window
// of time, which forgets them by that much later. It is 0 if that does not matter.
func (m *Machine) RecordWithin() time.Duration {
	if m.window.ofTime == nil {
		return 0
	}
	return m.window.ofTime.width
}

// RecordSuccesses is Settle for n successes that waited; see
// [Machine.SuccessesMayWait]. It is to be called in the generation that they were
// admitted in, and ends a run of failures as any success does. LastSuccess is now.
// rnd is as in [Machine.Settle].
func (m *Machine) RecordSuccesses(now time.Time, rnd float64, n uint64) (e Effect) {
	if n == 0 || m.state == Disabled {
		return e
	}
	m.counts.Successes += n
	m.counts.LastSuccess = now
	if m.state != Closed {
		return e // no streak is kept where none can lead to anything
	}
	m.counts.ConsecutiveSuccesses += int(n)
	m.counts.ConsecutiveFailures = 0
	if !m.window.kept() {
		return e
	}
	m.window.addSuccesses(now, n)
	if why := m.brokenRate(); why != "" {
		e.Transition = m.moveFor(now, rnd, why, &Attempt{})
	}
	return e
}

// CountSuccesses adds successes of an earlier generation that were never recorded
// in it to Counts.Successes.
func (m *Machine) CountSuccesses(n uint64) { m.counts.Successes += n }
