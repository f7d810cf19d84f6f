package model_test

import (
	"math"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// admits says whether an attempt is let through now. R2, R3, R19
func (r *reference) admits(now time.Time) bool {
	switch r.state() {
	case breaker.Open, breaker.ForcedOpen:
		return false
	case breaker.HalfOpen:
		return len(r.probesOut()) < r.settings().HalfOpenMaxCalls
	}
	p := r.ramp()
	return !p.on || p.running < p.limit(now)
}

// admit notes that the machine let the attempt through with that permit, or not.
func (r *reference) admit(now time.Time, permit breaker.Permit, ok bool) {
	if ok {
		r.note(event{kind: let, at: now, permit: permit, lease: now.Add(r.settings().ProbeLease)})
	} else {
		r.note(event{kind: refused, at: now, n: 1})
	}
}

// worthless says whether a permit is stale: an earlier generation's, a probe's
// that holds no slot, or one for a state that lets nothing through. R5
func (r *reference) worthless(p breaker.Permit) bool {
	if p.Generation != r.generation() {
		return true
	}
	switch r.state() {
	case breaker.Open, breaker.ForcedOpen:
		return true
	case breaker.HalfOpen:
		_, out := r.probesOut()[p.Probe]
		return !out
	}
	return p.Probe != 0
}

// settle takes an outcome in. opens is how long an open time lasts that begins
// with it.
func (r *reference) settle(now time.Time, p breaker.Permit, a breaker.Attempt, rnd float64) breaker.Effect {
	if r.worthless(p) {
		r.note(event{kind: stale, at: now, permit: p})
		return breaker.Effect{Stale: true}
	}
	s := r.settings()
	e := event{kind: ended, at: now, permit: p, attempt: a}
	e.slow = e.counts() && s.SlowCallRate > 0 && a.Ran >= s.SlowCallDuration
	r.note(e)
	var why breaker.Reason
	switch r.state() {
	case breaker.Closed:
		why = r.broken(now, &e)
	case breaker.HalfOpen:
		why = r.probed(&e)
	}
	var t breaker.Transition
	switch why {
	case "":
		return breaker.Effect{}
	case breaker.ReasonProbesSucceeded:
		t = r.move(now, breaker.Closed, why, time.Time{})
	case breaker.ReasonExternalWall:
		t = r.meetWall(now, a.WallUntil, rnd)
	default:
		t = r.open(now, why, rnd)
	}
	return breaker.Effect{Transition: &t}
}

// record takes in n successes that waited. Over a window of time they are judged
// together; otherwise that is no other thing than one by one. R24
func (r *reference) record(now time.Time, n int, rnd float64) (e breaker.Effect) {
	permit, success := breaker.Permit{Generation: r.generation()}, breaker.Attempt{Outcome: policies.Success}
	if w := r.window(); w.line == nil {
		for range n {
			e = r.settle(now, permit, success, rnd)
			if e.Transition != nil {
				panic("R24: a success that may wait has changed the state")
			}
		}
		return e
	}
	for range n {
		r.note(event{kind: ended, at: now, permit: permit, attempt: success})
	}
	if n == 0 || r.state() != breaker.Closed {
		return e
	}
	if why := r.broken(now, &event{kind: ended, attempt: success}); why != "" {
		t := r.open(now, why, rnd)
		e.Transition = &t
	}
	return e
}

// broken is the rule of a closed breaker that the settled attempt breaks.
func (r *reference) broken(now time.Time, e *event) breaker.Reason {
	s := r.settings()
	failed := e.attempt.Outcome == policies.Failure
	switch {
	case e.attempt.Outcome == policies.Walled:
		return breaker.ReasonExternalWall // R13
	case !e.counts():
		return "" // R16
	case failed && s.FailureThreshold != policies.Never && r.failuresInARow() >= s.FailureThreshold:
		return breaker.ReasonConsecutiveFailures // R6
	}
	w := r.window()
	held := w.held(now)
	failures, slow := tally(held)
	switch {
	case len(held) < s.MinimumCalls || len(held) == 0:
	case reaches(failures, len(held), s.FailureRate):
		return breaker.ReasonFailureRate // R7
	case reaches(slow, len(held), s.SlowCallRate):
		return breaker.ReasonSlowCallRate // R8
	}
	if costs := r.costs(); failed && e.attempt.Cost > 0 && costs != nil && sum(costs.held(now))*(1+1e-9) >= s.FailureCost {
		return breaker.ReasonFailureCost // R9
	}
	return ""
}

// reaches compares in whole thousandths, as rates are drawn: without rounding.
func reaches(part, whole int, rate float64) bool {
	return rate > 0 && part*1000 >= int(math.Round(rate*1000))*whole
}

// probed is what the end of a probe leads to. R13, R14, R16
func (r *reference) probed(e *event) breaker.Reason {
	switch {
	case e.attempt.Outcome == policies.Walled:
		return breaker.ReasonExternalWall
	case !e.counts():
		return ""
	case e.slow || e.attempt.Outcome == policies.Failure:
		return breaker.ReasonProbeFailed
	case r.probeSuccesses() >= r.settings().SuccessThreshold:
		return breaker.ReasonProbesSucceeded
	}
	return ""
}

// move notes a transition. R4
func (r *reference) move(now time.Time, to breaker.State, why breaker.Reason, until time.Time) breaker.Transition {
	t := breaker.Transition{From: r.state(), To: to, Reason: why, At: now, Generation: r.generation() + 1, Until: until}
	r.note(event{kind: changed, at: now, change: t, ramps: why == breaker.ReasonProbesSucceeded && r.ramps()})
	return t
}

func (r *reference) open(now time.Time, why breaker.Reason, rnd float64) breaker.Transition {
	r.move(now, breaker.Open, why, now)
	t := &r.history[len(r.history)-1].change
	t.Until = now.Add(r.openTime(now, rnd))
	return *t
}

// meetWall opens until the wall's end, or max_wall from now. R13
func (r *reference) meetWall(now, end time.Time, rnd float64) breaker.Transition {
	if !end.After(now) {
		return r.open(now, breaker.ReasonExternalWall, rnd)
	}
	until := now.Add(r.settings().MaxWall)
	if end.Before(until) {
		until = end
	}
	r.move(now, breaker.Open, breaker.ReasonExternalWall, until)
	t := &r.history[len(r.history)-1].change
	t.Wall = end
	return *t
}

// trip opens a closed or half-open breaker from outside.
func (r *reference) trip(now time.Time, rnd float64) (breaker.Transition, bool) {
	if s := r.state(); s != breaker.Closed && s != breaker.HalfOpen {
		return breaker.Transition{}, false
	}
	return r.open(now, breaker.ReasonRestartIntensity, rnd), true
}

// nextTick is the earliest moment at which a tick does something. R21
func (r *reference) nextTick() (next time.Time, due bool) {
	switch r.state() {
	case breaker.Open:
		return r.until(), true
	case breaker.ForcedOpen:
		return r.until(), !r.until().IsZero()
	case breaker.HalfOpen:
		for _, lease := range r.probesOut() {
			if !due || lease.Before(next) {
				next, due = lease, true
			}
		}
		return next, due
	}
	if p := r.ramp(); p.on {
		return p.next(), true
	}
	return time.Time{}, false
}

// tick does what is due. R10, R12, R15, R17, R19, R21
func (r *reference) tick(now time.Time, rnd float64) (breaker.Transition, bool) {
	if next, due := r.nextTick(); !due || now.Before(next) {
		return breaker.Transition{}, false
	}
	switch r.state() {
	case breaker.Open:
		return r.move(now, breaker.HalfOpen, breaker.ReasonRecoveryTimeout, time.Time{}), true
	case breaker.ForcedOpen:
		return r.move(now, breaker.HalfOpen, breaker.ReasonForcedOpenExpired, time.Time{}), true
	case breaker.HalfOpen:
		r.note(event{kind: expired, at: now})
		return r.open(now, breaker.ReasonProbeLeaseExpired, rnd), true
	}
	p := r.ramp()
	what := stepped
	if !now.Before(p.until()) {
		what = rampOver
	}
	r.note(event{kind: what, at: now})
	return breaker.Transition{}, false
}

// reset closes, or disables where the settings say so. R17
func (r *reference) reset(now time.Time) breaker.Transition {
	to := breaker.Closed
	if !r.settings().Enabled {
		to = breaker.Disabled
	}
	return r.move(now, to, breaker.ReasonReset, time.Time{})
}

// configure puts other settings in force. R18
func (r *reference) configure(now time.Time, s policies.Breaker, as kind) (breaker.Transition, bool) {
	before := r.settings().Enabled
	r.note(event{kind: as, at: now, settings: s})
	r.fitRamp(now)
	switch {
	case before && !s.Enabled && r.state() != breaker.Disabled:
		return r.move(now, breaker.Disabled, breaker.ReasonReconfigured, time.Time{}), true
	case !before && s.Enabled && r.state() == breaker.Disabled:
		return r.move(now, breaker.Closed, breaker.ReasonReconfigured, time.Time{}), true
	}
	return breaker.Transition{}, false
}

// mayWait says whether no number of successes could break a rate or end a row, so
// that they may be told of later. It tries them one after the other. R24
func (r *reference) mayWait() bool {
	switch r.state() {
	case breaker.ForcedClosed, breaker.Disabled:
		return true
	case breaker.Closed:
	default:
		return false
	}
	if r.failuresInARow() > 0 || r.ramp().on {
		return false
	}
	w, s := r.window(), r.settings()
	held := w.last
	if w.line != nil {
		held = w.line.held(w.line.begins(w.line.current)) // as of the last call
	}
	failures, slow := tally(held)
	for calls := len(held); calls <= max(len(held), s.MinimumCalls); calls++ {
		if calls >= s.MinimumCalls && (reaches(failures, calls, s.FailureRate) || reaches(slow, calls, s.SlowCallRate)) {
			return false
		}
	}
	return true
}

// recordWithin is how long they may wait: until a window of time slides. R24
func (r *reference) recordWithin() time.Duration {
	if w := r.window(); w.line != nil {
		return w.line.width
	}
	return 0
}
