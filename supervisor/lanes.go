package supervisor

import (
	"runtime"
	"slices"
	"sync"
)

// lane holds idle workers of a pool. A pool begins with one. When callers on
// several cores come in each other's way there, it gets one for each core, so
// that none of them waits for another or writes to memory that another reads.
//
// A pool's lane that is shut gives and takes nothing: who meets it goes by the
// pool's own mutex, or by the supervisor. The mutex of a lane guards the
// workers that are idle in it or will come back to it; which lane that is only
// their holder asks without the mutex, and only who takes one writes it.
type lane struct {
	mu        sync.Mutex
	idle      []*worker
	shut      bool
	met       uint32 // how often somebody had to wait for the mutex of the only lane
	busy      int    // workers taken here, less those put back here
	succeeded uint64
	// Successes that the breaker counts and was not told of yet: let through in
	// the given generation of it, and in earlier ones.
	untold, generation, earlier uint64
	asked                       bool // somebody has asked for them to be taken in soon
}

// lanes are those of a pool that has one for each core.
type lanes struct {
	all []paddedLane
	// seats says which lane is whose: sync.Pool gives back to a core what was
	// last put into it there.
	seats sync.Pool
	mu    sync.Mutex
	given int
}

// paddedLane keeps the next one off this one's cache lines.
type paddedLane struct {
	lane
	_ [64]byte
}

// seat is the place of a core among the lanes.
type seat struct{ at int }

const (
	// spreadAfter is how often callers meet on the one lane of a pool before it
	// gets others.
	spreadAfter = 64
	// mostLanes keeps the rarer ways, which go by all lanes, short on machines
	// with very many cores.
	mostLanes = 16
)

func newLanes(n int) *lanes {
	l := &lanes{all: make([]paddedLane, n)}
	l.seats.New = func() any {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.given++
		return &seat{at: l.given % n}
	}
	return l
}

// enter gives the caller's lane, with its mutex held.
func (l *lanes) enter() *lane {
	s := l.seats.Get().(*seat)
	own := &l.all[s.at].lane
	if !own.mu.TryLock() { // two cores with one seat: this one takes another
		s.at = (s.at + 1) % len(l.all)
		own = &l.all[s.at].lane
		own.mu.Lock()
	}
	l.seats.Put(s)
	return own
}

// enter gives the lane that the caller is to use, with its mutex held.
func (p *pool) enter() *lane {
	if l := p.lanes.Load(); l != nil {
		return l.enter()
	}
	if p.first.mu.TryLock() {
		return &p.first
	}
	p.first.mu.Lock()
	p.first.met++
	if p.first.met%spreadAfter == 0 {
		p.first.mu.Unlock()
		p.spread()
		return p.enter()
	}
	return &p.first
}

// spread gives the pool a lane for each core. One with an adaptive limit keeps
// its one, for each end of an attempt may move the limit.
func (p *pool) spread() {
	p.lock()
	defer p.unlock()
	n := min(runtime.GOMAXPROCS(0), mostLanes)
	if n == 1 || p.adaptive != nil || p.lanes.Load() != nil {
		return
	}
	l := newLanes(n)
	for i, w := range p.first.idle {
		w.lane = &l.all[i%n].lane
		w.lane.idle = append(w.lane.idle, w)
	}
	p.first.idle = nil
	for i := range l.all {
		l.all[i].mu.Lock() // unlock will unlock them
	}
	p.lanes.Store(l)
}

// take gives an idle worker to an operation, or nil if there is none to be had
// without the supervisor.
func (p *pool) take(b body) *worker {
	l := p.enter()
	if n := len(l.idle) - 1; n >= 0 && !l.shut {
		w := l.idle[n]
		l.idle = l.idle[:n]
		l.busy++
		w.holds = b
		l.mu.Unlock()
		return w
	}
	shut := l.shut
	l.mu.Unlock()
	if all := p.lanes.Load(); all != nil && !shut {
		return all.takeFor(l, b)
	}
	return nil
}

// takeFor takes a worker from any lane but own, to which it will go back.
func (l *lanes) takeFor(own *lane, b body) *worker {
	for i := range l.all {
		other := &l.all[i].lane
		if other == own {
			continue
		}
		other.mu.Lock()
		if n := len(other.idle) - 1; n >= 0 && !other.shut {
			w := other.idle[n]
			other.idle = other.idle[:n]
			other.busy++
			w.lane, w.holds = own, b
			other.mu.Unlock()
			return w
		}
		other.mu.Unlock()
	}
	return nil
}

