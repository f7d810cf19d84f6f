package supervisor

import (
	"context"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// probeRun is one run of a target's own probe, on a goroutine of its own that
// the target's end waits for.
type probeRun struct {
	target  *Target
	check   func(context.Context) error
	ctx     context.Context
	cancel  context.CancelFunc
	permit  breaker.Permit
	lease   time.Time
	rules   classify.Rules
	verdict classify.Verdict
}

// run is the boundary around the user's probe. Whatever way it ends, its slot
// is given back.
func (r *probeRun) run() {
	began := time.Now()
	r.verdict = classify.Verdict{Outcome: policies.Failure, Condition: classify.Unknown, Err: actors.ErrGoexit}
	defer func() {
		r.cancel()
		took := time.Since(began)
		settlement := actors.Settlement{Permit: r.permit, Outcome: r.verdict.Outcome, Ran: took}
		f := failure{err: r.verdict.Err, verdict: r.verdict}
		f.tell(&settlement)
		r.target.breaker.Settle(settlement, &probed{probeRun: r, took: took})
		r.target.pool.endProbe()
	}()
	err := actors.Guard(func() error { return r.check(r.ctx) })
	r.verdict = classify.Verdict{}
	if err != nil {
		r.classify(err)
	}
}

// classify says what the error means. It calls methods of the error, which are
// the user's.
func (r *probeRun) classify(err error) {
	r.verdict = classify.Verdict{Outcome: policies.Failure, Condition: classify.Unknown, Err: err}
	var gone error
	if r.ctx.Err() == context.Canceled { // by us; the lease's end is the target's fault
		gone = context.Canceled
	}
	_ = actors.Guard(func() error {
		r.verdict = classify.Classify(err, gone, time.Now(), r.rules)
		return nil
	})
}

// beginProbe makes the probe count among what runs, and is false if nothing
// may begin any more.
func (p *pool) beginProbe() bool {
	p.lock()
	defer p.unlock()
	if p.closed {
		return false
	}
	p.first.busy++
	p.probing = true
	return true
}

func (p *pool) endProbe() {
	p.lock()
	defer p.unlock()
	p.probing = false
	p.first.busy--
	p.checkDrained()
}

func (p *pool) isProbing() bool {
	p.lock()
	defer p.unlock()
	return p.probing
}

// ProbeSnapshot is a target's own probe, see [WithProbe].
type ProbeSnapshot struct {
	// Running says that one runs now, since Since.
	Running bool
	Since   time.Time
	// Runs counts those that ended, Failures the ones of them that failed.
	Runs, Failures uint64
	// LastAt is when the latest of them ended, LastOutcome and LastErr how.
	LastAt      time.Time
	LastOutcome policies.Outcome
	LastErr     error
}

func (s *ProbeSnapshot) copy() *ProbeSnapshot {
	if s == nil {
		return nil
	}
	c := *s
	return &c
}
