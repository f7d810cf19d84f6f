package supervisor

import (
	"slices"
	"sync"

	"github.com/holdfast-go/holdfast/actors"
)

// worker is a target's own record of one of its worker actors.
type worker struct {
	ref *actors.Ref

	// Guarded by the pool's mutex.
	op          *operation // nil while idle
	incarnation int
	attempts    uint64
	renewing    bool // waits for its fresh incarnation
	left        bool // its attempt was left behind, and still runs
	retired     bool // to be stopped and not used again
	spare       bool // kept while an adaptive limit is lower
	extra       bool // lent to a nested operation, beyond the limit
}

// pool holds a target's workers. Callers take idle ones from it and put them
// back without a message; everything else about workers is the supervisor's.
// It is safe for concurrent use.
type pool struct {
	mu      sync.Mutex
	idle    []*worker
	workers map[string]*worker // by PID id
	limit   int
	size    int // workers that count against it
	busy    int
	waiting int // operations in the supervisor's queue
	closed  bool
	held    bool          // the supervisor decides about every operation
	probing bool          // the target's own probe runs, and counts as busy
	drained chan struct{} // closed when closed and nothing runs

	// adaptive moves the limit, nil where the policy fixes it.
	adaptive *adaptive
	spare    []*worker // see worker.spare

	succeeded uint64 // operations that ended well
	unheard   uint64 // of these, the ones the breaker would count and was not told of
}

// take gives an idle worker to op, or nil if there is none to be had without
// the supervisor.
func (p *pool) take(op *operation) *worker {
	p.mu.Lock()
	n := len(p.idle)
	if n == 0 || p.waiting > 0 || p.closed || p.held {
		p.mu.Unlock()
		return nil
	}
	w := p.idle[n-1]
	p.idle = p.idle[:n-1]
	p.assign(w, op)
	p.mu.Unlock()
	return w
}

// takeFor is take for the supervisor, which serves its own queue. It says too
// whether the limit forbids another worker.
func (p *pool) takeFor(op *operation) (w *worker, full bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		w = p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.assign(w, op)
	} else if w = p.unspare(); w != nil {
		p.assign(w, op)
	}
	return w, p.size >= p.limit
}

func (p *pool) assign(w *worker, op *operation) {
	w.op = op
	p.busy++
}

// putResult says what a worker that is put back has to have done to it.
type putResult uint8

const (
	putIdle   putResult = iota
	putServes           // it stays taken: an operation waits for it
	putRetire           // it is to be stopped
)

// put gives a worker back after an attempt.
func (p *pool) put(w *worker, attempted bool) putResult {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.putLocked(w, attempted)
}

// putSuccess is put after an attempt that ended well. concluded says that it
// gave its operation the outcome, heard that the breaker counts it.
func (p *pool) putSuccess(w *worker, concluded, heard bool) putResult {
	p.mu.Lock()
	if concluded {
		p.succeeded++
	}
	if !heard {
		p.unheard++
	}
	r := p.putLocked(w, true)
	p.mu.Unlock()
	return r
}

func (p *pool) putLocked(w *worker, attempted bool) putResult {
	if attempted {
		w.attempts++
	}
	w.op = nil
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
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.putIdle(w)
}

func (p *pool) putIdle(w *worker) putResult {
	p.free()
	if p.away(w) {
		if p.keepsSpare(w) {
			p.keepSpare(w)
			return putIdle
		}
		p.retireOne(w)
		return putRetire
	}
	p.idle = append(p.idle, w)
	return putIdle
}

func (p *pool) free() {
	p.busy--
	p.checkDrained()
}

func (p *pool) checkDrained() {
	if p.closed && p.busy == 0 && p.drained != nil {
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

// add enters a new worker, which op has.
func (p *pool) add(w *worker, op *operation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.incarnation = 1
	p.workers[w.ref.ID()] = w
	if !w.extra {
		p.size++
	}
	p.assign(w, op)
}

// remove takes out a worker whose actor has ended. It reports whether that
// was a surprise.
func (p *pool) remove(id string) (unexpected bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, known := p.workers[id]
	if !known {
		return false
	}
	unexpected = !w.retired
	if w.renewing { // its fresh incarnation will not come
		w.renewing = false
		p.free()
	}
	delete(p.workers, id)
	p.retireOne(w)
	if i := slices.Index(p.idle, w); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	if i := slices.Index(p.spare, w); i >= 0 {
		p.spare = slices.Delete(p.spare, i, i+1)
	}
	return unexpected
}

// discard gives back a worker whose actor turned out to have stopped. The
// notice of its end is on the way.
func (p *pool) discard(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.op = nil
	p.free()
}

// abandon takes a worker out of use whose attempt was left behind. It stays
// known until its actor has ended.
func (p *pool) abandon(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.left = true
	p.retireOne(w)
	p.free()
}

// hold has every operation go through the supervisor, or ends that.
func (p *pool) hold(held bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = held
}

func (p *pool) renewed(w *worker) (incarnation int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.incarnation++
	return w.incarnation
}

// renews keeps a worker out of use until isRenewed.
func (p *pool) renews(w *worker) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.op = nil
	if _, there := p.workers[w.ref.ID()]; !there {
		p.free() // it was stopped meanwhile
		return
	}
	w.renewing = true
}

// isRenewed says whether the worker was waiting for this, and can be put back.
func (p *pool) isRenewed(w *worker) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := w.renewing
	w.renewing = false
	return was
}

func (p *pool) wait(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting += n
}

// close lets nothing more be taken, and returns the workers to stop. drained
// is closed when the last attempt has ended.
func (p *pool) close() (idle []*worker, drained <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
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
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = false
}

// resize sets the limit, and returns the idle workers beyond it, which are to
// be stopped. Busy ones follow as they are put back. The mutex is held.
func (p *pool) resize(limit int) (idle []*worker) {
	p.limit = limit
	for p.size > p.limit && len(p.idle) > 0 {
		w := p.idle[0] // the one used least recently
		p.idle = slices.Delete(p.idle, 0, 1)
		p.retireOne(w)
		idle = append(idle, w)
	}
	return idle
}

// retire lets no worker of today be used again, and returns the idle ones,
// which are to be stopped now.
func (p *pool) retire() []*worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.retireLocked()
}

func (p *pool) retireLocked() []*worker {
	for _, w := range p.workers {
		p.retireOne(w)
	}
	idle := append(p.idle, p.spare...)
	p.idle, p.spare = nil, nil
	return idle
}

// running lists the operations that workers have now, and the workers that
// close what a failed incarnation held.
func (p *pool) running() (ops []*operation, closing []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, w := range p.workers {
		switch {
		case w.op != nil:
			ops = append(ops, w.op)
		case w.renewing:
			closing = append(closing, id)
		}
	}
	return ops, closing
}

// unheardSuccesses is how many successes no breaker was told of.
func (p *pool) unheardSuccesses() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.unheard
}
