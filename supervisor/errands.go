package supervisor

import "sync"

// errands are goroutines that carry an operation on from one target to another,
// or run its own fallback. Shutdown waits for them.
type errands struct {
	mu     sync.Mutex
	out    int
	closed bool
	back   chan struct{} // closed when closed and none is out
}

// run does f on a goroutine of its own. It reports false, and does not, if the
// supervisor has shut down.
func (e *errands) run(f func()) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.out++
	go func() {
		defer e.returned()
		f()
	}()
	return true
}

func (e *errands) returned() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.out--
	e.check()
}

// close lets no more go out. The channel closes when all are back.
func (e *errands) close() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.back = make(chan struct{})
	e.check()
	return e.back
}

func (e *errands) check() {
	if e.closed && e.out == 0 {
		close(e.back)
	}
}

// active says whether any is out.
func (e *errands) active() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.out > 0
}
