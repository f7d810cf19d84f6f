package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Settle is [Machine.SettleAttempt] for an attempt of which no more is known
// than its outcome and how long it ran.
func (m *Machine) Settle(now time.Time, rnd float64, p Permit, o policies.Outcome, ran time.Duration) Effect {
	if o == policies.Success && m.state == Closed && p == (Permit{Generation: m.generation}) {
		// The short way of nearly every call: it has nothing to give back, and
		// builds no Attempt.
		if why := m.succeeded(now, ran); why != "" {
			return Effect{Transition: m.moveFor(now, rnd, why, &Attempt{})}
		}
		return Effect{}
	}
	return m.SettleAttempt(now, rnd, p, Attempt{Outcome: o, Ran: ran})
}

// SettleAttempt hands a permit back with the end of its attempt. rnd in [0,1)
// draws the jitter of an open time the outcome may begin.
//
//   - A stale permit is counted and changes nothing, whatever the outcome.
//     Only probes can be told to have been settled twice; the owner must not
//     settle another permit twice.
//   - Ignored and Throttled are counted and give a probe's slot back.
//   - Walled opens a Closed or HalfOpen machine until the wall's end.
//   - Closed: a failure may trip; a success ends the run of failures. Each
//     enters the window while a rate is set. The rates are then looked at,
//     after a success too: it may bring the window up to MinimumCalls. The
//     cost of a failure enters the window of the costs while FailureCost is set.
//   - HalfOpen: a failure, or a slow success where slow calls count, opens;
//     SuccessThreshold successes close. A probe that settles after its lease,
//     but before [Machine.Tick], counts as what it says.
//   - ForcedClosed only counts; Disabled does not even that.
func (m *Machine) SettleAttempt(now time.Time, rnd float64, p Permit, a Attempt) Effect {
	return m.settle(now, rnd, &p, &a)
}

func (m *Machine) settle(now time.Time, rnd float64, p *Permit, a *Attempt) (e Effect) {
	var why Reason
	switch m.holder(p) {
	case Closed:
		m.ramp.end(p)
		why = m.settleCall(now, a)
	case HalfOpen:
		why = m.settleProbe(now, a)
	case ForcedClosed:
		m.record(now, a)
		// No streak is kept where none can lead to anything.
		m.counts.ConsecutiveFailures, m.counts.ConsecutiveSuccesses = 0, 0
	case Disabled:
	default:
		m.counts.Stale++
		e.Stale = true
	}
	if why != "" {
		e.Transition = m.moveFor(now, rnd, why, a)
	}
	return e
}

// moveFor makes the transition that an attempt's end is the reason for. It is
// apart, and a pointer, because next to no attempt causes one.
func (m *Machine) moveFor(now time.Time, rnd float64, why Reason, a *Attempt) *Transition {
	var t Transition
	switch why {
	case ReasonProbesSucceeded:
		t = m.recovered(now, why)
	case ReasonExternalWall:
		t = m.wall(now, rnd, a.WallUntil)
	default:
		t = m.open(now, rnd, why)
	}
	return &t
}

// holder returns the state that a permit is good for, and takes a probe's
// slot back. It is Open, for which no permit is good, where it is stale.
func (m *Machine) holder(p *Permit) State {
	switch {
	case p.Generation != m.generation:
		return Open
	case m.state == HalfOpen:
		if !m.probes.end(p.Probe) {
			return Open
		}
	case p.Probe != 0:
		return Open
	}
	return m.state
}

// settleCall counts a call that was admitted while closed and returns why the
// machine trips, "" if it does not.
func (m *Machine) settleCall(now time.Time, a *Attempt) Reason {
	if a.Outcome == policies.Success {
		return m.succeeded(now, a.Ran)
	}
	slow, counted := m.record(now, a)
	if !counted {
		return walled(a)
	}
	if m.window.kept() {
		m.window.add(now, true, slow)
	}
	costly := m.tooCostly(now, a.Cost)
	if why := m.brokenRule(); why != "" || !costly {
		return why
	}
	return ReasonFailureCost
}

// succeeded is settleCall for a success that ran so long.
func (m *Machine) succeeded(now time.Time, ran time.Duration) Reason {
	m.counts.success(now)
	if !m.window.kept() {
		return "" // there is no rule that it could break
	}
	m.window.add(now, false, m.slow(ran))
	return m.brokenRate()
}

// settleProbe counts a probe and returns why the machine opens or closes, ""
// if it does neither.
func (m *Machine) settleProbe(now time.Time, a *Attempt) Reason {
	slow, counted := m.record(now, a)
	switch {
	case !counted:
		return walled(a)
	case slow || a.Outcome == policies.Failure:
		return ReasonProbeFailed
	}
	m.counts.ProbeSuccesses++
	if m.counts.ProbeSuccesses < m.settings.SuccessThreshold {
		return ""
	}
	return ReasonProbesSucceeded
}

// record counts the outcome. It tells whether the call was slow, and whether
// the outcome counts for or against the target at all.
func (m *Machine) record(now time.Time, a *Attempt) (slow, counted bool) {
	switch a.Outcome {
	case policies.Success:
		m.counts.success(now)
	case policies.Failure:
		m.counts.failure(now)
		m.counts.FailureCost += a.Cost
	case policies.Throttled:
		m.counts.Throttled++
		return false, false
	case policies.Walled:
		m.counts.Walled++
		return false, false
	default:
		m.counts.Ignored++
		return false, false
	}
	return m.slow(a.Ran), true
}

// slow tells whether a success or failure that ran so long was slow, and counts it
// if it was.
func (m *Machine) slow(ran time.Duration) bool {
	if m.settings.SlowCallRate <= 0 || ran < m.settings.SlowCallDuration {
		return false
	}
	m.counts.Slow++
	return true
}

// brokenRule returns the first rule of failures or rates that the counts break
// after a failure, "" if they keep all.
func (m *Machine) brokenRule() Reason {
	s := &m.settings
	if s.FailureThreshold < policies.Never && m.counts.ConsecutiveFailures >= s.FailureThreshold {
		return ReasonConsecutiveFailures
	}
	if !m.window.kept() {
		return ""
	}
	return m.brokenRate()
}

// brokenRate returns the first rate that the window, which must be kept, breaks.
// It has just been slid to the present by the call it took in.
func (m *Machine) brokenRate() Reason {
	s, w := &m.settings, m.window.held()
	switch {
	case w.calls < s.MinimumCalls:
		return ""
	case s.FailureRate > 0 && share(w.failures, w.calls) >= s.FailureRate:
		return ReasonFailureRate
	case s.SlowCallRate > 0 && share(w.slow, w.calls) >= s.SlowCallRate:
		return ReasonSlowCallRate
	}
	return ""
}

// share divides rather than multiplies the rate: the quotient of two small
// integers is the float nearest to it, so 7 of 10 is 0.7 as it is written.
func share(part, whole int) float64 { return float64(part) / float64(whole) }
