package supervisor

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/latency"
)

// ErrHedgeLost is the cause of the context of an attempt when another of its
// operation was faster.
var ErrHedgeLost = errors.New("another attempt of the operation was faster")

// hedges says whether the operation may have two attempts at a time. One with a
// back-off of the caller's own may not: that is asked about one attempt after
// the other.
func (op *operation) hedges() bool {
	p, o := op.policy, op.options
	return p.hedged && p.Retry.Enabled && o.backOff == nil &&
		(o.idempotent || o.key != "" || p.Retry.Idempotent == policies.IdempotentYes)
}

// prepareRace gives the attempts of a hedged operation a context that ends when
// it has its outcome.
func (op *operation) prepareRace() {
	s := op.specially()
	s.racing, s.endRace = context.WithCancelCause(op.caller())
}

// decided ends what is left of a race.
func (op *operation) decided() {
	if !op.hedges() {
		return
	}
	if c := op.course; c != nil && c.special != nil && c.special.endRace != nil {
		c.special.endRace(ErrHedgeLost)
	}
}

// delays learns after what time an attempt is hedged. It is safe for concurrent
// use.
type delays struct {
	mu     sync.Mutex
	of     policies.Hedge
	window *latency.Window
}

func (d *delays) follow(h policies.Hedge) {
	if d.of != h {
		d.of, d.window = h, nil
		if h.Quantile > 0 {
			d.window = latency.NewWindow(h.Quantile)
		}
	}
}

// after is when an attempt is hedged, zero for never.
func (d *delays) after(h policies.Hedge) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.follow(h)
	if d.window == nil {
		return h.Delay
	}
	learned, _ := d.window.Estimate()
	return max(learned, h.Delay)
}

// took notes how long a successful attempt ran.
func (d *delays) took(h policies.Hedge, ran time.Duration) {
	if h.Quantile == 0 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.follow(h)
	d.window.Add(ran)
}

// startHedgeClock has another attempt begin if this one takes long.
func (w *watched) startHedgeClock() {
	t := w.op.target
	if after := t.seldom().delays.after(w.op.policy.Hedge); after > 0 {
		w.hedgeClock = time.AfterFunc(after, func() { t.tell(&slow{attempt: w, after: after}) })
	}
}

// elapsed says whether the policy's max_elapsed lets no attempt begin any more.
func (op *operation) elapsed() bool {
	d := op.policy.Retry.MaxElapsed
	return d > 0 && op.target.sup.reading()-op.course.accepted > d
}

// hedge begins another attempt beside one that takes long, if that is allowed
// and nobody has to wait for it.
func (a *targetActor) hedge(m *slow) {
	op := m.attempt.op
	s := op.specially()
	begun := int(op.phase.Load())
	view := a.breaker.View()
	switch {
	case begun == concluded || m.attempt.phase.Load() != attempting || m.attempt.number != begun:
		return
	case s.hedged >= op.policy.Hedge.MaxHedges || begun >= op.policy.maxAttempts() || op.elapsed():
		return
	case a.halted != nil || a.crowded() || a.queue.n > 0 || a.paced():
		return
	case !view.Direct: // also while it is on its ramp: a hedge is the first to do without
		return
	}
	w, full := a.pool.takeFor(op.body)
	if w == nil && !full {
		w = a.spawn(op, false)
	}
	if w == nil {
		return
	}
	if !a.afford(op) {
		a.release(w, false)
		return
	}
	s.hedged++
	a.seldom().hedges.Add(1)
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.HedgeStarted{Header: a.header(), Operation: op.id(), Attempt: begun + 1, After: m.after})
	}
	a.deliver(op, w, breaker.Permit{Generation: view.Generation}, view)
}
