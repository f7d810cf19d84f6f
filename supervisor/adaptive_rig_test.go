package supervisor

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// follows makes the pool adaptive between two bounds.
func follows(least, most int) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.Pool.Adaptive, p.Pool.MinWorkers, p.Pool.Workers = true, least, most
	}
}

// queueing is a service that works on so many calls at a time and has the
// others wait.
type queueing struct {
	free  chan struct{}
	work  time.Duration
	calls atomic.Int64
}

func newQueueing(capacity int, work time.Duration) *queueing {
	q := &queueing{free: make(chan struct{}, 1000), work: work}
	q.grow(capacity)
	return q
}

func (q *queueing) grow(n int) {
	for range n {
		q.free <- struct{}{}
	}
}

func (q *queueing) shrink(n int) {
	for range n {
		<-q.free
	}
}

func (q *queueing) call(context.Context) (int, error) {
	<-q.free
	// Not all alike, or all of them would end in the same moment for ever.
	<-time.After(q.work + time.Duration(q.calls.Add(1)%7-3)*q.work/20)
	q.free <- struct{}{}
	return 42, nil
}

// callers call again as soon as they have an answer, until stop is called.
func callers(n int, call func() error) (stop func()) {
	var done atomic.Bool
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			for !done.Load() {
				_ = call()
			}
		})
	}
	return func() {
		done.Store(true)
		all.Wait()
	}
}

func concurrencyOf(t testing.TB, s *Supervisor) ConcurrencySnapshot {
	return snapshotOf(t, s, "x").Concurrency
}
