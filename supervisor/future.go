package supervisor

import (
	"context"
)

// Future is an operation under way. It is safe for concurrent use: any number
// may wait, and all see the same outcome.
type Future[T any] struct {
	call detached[T]
}

// Done is closed when the operation has its outcome.
func (f *Future[T]) Done() <-chan struct{} { return f.call.ready }

// Wait gives the outcome when it is there. If ctx ends first, Wait returns
// the cause; the operation goes on.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	var zero T
	if ctx == nil {
		return zero, ErrNilContext
	}
	select {
	case <-f.call.ready:
		return f.call.outcome()
	default:
	}
	select {
	case <-f.call.ready:
		return f.call.outcome()
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}

// detached is a call whose caller does not lend its goroutine.
type detached[T any] struct {
	call[T]
	err   error
	ready chan struct{}
}

// outcome waits for the outcome and gives it.
func (d *detached[T]) outcome() (T, error) {
	<-d.ready
	if d.err != nil {
		// The value may be being written by an attempt that was left behind.
		var zero T
		return zero, d.err
	}
	return d.value, nil
}

func (d *detached[T]) ended(err error, _ int) {
	d.err = err
	close(d.ready)
}

func launch[T any](ctx context.Context, t *Target, policy *resolved, fn func(context.Context) (T, error), o *callOptions) *Future[T] {
	f := &Future[T]{}
	f.call.fn = fn
	f.call.ready = make(chan struct{})
	f.call.start(&f.call, t, ctx, policy, o, false)
	t.launch(&f.call.operation)
	return f
}

// failed is the future of an operation that was refused.
func failed[T any](err error) *Future[T] {
	f := &Future[T]{}
	f.call.ready = make(chan struct{})
	f.call.ended(err, 0)
	return f
}
