package model_test

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

type kind uint8

const (
	made       kind = iota // the first event
	let                    // an attempt was let through
	refused                // an attempt was not
	told                   // the owner refused n on its own
	counted                // n successes of an earlier generation
	ended                  // an attempt was settled
	stale                  // a permit was settled that is worth nothing
	expired                // a probe's lease ran out
	changed                // a transition
	configured             // other settings
	sized                  // another capacity
	stepped                // a ramp let one more run
	rampOver               // a ramp ended without a transition
	restored               // put away and made anew
)

// event is one thing that happened. Which fields mean something depends on kind.
type event struct {
	kind kind
	at   time.Time
	// in is the state that it met, and ramping whether there was a ramp then.
	in      breaker.State
	ramping bool

	settings policies.Breaker
	permit   breaker.Permit
	lease    time.Time // of a probe
	attempt  breaker.Attempt
	slow     bool
	change   breaker.Transition
	ramps    bool // the change begins a ramp
	n        int  // refusals, or the capacity
}

// counts says whether the attempt counts for or against the target.
func (e *event) counts() bool {
	return e.attempt.Outcome == policies.Success || e.attempt.Outcome == policies.Failure
}

// failed says whether a failure was counted, which leases that run out are too.
func (e *event) failed() bool {
	return e.kind == expired || e.kind == ended && e.in != breaker.Disabled && e.attempt.Outcome == policies.Failure
}

func (e *event) succeeded() bool {
	return e.kind == ended && e.in != breaker.Disabled && e.attempt.Outcome == policies.Success
}

// cleans says whether a transition lets everything through with a clean slate.
func (e *event) cleans() bool {
	return e.kind == changed && (e.change.To == breaker.Closed || e.change.To == breaker.ForcedClosed || e.change.To == breaker.Disabled)
}

// byFailure says whether a transition opened because the target failed, and not
// for a wall whose end is known.
func (e *event) byFailure() bool {
	return e.kind == changed && e.change.To == breaker.Open && e.change.Wall.IsZero()
}

// reference is the naive machine.
type reference struct{ history []event }

func newReference(s policies.Breaker, now time.Time) *reference {
	return &reference{history: []event{{kind: made, at: now, settings: s}}}
}

func (r *reference) note(e event) {
	e.in, e.ramping = r.state(), r.ramp().on
	r.history = append(r.history, e)
}

// last finds the latest event of a kind.
func (r *reference) last(k kind) *event {
	for i := len(r.history) - 1; i >= 0; i-- {
		if r.history[i].kind == k {
			return &r.history[i]
		}
	}
	return nil
}

// since is the events of the present generation.
func (r *reference) since() []event {
	for i := len(r.history) - 1; i >= 0; i-- {
		if r.history[i].kind == changed {
			return r.history[i+1:]
		}
	}
	return r.history
}

// R1: a new breaker is closed, or disabled if its settings say so.
func (r *reference) state() breaker.State {
	if e := r.last(changed); e != nil {
		return e.change.To
	}
	if r.history[0].settings.Enabled {
		return breaker.Closed
	}
	return breaker.Disabled
}

// R4: each transition is a new generation, and nothing else is.
func (r *reference) generation() (n uint64) {
	for i := range r.history {
		if r.history[i].kind == changed {
			n++
		}
	}
	return n + 1
}

func (r *reference) settings() *policies.Breaker {
	for i := len(r.history) - 1; ; i-- {
		switch e := &r.history[i]; e.kind {
		case made, configured, restored:
			return &e.settings
		}
	}
}

// began is when the present generation did.
func (r *reference) began() time.Time {
	if e := r.last(changed); e != nil {
		return e.at
	}
	return r.history[0].at
}

func (r *reference) until() (until time.Time) {
	if e := r.last(changed); e != nil {
		until = e.change.Until
	}
	return until
}

// capacity is 0 for a machine that was made anew and not told yet.
func (r *reference) capacity() int {
	for i := len(r.history) - 1; i >= 0; i-- {
		switch e := &r.history[i]; e.kind {
		case sized:
			return e.n
		case restored:
			return 0
		}
	}
	return 0
}

// probesOut is the probes that hold a slot, and when their leases end.
func (r *reference) probesOut() map[uint64]time.Time {
	out := map[uint64]time.Time{}
	for _, e := range r.since() {
		switch {
		case e.kind == restored:
			clear(out)
		case e.kind == let && e.permit.Probe != 0:
			out[e.permit.Probe] = e.lease
		case e.kind == ended:
			delete(out, e.permit.Probe)
		}
	}
	return out
}

// probeSuccesses is those since the machine became half-open.
func (r *reference) probeSuccesses() (n int) {
	for _, e := range r.since() {
		if e.in == breaker.HalfOpen && e.succeeded() && !e.slow {
			n++
		}
	}
	return n
}

// failuresInARow is the failures since the last success or clean slate. R6
func (r *reference) failuresInARow() (n int) {
	for i := len(r.history) - 1; i >= 0; i-- {
		e := &r.history[i]
		switch {
		case e.cleans(), e.succeeded():
			return n
		case e.failed() && e.in != breaker.ForcedClosed:
			n++
		}
	}
	return n
}

func (r *reference) successesInARow() (n int) {
	for i := len(r.history) - 1; i >= 0; i-- {
		e := &r.history[i]
		switch {
		case e.cleans(), e.failed(), e.kind == restored:
			return n
		case e.succeeded() && e.in != breaker.ForcedClosed:
			n++
		}
	}
	return n
}

// reopens is the failed recoveries since one was completed. R10, R20
func (r *reference) reopens() (n int) {
	for i := range r.history {
		e := &r.history[i]
		switch {
		case e.byFailure() && (e.change.From == breaker.HalfOpen || e.ramping):
			n++
		case e.cleans() && !e.ramps, e.kind == rampOver, e.kind == restored && e.in == breaker.Closed:
			n = 0
		}
	}
	return n
}
