package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/concurrency"
)

// adaptive is the part of a pool that has its limit follow latency. It is
// guarded by the pool's mutex.
type adaptive struct {
	limiter *concurrency.Limiter
	bounds  policies.Pool
	told    int  // the limit as it was last published
	telling bool // less than a second ago, or about to be
}

// ConcurrencySnapshot is the state of an adaptive limit.
type ConcurrencySnapshot struct {
	// Limit is how many attempts may run now, from Min to Max.
	Limit, Min, Max int
	// Latency is the mean of late, and Base that of the target when nothing
	// queues in it. They are 0 while nothing is known.
	Latency, Base time.Duration
}

// configure follows another policy, and returns the workers that are to be
// stopped. What is known of the latency is kept as long as the pool stays
// adaptive.
func (p *pool) configure(policy policies.Pool) (beyond []*worker) {
	p.lock()
	defer p.unlock()
	if !policy.Adaptive {
		p.adaptive = nil
		p.limit = policy.Workers
		p.useSpares()
		return append(p.dropSpares(0), p.resize(policy.Workers)...)
	}
	if p.adaptive == nil {
		l := concurrency.New(policy)
		p.adaptive = &adaptive{limiter: l, told: l.Limit()}
	}
	p.adaptive.bounds = policy
	p.adaptive.limiter.Configure(policy)
	p.moveLimit(p.adaptive.limiter.Limit())
	return p.dropSpares(policy.Workers - p.size)
}

// moveLimit lets more or fewer workers be used. Those beyond a lower limit are
// kept: it may rise again in a moment, and what they hold may be costly.
func (p *pool) moveLimit(limit int) {
	p.limit = limit
	for p.size > limit {
		w := p.oldest()
		if w == nil {
			break
		}
		p.keepSpare(w)
	}
	p.useSpares()
}

// keepsSpare says whether a worker that is put back beyond the limit is kept.
func (p *pool) keepsSpare(w *worker) bool {
	return p.adaptive != nil && !w.retired && !w.extra && !p.closed && p.size+len(p.spare) <= p.adaptive.bounds.Workers
}

func (p *pool) keepSpare(w *worker) {
	p.size--
	w.spare = true
	p.spare = append(p.spare, w)
}

// unspare gives the spare worker that was used last, nil if there is none or
// the limit forbids it.
func (p *pool) unspare() *worker {
	n := len(p.spare)
	if n == 0 || p.size >= p.limit {
		return nil
	}
	w := p.spare[n-1]
	p.spare = p.spare[:n-1]
	w.spare = false
	p.size++
	return w
}

func (p *pool) useSpares() {
	for w := p.unspare(); w != nil; w = p.unspare() {
		p.rests(w)
	}
}

// dropSpares leaves n spare workers, and returns the others.
func (p *pool) dropSpares(n int) (beyond []*worker) {
	for n = max(0, n); len(p.spare) > n; p.spare = p.spare[1:] {
		p.retireOne(p.spare[0])
		beyond = append(beyond, p.spare[0])
	}
	return beyond
}

func (p *pool) concurrency() ConcurrencySnapshot {
	p.lock()
	defer p.unlock()
	a := p.adaptive
	if a == nil {
		return ConcurrencySnapshot{}
	}
	return ConcurrencySnapshot{Limit: p.limit, Min: a.bounds.MinWorkers, Max: a.bounds.Workers,
		Latency: a.limiter.Latency(), Base: a.limiter.Base()}
}
