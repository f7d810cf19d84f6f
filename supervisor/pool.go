package supervisor

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// pool holds a target's workers. Callers take idle ones from it and put them
// back without a message; everything else about workers is the supervisor's.
// It is safe for concurrent use.
type pool struct {
	first lane                  // the only one at first
	lanes atomic.Pointer[lanes] // in its place, once callers met there; nil before

	// Guarded by mu, which comes before that of any lane.
	mu      sync.Mutex
	workers map[string]*worker // by PID id, nil if there is none
	limit   int
	size    int // workers that count against it
	waiting int // operations in the supervisor's queue
	closed  bool
	held    bool          // the supervisor decides about every operation
	probing bool          // the target's own probe runs, and counts as busy
	drained chan struct{} // closed when closed and nothing runs

	// adaptive moves the limit, nil where the policy fixes it.
	adaptive *adaptive
	spare    []*worker // see worker.spare
}

// takeFor is take for the supervisor, which serves its own queue. It says too
// whether the limit forbids another worker.
func (p *pool) takeFor(b body) (w *worker, full bool) {
	p.lock()
	defer p.unlock()
	if w = p.newest(); w == nil {
		w = p.unspare()
	}
	if w != nil {
		p.assign(w, b)
	}
	return w, p.size >= p.limit
}

func (p *pool) assign(w *worker, b body) {
	w.holds = b
	p.home(w).busy++
}

// putResult says what a worker that is put back has to have done to it.
type putResult uint8

const (
	putIdle   putResult = iota
	putServes           // it stays taken: an operation waits for it
	putRetire           // it is to be stopped
)

// putBack puts a worker back that its lane does not simply take.
func (p *pool) putBack(w *worker) putResult {
	p.lock()
	defer p.unlock()
	w.holds = nil
	if p.waiting > 0 && !p.away(w) {
		return putServes
	}
	return p.putIdle(w)
}

// away says whether a worker that is put back has to go.
func (p *pool) away(w *worker) bool {
	return w.retired || w.extra || p.closed || p.size > p.limit
}

// putFreed is put for the supervisor, which serves who waits.
func (p *pool) putFreed(w *worker) putResult {
	p.lock()
	defer p.unlock()
	return p.putIdle(w)
}

func (p *pool) putIdle(w *worker) putResult {
	p.free(w)
	if p.away(w) {
		if p.keepsSpare(w) {
			p.keepSpare(w)
			return putIdle
		}
		p.retireOne(w)
		return putRetire
	}
	p.rests(w)
	return putIdle
}

// rests lets a worker be taken again.
func (p *pool) rests(w *worker) {
	l := p.home(w)
	l.idle = append(l.idle, w)
}

// free notes that a worker is no longer in use.
func (p *pool) free(w *worker) {
	p.home(w).busy--
	p.checkDrained()
}

func (p *pool) checkDrained() {
	if p.closed && p.drained != nil && p.busy() == 0 {
		close(p.drained)
		p.drained = nil
	}
}

// retireOne marks a worker as not to be used again.
func (p *pool) retireOne(w *worker) {
	if !w.retired && !w.extra && !w.spare {
		p.size--
	}
	w.retired, w.spare = true, false
}

// add enters a new worker, which b has.
func (p *pool) add(w *worker, b body) {
	p.lock()
	defer p.unlock()
	w.incarnation = 1
	if p.workers == nil {
		p.workers = map[string]*worker{}
	}
	p.workers[w.ref.ID()] = w
	if !w.extra {
		p.size++
	}
	p.assign(w, b)
}

