package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/concurrency"
)

// observe takes in the end of an attempt whose worker was not yet put back. It
// says whether more may run than before, and whether the limit is news.
func (p *pool) observe(attempt concurrency.Attempt) (raised, news bool) {
	p.lock()
	defer p.unlock()
	a := p.adaptive
	if a == nil {
		return false, false
	}
	attempt.InFlight = p.busy()
	a.limiter.Observe(attempt)
	limit := a.limiter.Limit()
	if limit == p.limit {
		return false, false
	}
	raised = limit > p.limit
	p.moveLimit(limit)
	news = !a.telling && a.notable()
	a.telling = a.telling || news
	return raised, news
}

// notable says whether the limit differs enough from what was told.
func (a *adaptive) notable() bool {
	moved := a.limiter.Estimate() - a.told
	return 5*max(moved, -moved) >= max(1, a.told)
}

// concurrencyNews gives what is to be told of the limit, and false if that is
// nothing.
func (p *pool) concurrencyNews() (e actors.ConcurrencyChanged, ok bool) {
	p.lock()
	defer p.unlock()
	a := p.adaptive
	if a == nil || !a.telling {
		return e, false
	}
	if !a.notable() {
		a.telling = false
		return e, false
	}
	e.From, e.To = a.told, a.limiter.Estimate()
	e.Latency, e.Base = a.limiter.Latency(), a.limiter.Base()
	a.told = e.To
	return e, true
}

// measure has the limit of an adaptive target follow an attempt that ended. It
// comes before the worker is put back: if more may run then, and operations
// wait, that worker's return has the supervisor serve them.
func (t *Target) measure(began time.Duration, dropped bool) (raised bool) {
	raised, news := t.pool.observe(concurrency.Attempt{Began: began, Ended: t.sup.since(), Dropped: dropped})
	if news {
		t.tell(limitMoved{})
	}
	return raised
}

// measureFailure does so for an attempt that failed. What failed for another
// reason than too much work says nothing: it may have failed at once.
func (a *targetActor) measureFailure(m *settled) {
	if !m.op.policy.Pool.Adaptive || !m.op.course.failure.verdict.Overload() {
		return
	}
	began := m.op.began
	if m.attempt != nil {
		began = m.attempt.began
	}
	if a.measure(began, true) {
		a.serveQueue() // its worker may not be put back for a while
	}
}

// reportLimit tells of an adaptive limit that moved, and looks again after a
// second.
func (a *targetActor) reportLimit() {
	e, ok := a.pool.concurrencyNews()
	if !ok || a.down {
		return
	}
	e.Header = a.header()
	a.sup.bus.Publish(e)
	if a.limitReport == nil {
		a.limitReport = time.AfterFunc(time.Second, func() { a.tell(limitMoved{}) })
		return
	}
	a.limitReport.Reset(time.Second)
}
