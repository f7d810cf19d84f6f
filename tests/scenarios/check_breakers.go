package scenarios

import (
	"cmp"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// breakers is I2, I3 and I15, as far as events tell.
func (c *checker) breakers() {
	for _, f := range c.facts {
		c.chain(f)
		if f.late() {
			continue
		}
		for _, p := range f.periods {
			switch p.state {
			case breaker.Open, breaker.ForcedOpen:
				c.refuses(f, p)
			case breaker.HalfOpen:
				c.probes(f, p)
			}
		}
	}
	c.ownProbes()
	c.slots()
}

// slots is the other half of I3: a slot that was given back is free. A lease runs
// out, and a call is refused for want of a slot, only while a probe runs.
func (c *checker) slots() {
	for _, f := range c.facts {
		if f.hidden() || f.killed || f.spec == nil || f.spec.Probe != nil {
			continue
		}
		for _, p := range f.periods {
			if p.state == breaker.HalfOpen && p.expired && !c.holds(f, p.from, p.to) {
				c.fail("I3: the lease of a probe of %s ran out at %s, and none had run", f.name, p.to)
			}
		}
	}
	for _, op := range c.Ops {
		if len(op.Outcomes) != 1 {
			continue
		}
		o := op.Outcomes[0]
		e, ok := o.Err.(*actors.OpenError)
		if !ok || !e.Probing {
			continue
		}
		f := c.of(e.Name)
		if f.hidden() || f.killed || f.spec == nil || f.spec.Probe != nil || c.inner(op) {
			continue
		}
		// A caller who leaves at the moment of its leave has the slot for that moment.
		leaves := slices.ContainsFunc(c.Ops, func(other *Op) bool { return !other.Gone.Never() && other.Gone.At == o.When.At })
		// So has one whose leave a command takes back before its function began.
		moved := slices.ContainsFunc(f.periods, func(p period) bool { return p.from == o.When.At })
		if !leaves && !moved && !c.holds(f, 0, o.When.At) {
			c.fail("I3: %s was refused by %s for want of a probe's slot, and no probe ran", op.name(), f.name)
		}
	}
}

// holds says whether an attempt that began since then may still have had its
// permit at that moment.
func (c *checker) holds(f *facts, since, at time.Duration) bool {
	return slices.ContainsFunc(f.attempts, func(a *Attempt) bool {
		end := c.over(a)
		if _, certain := c.timeoutOf(a); !certain {
			end = endless // nobody knows here which policy it runs under
		}
		return since <= a.Begun.At && a.Begun.At <= at && at <= end
	})
}

// chain is I15: every transition follows from the one before, and is legal.
func (c *checker) chain(f *facts) {
	if f.killed || f.name != base(f.name) {
		return
	}
	var last *breaker.Transition
	for _, e := range c.Events {
		changed, ok := e.Event.(actors.BreakerChanged)
		if !ok || changed.Target != f.name {
			continue
		}
		t := changed.Transition
		if last != nil && (t.From != last.To || t.Generation != last.Generation+1 || t.At.Before(last.At)) {
			c.fail("I15: %s went from %s (%d) after it had come to %s (%d)", f.name, t.From, t.Generation, last.To, last.Generation)
		}
		if !legal(t) {
			c.fail("I15: %s went from %s to %s for %s", f.name, t.From, t.To, t.Reason)
		}
		last = &t
	}
}

// legal is the table in the comment of package breaker.
func legal(t breaker.Transition) bool {
	switch t.Reason {
	case breaker.ReasonConsecutiveFailures, breaker.ReasonFailureRate, breaker.ReasonSlowCallRate, breaker.ReasonFailureCost:
		return t.From == breaker.Closed && t.To == breaker.Open
	case breaker.ReasonExternalWall, breaker.ReasonRestartIntensity:
		return (t.From == breaker.Closed || t.From == breaker.HalfOpen) && t.To == breaker.Open
	case breaker.ReasonRecoveryTimeout:
		return t.From == breaker.Open && t.To == breaker.HalfOpen
	case breaker.ReasonProbeFailed, breaker.ReasonProbeLeaseExpired:
		return t.From == breaker.HalfOpen && t.To == breaker.Open
	case breaker.ReasonProbesSucceeded:
		return t.From == breaker.HalfOpen && t.To == breaker.Closed
	case breaker.ReasonForcedOpen:
		return t.To == breaker.ForcedOpen
	case breaker.ReasonForcedOpenExpired:
		return t.From == breaker.ForcedOpen && t.To == breaker.HalfOpen
	case breaker.ReasonForcedClosed:
		return t.To == breaker.ForcedClosed
	case breaker.ReasonDisabled:
		return t.To == breaker.Disabled
	case breaker.ReasonReset:
		return t.To == breaker.Closed || t.To == breaker.Disabled
	case breaker.ReasonReconfigured:
		return t.To == breaker.Disabled || t.From == breaker.Disabled && t.To == breaker.Closed
	}
	return false
}

// refuses is I2: nothing begins while the breaker is open. What begins at the
// very moment of a change may have begun before it, but not if it was asked for
// when the change had been told.
func (c *checker) refuses(f *facts, p period) {
	for _, a := range f.attempts {
		within := p.from < a.Begun.At && a.Begun.At < p.to
		known := a.Op.Asked.Seq > p.seen && a.Begun.At < p.to
		if within || known {
			c.fail("I2: %s began an attempt on %s at %s, which was %s from %s to %s", a.Op.name(), f.name, a.Begun.At, p.state, p.from, p.to)
		}
	}
}

// probes is I3: no more than half_open_max_calls run at a time.
func (c *checker) probes(f *facts, p period) {
	if !p.known || p.after == p.from {
		return // what began at its first moment may have begun before
	}
	most := f.most(func(p *policies.Policy) int { return p.Breaker.HalfOpenMaxCalls })
	if f.spec != nil && f.spec.Probe != nil {
		most = 0
	}
	var running []*Attempt
	for _, a := range f.attempts {
		if p.from <= a.Begun.At && a.Begun.At < p.to {
			running = append(running, a)
		}
	}
	if n := c.crowd(running, p.to); n > most {
		c.fail("I3: %d probes ran on %s at a time, which was half-open from %s to %s", n, f.name, p.from, p.to)
	}
}

// crowd is the greatest number of the attempts that ran at the same time, before
// the end.
func (c *checker) crowd(attempts []*Attempt, end time.Duration) int {
	type step struct {
		at    time.Duration
		delta int
	}
	var steps []step
	for _, a := range attempts {
		steps = append(steps, step{a.Begun.At, 1}, step{min(c.over(a), end), -1})
	}
	slices.SortFunc(steps, func(a, b step) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.delta, b.delta)) })
	n, most := 0, 0
	for _, s := range steps {
		n += s.delta
		most = max(most, n)
	}
	return most
}

// ownProbes sees to it that a program's own probes run one at a time.
func (c *checker) ownProbes() {
	for i, p := range c.Probes {
		for _, q := range c.Probes[:i] {
			if q.Target == p.Target && (q.Ended.Never() || q.Ended.Seq > p.Begun.Seq) && !c.of(p.Target).killed {
				c.fail("I3: two probes of %s ran at a time", p.Target)
			}
		}
	}
}