// remove takes out a worker whose actor has ended. It reports whether that
// was a surprise.
func (p *pool) remove(id string) (unexpected bool) {
	p.lock()
	defer p.unlock()
	w, known := p.workers[id]
	if !known {
		return false
	}
	unexpected = !w.retired
	if w.renewing { // its fresh incarnation will not come
		w.renewing = false
		p.free(w)
	}
	delete(p.workers, id)
	if len(p.workers) == 0 {
		p.workers = nil
	}
	p.retireOne(w)
	p.each(func(l *lane) {
		if i := slices.Index(l.idle, w); i >= 0 {
			l.idle = slices.Delete(l.idle, i, i+1)
		}
	})
	if i := slices.Index(p.spare, w); i >= 0 {
		p.spare = slices.Delete(p.spare, i, i+1)
	}
	return unexpected
}

// all lists the workers whose actors have not ended.
func (p *pool) all() []*worker {
	p.lock()
	defer p.unlock()
	return slices.Collect(maps.Values(p.workers))
}

// discard gives back a worker whose actor turned out to have stopped. The
// notice of its end is on the way.
func (p *pool) discard(w *worker) {
	p.lock()
	defer p.unlock()
	w.holds = nil
	p.free(w)
}

// abandon takes a worker out of use whose attempt was left behind. It stays
// known until its actor has ended.
func (p *pool) abandon(w *worker) {
	p.lock()
	defer p.unlock()
	w.left = true
	p.retireOne(w)
	p.free(w)
}

// hold has every operation go through the supervisor, or ends that.
func (p *pool) hold(held bool) {
	p.lock()
	defer p.unlock()
	p.held = held
}

func (p *pool) renewed(w *worker) (incarnation int) {
	p.lock()
	defer p.unlock()
	w.incarnation++
	return w.incarnation
}

// renews keeps a worker out of use until isRenewed.
func (p *pool) renews(w *worker) {
	p.lock()
	defer p.unlock()
	w.holds = nil
	if _, there := p.workers[w.ref.ID()]; !there {
		p.free(w) // it was stopped meanwhile
		return
	}
	w.renewing = true
}

// isRenewed says whether the worker was waiting for this, and can be put back.
func (p *pool) isRenewed(w *worker) bool {
	p.lock()
	defer p.unlock()
	was := w.renewing
	w.renewing = false
	return was
}

func (p *pool) wait(n int) {
	p.lock()
	defer p.unlock()
	p.waiting += n
}

// close lets nothing more be taken, and returns the workers to stop. drained
// is closed when the last attempt has ended.
func (p *pool) close() (idle []*worker, drained <-chan struct{}) {
	p.lock()
	defer p.unlock()
	p.closed = true
	if p.drained == nil {
		p.drained = make(chan struct{})
	}
	drained = p.drained
	p.checkDrained()
	return p.retireLocked(), drained
}

// open undoes close.
func (p *pool) open() {
	p.lock()
	defer p.unlock()
	p.closed = false
}

// resize sets the limit, and returns the idle workers beyond it, which are to
// be stopped. Busy ones follow as they are put back. The pool is locked.
func (p *pool) resize(limit int) (idle []*worker) {
	p.limit = limit
	for p.size > p.limit {
		w := p.oldest()
		if w == nil {
			break
		}
		p.retireOne(w)
		idle = append(idle, w)
	}
	return idle
}

// retire lets no worker of today be used again, and returns the idle ones,
// which are to be stopped now.
func (p *pool) retire() []*worker {
	p.lock()
	defer p.unlock()
	return p.retireLocked()
}

func (p *pool) retireLocked() []*worker {
	for _, w := range p.workers {
		p.retireOne(w)
	}
	idle := p.spare
	p.spare = nil
	p.each(func(l *lane) {
		idle = append(idle, l.idle...)
		l.idle = nil
	})
	return idle
}

// running lists the operations that workers have now, and the workers that
// close what a failed incarnation held.
func (p *pool) running() (ops []*operation, closing []string) {
	p.lock()
	defer p.unlock()
	for id, w := range p.workers {
		switch {
		case w.holds != nil:
			ops = append(ops, w.holds.untyped())
		case w.renewing:
			closing = append(closing, id)
		}
	}
	return ops, closing
}