// putSuccess is put after an attempt that ended well. concluded says that it
// gave its operation the outcome. If it waits to be told to the breaker, generation
// is the one it was let through in, and 0 otherwise. It says whether somebody is to
// ask for the successes of the lane to be taken in soon, which soon wants.
func (p *pool) putSuccess(w *worker, concluded bool, generation uint64, soon bool) (r putResult, asks bool) {
	l := w.lane
	l.mu.Lock()
	if concluded {
		l.succeeded++
	}
	if generation > 0 {
		l.wait(generation)
		asks = soon && !l.asked
		l.asked = l.asked || asks
	}
	return p.putInto(l, w, true), asks
}

// wait has a success of a generation wait.
func (l *lane) wait(generation uint64) {
	switch {
	case generation < l.generation: // whoever had it was held up
		l.earlier++
		return
	case generation > l.generation:
		l.earlier += l.untold
		l.untold, l.generation = 0, generation
	}
	l.untold++
}

// takeUntold is [actors.TakeUntold].
func (p *pool) takeUntold(generation uint64) (n, earlier uint64) {
	p.lock()
	defer p.unlock()
	p.each(func(l *lane) {
		if l.generation == generation {
			n += l.untold
		} else {
			earlier += l.untold
		}
		earlier += l.earlier
		l.untold, l.earlier, l.asked = 0, 0, false
	})
	return n, earlier
}

// untold is how many takeUntold would give.
func (p *pool) untold() (n uint64) {
	p.lock()
	defer p.unlock()
	p.each(func(l *lane) { n += l.untold + l.earlier })
	return n
}

// put gives a worker back after an attempt.
func (p *pool) put(w *worker, attempted bool) putResult {
	l := w.lane
	l.mu.Lock()
	return p.putInto(l, w, attempted)
}

// putInto puts a worker back into its lane, whose mutex it unlocks.
func (p *pool) putInto(l *lane, w *worker, attempted bool) putResult {
	if attempted {
		w.attempts++
	}
	if l.shut || w.retired || w.extra {
		l.mu.Unlock()
		return p.putBack(w)
	}
	w.holds = nil
	l.busy--
	l.idle = append(l.idle, w)
	l.mu.Unlock()
	return putIdle
}

// lock takes the pool's mutex and those of all lanes.
func (p *pool) lock() {
	p.mu.Lock()
	p.first.mu.Lock()
	if l := p.lanes.Load(); l != nil {
		for i := range l.all {
			l.all[i].mu.Lock()
		}
	}
}

// unlock undoes lock, and has the lanes know whether they are shut.
func (p *pool) unlock() {
	shut := p.closed || p.held || p.waiting > 0 || p.size > p.limit
	if l := p.lanes.Load(); l != nil {
		for i := range l.all {
			l.all[i].shut = shut
			l.all[i].mu.Unlock()
		}
		shut = true // the first one is not used any more
	}
	p.first.shut = shut
	p.first.mu.Unlock()
	p.mu.Unlock()
}

// each calls f for every lane. The pool is locked.
func (p *pool) each(f func(*lane)) {
	f(&p.first)
	if l := p.lanes.Load(); l != nil {
		for i := range l.all {
			f(&l.all[i].lane)
		}
	}
}

// home is the lane that a worker is put back into: for one that is new, or was
// taken before there were several, the first. The pool is locked.
func (p *pool) home(w *worker) *lane {
	if w.lane == nil || w.lane == &p.first {
		w.lane = &p.first
		if l := p.lanes.Load(); l != nil {
			w.lane = &l.all[0].lane
		}
	}
	return w.lane
}

// newest takes the idle worker used last from some lane, oldest the one used
// least recently. They are nil if none is idle. The pool is locked.
func (p *pool) newest() (w *worker) {
	p.each(func(l *lane) {
		if n := len(l.idle) - 1; w == nil && n >= 0 {
			w, l.idle = l.idle[n], l.idle[:n]
		}
	})
	return w
}

func (p *pool) oldest() (w *worker) {
	p.each(func(l *lane) {
		if w == nil && len(l.idle) > 0 {
			w = l.idle[0]
			l.idle = slices.Delete(l.idle, 0, 1)
		}
	})
	return w
}

// busy is how many workers are in use. The pool is locked.
func (p *pool) busy() (n int) {
	p.each(func(l *lane) { n += l.busy })
	return n
}

// counted is how many operations ended well.
func (p *pool) counted() (succeeded uint64) {
	p.lock()
	defer p.unlock()
	p.each(func(l *lane) { succeeded += l.succeeded })
	return succeeded
}
