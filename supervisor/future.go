package supervisor

import (
	"context"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/actors"
)

// Future is an operation under way. It is safe for concurrent use: any number
// may wait, and all see the same outcome.
type Future[T any] struct {
	call detached[T]
}

// Done is closed when the operation has its outcome.
func (f *Future[T]) Done() <-chan struct{} { return f.call.end.done() }

// Wait gives the outcome when it is there. If ctx ends first, Wait returns
// the cause; the operation goes on.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	var zero T
	if ctx == nil {
		return zero, ErrNilContext
	}
	done, left := f.Done(), ctx.Done()
	if left == nil {
		return f.call.outcome()
	}
	select {
	case <-done:
		return f.call.outcome()
	default:
	}
	select {
	case <-done:
		return f.call.outcome()
	case <-left:
		return zero, context.Cause(ctx)
	}
}

// detached is a call whose caller does not lend its goroutine.
type detached[T any] struct {
	operation
	fn     func(context.Context) (T, error)
	value  T
	err    error
	end    signal
	detour *detour[T] // nil unless there is somewhere to fall back to
}

// run implements body.
func (d *detached[T]) run(*worker, func() (actors.Worker, error)) error {
	ctx, err := d.begin()
	if err != nil {
		return err
	}
	value, err := d.fn(ctx)
	if err == nil {
		d.value = value
	}
	return err
}

// try implements apartBody.
func (d *detached[T]) try(ctx context.Context, _ func() (actors.Worker, error)) (keep func(), err error) {
	value, err := d.fn(ctx)
	if err != nil {
		return nil, err
	}
	return func() { d.value = value }, nil
}

// outcome waits for the outcome and gives it.
func (d *detached[T]) outcome() (T, error) {
	<-d.end.done()
	switch {
	case d.err != nil:
		// The value may be being written by an attempt that was left behind.
		var zero T
		return zero, d.err
	case d.detour != nil && d.detour.used:
		return d.detour.value, nil
	}
	return d.value, nil
}

func (d *detached[T]) ended(err error, _ int) func() {
	if err == nil || !d.diverts(err) {
		d.finish(err)
	}
	return nil
}

// launch sets a function going. outer is the operation that falls back to it,
// nil if it is one of its own.
func launch[T any](ctx context.Context, t *Target, fn func(context.Context) (T, error), o *callOptions, outer *detached[T]) *Future[T] {
	f := &Future[T]{}
	d := &f.call
	d.fn = fn
	d.set(d, ctx, t, fn == nil, o, outer)
	return f
}

// again implements repeatable.
func (d *detached[T]) again(t *Target, o *callOptions, outer *detached[T]) {
	launch(d.caller(), t, d.fn, o, outer)
}

// set starts an operation, of which whole is all, or ends it at once.
func (d *detached[T]) set(whole repeatable[T], ctx context.Context, t *Target, nilFunction bool, o *callOptions, outer *detached[T]) {
	t = t.current()
	err := t.precheck(ctx, nilFunction, fits[T](o), o)
	policy := t.policy.Load()
	if policy == nil { // there is no such target
		d.target, d.options, d.Context = t, o, ctx
	} else {
		d.start(whole, t, ctx, policy, o, false)
	}
	if outer != nil || o.fallback != nil || policy != nil && policy.Fallback.Target != "" {
		d.detour = &detour[T]{whole: whole, outer: outer}
	}
	if err != nil {
		d.ended(err, 0)
		return
	}
	t.launch(&d.operation)
}

// signal is given once, to any number who wait for it. It has a channel of its
// own only if somebody asked for it before it was given: most of a million
// operations in backoff have nobody who waits yet. It is safe for concurrent
// use.
type signal struct{ ch atomic.Value } // of chan struct{}

// given is the channel of every signal that was given before anybody asked.
var given = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// done is closed when the signal is given.
func (s *signal) done() <-chan struct{} {
	if s.ch.Load() == nil {
		s.ch.CompareAndSwap(nil, make(chan struct{}))
	}
	return s.ch.Load().(chan struct{})
}

// give gives the signal. It is called once.
func (s *signal) give() {
	if !s.ch.CompareAndSwap(nil, given) {
		close(s.ch.Load().(chan struct{}))
	}
}
