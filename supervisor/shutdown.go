package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// shutdown is the state of a Shutdown under way.
type shutdown struct {
	once sync.Once
	done chan struct{} // closed when everything has ended
}

// Shutdown ends the supervisor: it admits no more operations, rejects those
// that wait with [ErrShutdown], lets the attempts that run come to their end,
// and then stops the actors, children first.
//
// It returns nil when all of that is done. If ctx ends before, it frees the
// callers of detached operations that still run, and returns a
// *[StragglersError] that names what runs; the rest ends by itself as they
// return. It may be called again, at any time and by anyone, and then waits
// for the same end. Called within an attempt, or by a subscriber, it waits for
// its own caller, and so until ctx ends.
func (s *Supervisor) Shutdown(ctx context.Context) error {
	if ctx == nil {
		return ErrNilContext
	}
	s.shutdown.once.Do(func() {
		s.closing.Store(true)
		go s.finish()
	})
	select {
	case <-s.shutdown.done:
		return nil
	default:
	}
	select {
	case <-s.shutdown.done:
		return nil
	case <-ctx.Done():
		return s.abandon(context.Cause(ctx))
	}
}

// closeDoor has the root come to the end of what it was asked before the
// shutdown. Whatever starts after that has seen that there is one.
type closeDoor struct{ done chan<- struct{} }

func (m *closeDoor) refuse(*Supervisor) { close(m.done) }

func (m *closeDoor) handle(r *rootActor, _ actor.Context) {
	r.sup.keyspaces.Range(func(_ string, k *keyspace) bool {
		k.abandon()
		return true
	})
	close(m.done)
}

// haltTargets lets every target take no more.
func (s *Supervisor) haltTargets() []<-chan struct{} {
	var drained []<-chan struct{}
	for _, t := range s.running() {
		reply := make(chan (<-chan struct{}), 1)
		t.tell(&halt{reason: ErrShutdown, done: reply})
		drained = append(drained, <-reply)
	}
	return drained
}

// finish halts the targets, and stops the actors when the attempts have ended.
// It is the one goroutine of a shutdown, and ends with the last attempt, or with
// the watch. That is waited for last, for a provider or a file system that
// doesn't answer holds it up, and what it still finds is refused.
func (s *Supervisor) finish() {
	watch := s.watching.end()
	closed := make(chan struct{})
	s.root.Tell(&closeDoor{done: closed})
	<-closed // so that no target starts behind the back of what follows
	for _, drained := range s.haltTargets() {
		<-drained
	}
	<-s.errands.close()
	s.root.Tell(stopAll{})
	<-s.rootActor.stopped
	for _, ended := range s.bus.Close() {
		<-ended
	}
	if s.owned {
		s.system.Shutdown()
	}
	<-watch
	close(s.shutdown.done)
}

// abandon frees who waits for attempts that don't end, and names them.
func (s *Supervisor) abandon(cause error) error {
	e := &StragglersError{Cause: cause}
	probing := 0
	for _, t := range s.running() {
		ops, closing := t.pool.running()
		for _, worker := range closing {
			e.Stragglers = append(e.Stragglers, Straggler{Target: t.name, Operation: "Close of " + worker})
		}
		if t.pool.isProbing() {
			probing++
			e.Stragglers = append(e.Stragglers, Straggler{Target: t.name, Operation: "probe"})
		}
		for _, op := range ops {
			e.Stragglers = append(e.Stragglers, Straggler{Target: t.name, Operation: op.id()})
			if op.inline {
				continue // its caller runs it
			}
			if attempts, first := op.claim(); first {
				t.abandon(op, attempts)
			}
		}
	}
	if s.watching.active() {
		e.Stragglers = append(e.Stragglers, Straggler{Target: "configuration watch"})
	}
	if s.errands.away() > probing {
		e.Stragglers = append(e.Stragglers, Straggler{Target: "fallbacks and probes"})
	}
	if len(e.Stragglers) == 0 {
		e.Stragglers = []Straggler{{Target: "event subscribers"}}
	}
	return e
}

// abandon frees the caller of a detached operation that still runs.
func (t *Target) abandon(op *operation, attempts int) {
	if attempts == 0 {
		op.deliver(t.rejected(ErrShutdown), 0)
		return
	}
	err := &ExhaustedError{Target: t.name, Operation: op.id(), Attempts: attempts, Reason: ReasonShutdown, Cause: ErrShutdown}
	t.counts.failed.Add(1)
	t.sup.bus.Publish(actors.OperationFailed{Header: actors.Header{Target: t.name, At: time.Now()},
		Operation: op.id(), Attempts: attempts, Err: err})
	op.deliver(err, attempts)
}
