package scenarios

import (
	"slices"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// shutdowns is I7.
func (c *checker) shutdowns() {
	for _, s := range c.Controls {
		if s.Step.Verb != Shutdown || s.Ended.Never() {
			continue
		}
		_, straggling := s.Err.(*supervisor.StragglersError)
		switch {
		case s.Err == nil:
			c.nothingRuns(s.Ended)
		case !straggling || s.Ended.At-s.Begun.At != s.Step.For:
			c.fail("I7: a shutdown of %s ended after %s with %v", s.Step.For, s.Ended.At-s.Begun.At, s.Err)
		}
		for _, op := range c.Ops {
			if op.Asked.Seq < s.Ended.Seq {
				continue
			}
			if len(op.Attempts) > 0 {
				c.fail("I7: %s ran although it was asked for after a shutdown", op.name())
			}
			if len(op.Outcomes) == 1 && op.Outcomes[0].When.At != op.Asked.At {
				c.fail("I7: %s was asked for after a shutdown and had to wait", op.name())
			}
		}
	}
	for _, s := range c.States {
		if s.Closed.Never() {
			c.fail("I7: a stateful worker of %s was never closed", s.Target)
		}
	}
}

// nothingRuns sees to it that no function did.
func (c *checker) nothingRuns(at Moment) {
	for _, op := range c.Ops {
		for _, a := range op.Attempts {
			if c.ran(a, at) {
				c.fail("I7: a shutdown said that all has ended, and %s still ran", op.name())
			}
		}
	}
}

// reloaded is I8: an operation runs under a policy that was in force when it was
// accepted.
func (c *checker) reloaded() {
	for _, op := range c.Ops {
		if len(op.Attempts) == 0 {
			continue
		}
		a := op.Attempts[0]
		right := false
		for _, v := range c.possible(a) {
			right = right || attemptsOf(v.Policy) == a.Info.MaxAttempts
		}
		if !right {
			c.fail("I8: %s runs with %d attempts, which no policy in force gave it", op.name(), a.Info.MaxAttempts)
		}
	}
	for _, s := range c.Controls {
		if s.Step.Verb == ReloadBad && s.Err != nil {
			c.fail("I8: %v", s.Err)
		}
	}
}

func attemptsOf(p policies.Policy) int {
	if !p.Retry.Enabled {
		return 1
	}
	return p.Retry.MaxAttempts
}

// bounds is I13: queues, workers and keys have limits.
func (c *checker) bounds() {
	for _, l := range c.Looks {
		for _, t := range l.Targets {
			f := c.of(t.Name)
			pending := f.most(func(p *policies.Policy) int { return p.Pool.MaxPending })
			// What was on its way to a worker when the breaker opened again goes back
			// to its place, which another may have taken meanwhile.
			back := f.most(func(p *policies.Policy) int { return p.Pool.Workers + p.Breaker.HalfOpenMaxCalls })
			if n := t.Queued + t.Parked + t.InBackoff; n > pending+back {
				c.fail("I13: %d operations wait on %s, where %d may", n, t.Name, pending)
			}
		}
		for _, k := range l.Keyed {
			most := c.of(k.Template).most(func(p *policies.Policy) int { return p.Keyed.MaxKeys })
			if k.Live+k.Remembered > most {
				c.fail("I13: %d keys of %s are known, where %d may be", k.Live+k.Remembered, k.Template, most)
			}
		}
	}
	for _, f := range c.facts {
		if f.killed || f.late() {
			continue
		}
		var running []*Attempt
		for _, a := range f.attempts {
			if a.Op.Within == nil { // others are lent a worker
				running = append(running, a)
			}
		}
		// Each time it is half-open, probes may have a worker beyond the limit.
		times := 1
		for _, p := range f.periods {
			if p.state == breaker.HalfOpen {
				times++
			}
		}
		most := f.most(func(p *policies.Policy) int { return p.Pool.Workers + times*p.Breaker.HalfOpenMaxCalls })
		if n := c.crowd(running, endless); n > most {
			c.fail("I13: %d attempts ran on %s at a time, where %d may", n, f.name, most)
		}
	}
}

// atRest looks at what is left when nothing has happened for long: whatever
// waits then must have something to wait for.
func (c *checker) atRest() {
	if !c.Quiet || len(c.Looks) == 0 {
		return
	}
	at := c.Looks[len(c.Looks)-1].When
	waiting := 0
	for _, op := range c.Ops {
		for _, a := range op.Attempts {
			if _, certain := c.timeoutOf(a); !certain && c.ran(a, at) {
				return
			}
		}
	}
	for _, t := range c.Final.Targets {
		waiting += t.InBackoff + t.Parked + t.Queued
		busy := c.busy(t.Name, at)
		policy := c.of(t.Name).latest()
		full := busy >= policy.Pool.Workers || t.StillRunning >= policy.Pool.MaxAbandoned || policy.Pool.Adaptive && busy > 0
		switch {
		case t.InBackoff > 0:
			c.fail("I1: %d operations on %s wait for a time that never comes", t.InBackoff, t.Name)
		case t.Queued > 0 && !full:
			c.fail("I1: %d operations on %s wait for a worker, and %d of %d are busy", t.Queued, t.Name, busy, policy.Pool.Workers)
		case t.Parked > 0 && !full && t.Breaker.State.Admits():
			c.fail("I1: %d operations on %s are parked, and its breaker is %s", t.Parked, t.Name, t.Breaker.State)
		}
		if counts := t.Breaker.Counts; busy == 0 && counts.ProbesRunning+counts.RampRunning > 0 {
			c.fail("I3: %s has lost %d slots of probes and %d of its ramp", t.Name, counts.ProbesRunning, counts.RampRunning)
		}
	}
	lost, ended := 0, 0
	for _, op := range c.Ops {
		switch {
		case op.Asked.Seq > at.Seq: // when what it was asked for within went on
		case len(op.Outcomes) == 1 && op.Outcomes[0].When.Seq < at.Seq:
			ended++
		case !c.runs(op, at):
			lost++
		}
	}
	if lost != waiting {
		c.fail("I1: %d operations have neither an outcome nor a function that runs, and %d wait", lost, waiting)
	}
}

func (f *facts) latest() policies.Policy { return f.versions[len(f.versions)-1].Policy }

// busy is how many attempts run on a target at that moment.
func (c *checker) busy(target string, at Moment) (n int) {
	for _, a := range c.of(target).attempts {
		if c.ran(a, at) && !c.overdue(a, at) {
			n++
		}
	}
	return n
}

// ran says whether the attempt's function did at that moment.
func (c *checker) ran(a *Attempt, at Moment) bool {
	return a.Begun.Seq < at.Seq && (a.Ended.Never() || a.Ended.Seq > at.Seq)
}

// overdue says whether the attempt's time was up by then.
func (c *checker) overdue(a *Attempt, at Moment) bool {
	t, _ := c.timeoutOf(a)
	return t > 0 && a.Begun.At+t <= at.At
}

// runs says whether a function of the operation does at that moment.
func (c *checker) runs(op *Op, at Moment) bool {
	for _, a := range op.Attempts {
		if c.ran(a, at) && !c.overdue(a, at) && !c.fellBack(a, at) {
			return true
		}
	}
	return false
}

// fellBack says whether the operation had gone on elsewhere, and left the attempt
// to itself: another beside it has failed in a way that ends the operation there.
func (c *checker) fellBack(a *Attempt, at Moment) bool {
	return slices.ContainsFunc(c.Events, func(s Seen) bool {
		e, ok := s.Event.(actors.OperationFellBack)
		return ok && s.When.Seq < at.Seq && e.Operation == a.Info.OperationID && e.Target == a.Info.Target
	})
}
