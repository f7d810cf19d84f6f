package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// WithProbe has a target probed by a function of yours, such as a request to
// its health endpoint, in place of its callers' operations. While the breaker
// is half-open it runs one at a time, circuit_breaker.probe_interval apart;
// calls are refused, or parked, until it has closed. SuccessThreshold successes
// close it and a failure opens it again. The target must be in the set.
//
// What an error means is found as for an operation, by the lists of the target
// too: one that nobody knows is a failure, one that is ignored or throttled
// neither closes nor opens. A server's own delay is heeded. A panic, runtime.Goexit, and a probe that has not
// returned within circuit_breaker.probe_lease are failures.
//
// ctx ends with the lease, at Shutdown, and when somebody closes or opens the
// breaker by hand. A probe that ignores it is left behind, and no other begins
// before it has returned: the breaker opens again when the lease of the one
// that could not begin is over. Shutdown waits for it. The probe must not send
// operations to its own target: they would be refused.
func WithProbe(target string, probe func(ctx context.Context) error) Option {
	return func(o *options) { o.probes[target] = probe }
}

func (o *options) checkProbes(set *policies.Set) (errs []error) {
	for name, probe := range o.probes {
		if _, err := set.Target(name); err != nil {
			errs = append(errs, fmt.Errorf("WithProbe: %w", err))
		}
		if probe == nil {
			errs = append(errs, fmt.Errorf("WithProbe: the function for %q is nil", name))
		}
	}
	return errs
}

// prober runs a target's own probe. The target's supervisor owns it.
type prober struct {
	check  func(context.Context) error
	asking bool
	runs   *probeRun        // nil if none does
	held   actors.Admission // of the next, which waits for an earlier one to return
	rests  uint64           // the generation in which the next waits for timer
	timer  *time.Timer      // between two probes
}

func (a *targetActor) setProbe(check func(context.Context) error) {
	if check != nil {
		a.prober = &prober{check: check}
		a.seldom().probe.Store(&ProbeSnapshot{})
	}
}

// probes says whether no operation is to be asked for, since the target's own
// probe finds out.
func (a *targetActor) probes(view *actors.View) bool {
	return a.prober != nil && view.State == breaker.HalfOpen
}

// probe has a half-open breaker probed, unless that is under way.
func (a *targetActor) probe() {
	p := a.prober
	if p == nil {
		return
	}
	view := a.breaker.View()
	if r := p.runs; r != nil && r.permit.Generation != view.Generation && time.Now().Before(r.lease) {
		r.cancel() // its outcome changes nothing any more
	}
	switch {
	case a.halted != nil, view.State != breaker.HalfOpen, p.asking, p.rests == view.Generation:
	case p.runs != nil && p.runs.permit.Generation == view.Generation, p.held.Permit.Generation == view.Generation:
	case a.pace.until.After(time.Now()): // the server asked to be left alone
		a.restProbe(view.Generation)
	default:
		p.asking = true
		a.breaker.Ask(func(answer actors.Admission) { a.tell(&probeAdmitted{answer}) })
	}
}

func (a *targetActor) probeAdmitted(m *probeAdmitted) {
	p := a.prober
	p.asking = false
	switch {
	case !m.Granted: // the breaker has moved, and says so
	case p.runs != nil:
		p.held = m.Admission
	default:
		a.beginProbe(m.Admission)
	}
}

func (a *targetActor) beginProbe(leave actors.Admission) {
	if a.halted != nil || !a.pool.beginProbe() {
		a.giveBack(leave.Permit, true)
		return
	}
	p := a.prober
	r := &probeRun{target: a.Target, check: p.check, permit: leave.Permit, lease: leave.Lease, rules: a.policy.Load().rules}
	r.ctx, r.cancel = context.WithDeadline(context.Background(), r.lease)
	p.runs = r
	shown := a.seldom().probe.Load().copy()
	shown.Running, shown.Since = true, time.Now()
	a.seldom().probe.Store(shown)
	if !a.sup.errands.run(r.run, func(error) {}) {
		r.cancel() // the supervisor shuts down
		p.runs = nil
		a.pool.endProbe()
		a.giveBack(leave.Permit, true)
	}
}

// probed goes on after a probe: with the next one if the breaker is undecided.
func (a *targetActor) probed(m *probed) {
	p := a.prober
	p.runs = nil
	a.tellProbed(m.verdict, m.took)
	a.heedServer(&failure{err: m.verdict.Err, verdict: m.verdict})
	view, held := a.breaker.View(), p.held
	p.held = actors.Admission{}
	if held.Permit.Holds() && held.Permit.Generation == view.Generation {
		a.beginProbe(held)
		return
	}
	if a.halted == nil && view.State == breaker.HalfOpen && view.Generation == m.permit.Generation {
		a.restProbe(view.Generation)
		return
	}
	a.probe()
}

// restProbe has the next probe wait for the interval, or until the server wants
// to be asked again.
func (a *targetActor) restProbe(generation uint64) {
	p := a.prober
	p.rests = generation
	wait := max(a.policy.Load().Breaker.ProbeInterval, time.Until(a.pace.until))
	p.timer = time.AfterFunc(wait, func() { a.tell(probeDue{generation}) })
}

func (a *targetActor) probeDue(m probeDue) {
	if p := a.prober; p.rests == m.generation {
		p.rests = 0
		a.probe()
	}
}

func (a *targetActor) tellProbed(v classify.Verdict, took time.Duration) {
	now := time.Now()
	shown := a.seldom().probe.Load().copy()
	shown.Running, shown.Since = false, time.Time{}
	shown.Runs++
	if v.Outcome == policies.Failure {
		shown.Failures++
	}
	shown.LastAt, shown.LastOutcome, shown.LastErr = now, v.Outcome, v.Err
	a.seldom().probe.Store(shown)
	a.sup.bus.Publish(actors.Probed{Header: actors.Header{Target: a.name, At: now},
		Outcome: v.Outcome, Condition: v.Condition, Err: v.Err, Took: took})
}

// stopProbing lets the probe that runs know, and begins no other.
func (a *targetActor) stopProbing() {
	p := a.prober
	if p == nil {
		return
	}
	if p.runs != nil {
		p.runs.cancel()
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.rests = 0
}
