package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// facts is what is known of one target from its program and its events.
type facts struct {
	name     string
	spec     *Target
	versions []Version
	attempts []*Attempt
	periods  []period
	// killed says that the target was stopped and another took its name.
	killed bool
}

// period is a time for which a breaker was in one state.
type period struct {
	state    breaker.State
	from, to time.Duration
	seen     int // the moment at which the event of its beginning was seen
	after    time.Duration
	known    bool // the period before is known too, and began at after
	expired  bool // it ended with the lease of a probe
}

// prepare collects the facts.
func (c *checker) prepare() {
	c.facts, c.byID = map[string]*facts{}, map[string][]*Attempt{}
	for _, op := range c.Ops {
		for _, a := range op.Attempts {
			if !a.Known {
				c.fail("I4: %s ran outside of an attempt", op.name())
				continue
			}
			f := c.of(a.Info.Target)
			f.attempts = append(f.attempts, a)
			c.byID[a.Info.OperationID] = append(c.byID[a.Info.OperationID], a)
		}
	}
	for _, e := range c.Events {
		f := c.of(e.Event.About().Target)
		switch event := e.Event.(type) {
		case actors.BreakerChanged:
			f.moves(event.Transition, event.Transition.At.Sub(c.from), e.When.Seq)
		case actors.TargetStarted:
			f.ends(event.At.Sub(c.from))
		}
	}
	for _, control := range c.Controls {
		switch control.Step.Verb {
		case KillTarget:
			for name, f := range c.facts {
				f.killed = f.killed || base(name) == control.Step.Target
			}
		}
	}
	for _, f := range c.facts {
		f.killed = f.killed || f.any(func(p *policies.Policy) bool {
			return p.Restart.MaxRestarts != policies.Never && p.Restart.Exceeded != policies.TripBreaker
		})
	}
}

// of gives the facts of a target, by the name that functions see.
func (c *checker) of(name string) *facts {
	f := c.facts[name]
	if f == nil {
		f = &facts{name: name, versions: c.Policies[base(name)]}
		for i := range c.Program.Targets {
			if c.Program.Targets[i].Name == base(name) {
				f.spec = &c.Program.Targets[i]
			}
		}
		c.facts[name] = f
	}
	return f
}

// base is the template of a keyed target's name.
func base(name string) string {
	name, _, _ = strings.Cut(name, "[")
	return name
}

const endless = time.Duration(1<<63 - 1)

// ends closes the last period, if there is one.
func (f *facts) ends(at time.Duration) {
	if n := len(f.periods); n > 0 && f.periods[n-1].to == endless {
		f.periods[n-1].to = at
	}
}

func (f *facts) moves(t breaker.Transition, at time.Duration, seen int) {
	p := period{state: t.To, from: at, to: endless, seen: seen}
	if n := len(f.periods); n > 0 && f.periods[n-1].to == endless {
		p.after, p.known = f.periods[n-1].from, true
		f.periods[n-1].expired = t.Reason == breaker.ReasonProbeLeaseExpired
	}
	f.ends(at)
	f.periods = append(f.periods, p)
}

// any says whether it holds for any policy that the target ever had.
func (f *facts) any(holds func(*policies.Policy) bool) bool {
	return slices.ContainsFunc(f.versions, func(v Version) bool { return holds(&v.Policy) })
}

// most is the greatest of a number over those policies.
func (f *facts) most(of func(*policies.Policy) int) int {
	n := 0
	for i := range f.versions {
		n = max(n, of(&f.versions[i].Policy))
	}
	return n
}

// late says whether functions may begin later than their attempts.
func (f *facts) late() bool {
	return f.any(func(p *policies.Policy) bool { return p.Chaos.Enabled && p.Chaos.LatencyRate > 0 }) ||
		f.spec != nil && slices.ContainsFunc(f.spec.Factory, func(d Deed) bool { return d.Takes > 0 })
}

// hidden says whether attempts may end before their functions begin.
func (f *facts) hidden() bool {
	return f.any(func(p *policies.Policy) bool { return p.Chaos.Enabled }) ||
		f.spec != nil && slices.ContainsFunc(f.spec.Factory, func(d Deed) bool { return d.Result != "ok" || d.Takes > 0 })
}

// timeout is the shortest attempt_timeout that the target ever had, 0 for none.
func (f *facts) timeout() (d time.Duration) {
	for _, v := range f.versions {
		if t := v.Retry.AttemptTimeout; t > 0 && (d == 0 || t < d) {
			d = t
		}
	}
	return d
}

func (f *facts) hedges() bool { return f.any(func(p *policies.Policy) bool { return p.Hedge.On() }) }

// detached says whether attempts may run on goroutines of workers.
func (f *facts) detached() bool {
	return f.timeout() > 0 || f.hedges() || f.spec != nil && f.spec.Factory != nil
}

// possible gives the policies of its target that an attempt may run under: those
// in force at some time between the operation's acceptance and its beginning.
func (c *checker) possible(a *Attempt) (all []Version) {
	versions := c.of(a.Info.Target).versions
	for i, v := range versions {
		replaced := i+1 < len(versions) && !versions[i+1].Since.Never() && versions[i+1].Since.Seq < a.Op.Asked.Seq
		if v.From.Seq < a.Begun.Seq && !replaced {
			all = append(all, v)
		}
	}
	return all
}

// timeoutOf is the attempt's time, 0 if it has no bound. Where reloads leave
// open which it is, it is the shortest.
func (c *checker) timeoutOf(a *Attempt) (d time.Duration, certain bool) {
	all := c.possible(a)
	certain = true
	for _, v := range all {
		t := v.Retry.AttemptTimeout
		certain = certain && t == all[0].Retry.AttemptTimeout
		if t > 0 && (d == 0 || t < d) {
			d = t
		}
	}
	return d, certain
}

// over is when the attempt was certainly over for the supervisor: it has ended,
// or its time was up.
func (c *checker) over(a *Attempt) time.Duration {
	end := endless
	if !a.Ended.Never() {
		end = a.Ended.At
	}
	if t, _ := c.timeoutOf(a); t > 0 {
		end = min(end, a.Begun.At+t)
	}
	return end
}
