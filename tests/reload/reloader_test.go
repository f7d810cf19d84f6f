package reload_test

import (
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/load"
)

// request asks for one reload. done, if not nil, closes when it is in force.
type request struct{ done chan struct{} }

// reload asks for n reloads, and waits for them if need be.
func (s *storm) reload(n int, wait bool) {
	for range n {
		var r request
		if wait {
			r.done = make(chan struct{})
		}
		s.requests <- r
		if wait {
			<-r.done
		}
	}
}

// reloader puts versions in force, one after another.
type reloader struct {
	reloads int64
	seen    atomic.Int64 // events of reloads that were looked at
	err     error
	done    chan struct{}
}

// reloader starts one, which ends with the requests.
func (s *storm) reloader(kept *keptBreakers) *reloader {
	r := &reloader{done: make(chan struct{})}
	first := make(chan struct{})
	// Under such a load some events are dropped; the first is not.
	s.sup.Subscribe(func(e actors.Event) {
		if e, ok := e.(actors.PoliciesApplied); ok {
			if touches(e, constant) {
				kept.complain(constant, "the event of a reload names it: %v", e)
			}
			if r.seen.Add(1) == 1 {
				close(first)
			}
		}
	})
	go func() {
		defer close(r.done)
		for request := range s.requests {
			if err := s.putInForce(s.begun.Load() + 1); err != nil && r.err == nil {
				r.err = err
			}
			if r.reloads++; r.reloads == 1 {
				<-first
			}
			kept.look(s)
			if request.done != nil {
				close(request.done)
			}
		}
	}()
	return r
}

// putInForce applies version n.
func (s *storm) putInForce(n int64) error {
	set, err := load.Load(version(s.seed, n))
	if err != nil {
		return fmt.Errorf("version %d: %w", n, err)
	}
	s.begun.Store(n)
	err = s.sup.Apply(set)
	s.applied.Store(n)
	return err
}

// touches reports whether an event says that a target changed.
func touches(e actors.PoliciesApplied, target string) bool {
	for _, c := range e.Changes {
		if c.Target == target {
			return true
		}
	}
	return slices.Contains(e.Changed, target)
}
