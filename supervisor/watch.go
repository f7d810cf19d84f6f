package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// ErrWatching says that the supervisor watches already: two watches would undo
// each other's changes.
var ErrWatching = errors.New("the configuration is watched already; cancel the context of the other Watch first")

// Watch keeps the policies in step with the sources: whenever one of their
// files changes, all are loaded again, and if that makes a difference, applied
// as [Supervisor.Apply] does. Pass the same sources as to load.Load, in the same
// order. They are loaded once at the start, for what has changed since then.
// See [load.Watcher] for how files are watched, and how to write one: beside the
// old one, and then renamed.
//
// A file that is wrong, or away for longer than a second, changes nothing: the
// policies stay, a PoliciesRejected event says everything that is wrong, and
// watching goes on. So it is with a provider that fails or panics.
//
// Watch returns at once, and ends with ctx or with Shutdown. It is an error
// without sources, with none that can change ([load.ErrNothingToWatch]), while
// another Watch runs ([ErrWatching]), and after Shutdown ([ErrShutdown]). Once
// the context of another Watch is done this one may follow: it begins as soon as
// the other has ended, which a provider that doesn't answer puts off.
func (s *Supervisor) Watch(ctx context.Context, sources ...load.Source) error {
	switch {
	case ctx == nil:
		return fmt.Errorf("supervisor.Watch: %w", ErrNilContext)
	case len(sources) == 0:
		return errors.New("supervisor.Watch: no sources; pass those that the policies were loaded from")
	case !slices.ContainsFunc(sources, load.Source.CanChange):
		return fmt.Errorf("supervisor.Watch: %w", load.ErrNothingToWatch)
	}
	run, err := s.watching.begin(ctx)
	if err != nil {
		return fmt.Errorf("supervisor.Watch: %w", err)
	}
	r := &reloader{sup: s}
	w := &load.Watcher{Sources: sources, Changed: r.changed, Degraded: r.degraded}
	go func() {
		defer s.watching.ended(run)
		if run.after != nil {
			<-run.after
		}
		_ = w.Run(run.ctx) // it ends when it is told to
	}()
	return nil
}

// reloader applies what a watcher finds. It runs on the watcher's goroutine.
type reloader struct {
	sup *Supervisor
	// wrong says that what stands in the files was rejected.
	wrong bool
}

func (r *reloader) changed(set *policies.Set, err error) {
	if err == nil {
		if !r.wrong && len(policies.Diff(r.sup.given.Load(), set)) == 0 {
			return // a comment, or the order of the keys
		}
		err = r.sup.Apply(set)
	}
	r.wrong = err != nil
	if r.wrong && !errors.Is(err, ErrShutdown) {
		r.sup.bus.Publish(actors.PoliciesRejected{Header: actors.Header{At: time.Now()}, Err: err})
	}
}

func (r *reloader) degraded(err error) {
	r.sup.bus.Publish(actors.WatchDegraded{Header: actors.Header{At: time.Now()}, Err: err})
}

// watching is the one watch of a supervisor that may run at a time.
type watching struct {
	mu   sync.Mutex
	run  *watchRun // nil if there is none
	over bool      // the supervisor ends
}

// watchRun is a watch from its beginning to its end.
type watchRun struct {
	user   context.Context // of the caller; a custom one tells ctx only later
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	// after is closed when the watch before it has ended, nil if there was none.
	after <-chan struct{}
}

// begin makes room for a watch.
func (w *watching) begin(ctx context.Context) (*watchRun, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := &watchRun{user: ctx, done: make(chan struct{})}
	switch {
	case w.over:
		return nil, ErrShutdown
	case w.run != nil && w.run.user.Err() == nil:
		return nil, ErrWatching
	case w.run != nil:
		w.run.cancel()
		next.after = w.run.done
	}
	next.ctx, next.cancel = context.WithCancel(ctx)
	w.run = next
	return next, nil
}

// ended is for a watch that has come to its end.
func (w *watching) ended(run *watchRun) {
	w.mu.Lock()
	defer w.mu.Unlock()
	run.cancel()
	close(run.done)
	if w.run == run {
		w.run = nil
	}
}

// end tells the watch, if there is one, to end, and lets no other begin. What it
// returns is closed when the watch has ended, and those before it.
func (w *watching) end() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	if w.run == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	w.run.cancel()
	return w.run.done
}

// active reports whether a watch runs.
func (w *watching) active() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.run != nil
}
