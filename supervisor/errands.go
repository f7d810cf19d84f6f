package supervisor

import (
	"sync"

	"github.com/holdfast-go/holdfast/actors"
)

// errands are goroutines that carry an operation on from one target to another,
// run its own fallback, or probe a target. Shutdown waits for them.
type errands struct {
	mu     sync.Mutex
	out    int
	closed bool
	back   chan struct{} // closed when closed and none is out
}

// run does f on a goroutine of its own, and tells lost of a panic in it, or of
// its goroutine's end. It reports false, and does neither, if the supervisor has
// shut down.
func (e *errands) run(f func(), lost func(error)) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.out++
	go func() {
		defer e.returned()
		done := false
		defer func() {
			if !done {
				_, err := actors.Interrupted(recover())
				lost(err)
			}
		}()
		f()
		done = true
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

// away is how many are out.
func (e *errands) away() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.out
}
