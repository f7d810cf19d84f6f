package supervisor

import (
	"context"

	"github.com/holdfast-go/holdfast/actors"
)

// Future is an operation under way. It is safe for concurrent use: any number
// may wait, and all see the same outcome.
type Future[T any] struct {
	call[T]
	err  error
	done chan struct{}
}

// Done is closed when the operation has its outcome.
func (f *Future[T]) Done() <-chan struct{} { return f.done }

// Wait gives the outcome when it is there. If ctx ends first, Wait returns
// the cause; the operation goes on.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	var zero T
	if ctx == nil {
		return zero, ErrNilContext
	}
	select {
	case <-f.done:
		return f.outcome()
	default:
	}
	select {
	case <-f.done:
		return f.outcome()
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}

// outcome waits for the outcome and gives it.
func (f *Future[T]) outcome() (T, error) {
	<-f.done
	if f.err != nil {
		// The value may be being written by an attempt that was left behind.
		var zero T
		return zero, f.err
	}
	return f.value, nil
}

func (f *Future[T]) ended(err error) {
	f.err = err
	close(f.done)
}

func launch[T any](ctx context.Context, t *Target, fn func(context.Context) (T, error), o *callOptions) *Future[T] {
	f := &Future[T]{done: make(chan struct{})}
	f.fn = fn
	f.body = f
	f.start(t, ctx, o, false)
	t.launch(&f.operation)
	return f
}

// failed is the future of an operation that was refused.
func failed[T any](err error) *Future[T] {
	f := &Future[T]{done: make(chan struct{})}
	f.ended(err)
	return f
}

// Ask hands payload to a stateful worker of the named target, as [Do] hands
// over a function, and returns what the worker's Handle returned. The attempt
// runs on the worker's goroutine; a done ctx frees the caller at once.
//
// An answer of another type than Out is a *[ResultTypeError]; a nil answer is
// Out's zero value.
func Ask[Out any](ctx context.Context, s *Supervisor, target string, payload any, options ...CallOption) (Out, error) {
	t := s.Target(target)
	o := gather(options)
	if err := t.precheck(ctx, false, o); err != nil {
		var zero Out
		return zero, err
	}
	f := &question[Out]{payload: payload}
	f.done = make(chan struct{})
	f.body = f
	f.start(t, ctx, o, false)
	t.launch(&f.operation)
	return f.outcome()
}

// question is an operation that carries a payload.
type question[Out any] struct {
	Future[Out]
	payload any
}

func (q *question[Out]) run(ctx context.Context, worker func() (actors.Worker, error)) error {
	answer, err := handle(ctx, worker, q.payload)
	if err != nil {
		return err
	}
	value, ok := answer.(Out)
	if !ok && answer != nil {
		return &ResultTypeError{Target: q.target.name, Got: answer, WantedType: typeName[Out]()}
	}
	q.value = value
	return nil
}

// handle has a stateful worker do one attempt.
func handle(ctx context.Context, worker func() (actors.Worker, error), payload any) (any, error) {
	if worker == nil {
		return nil, noWorker
	}
	w, err := worker()
	if err != nil {
		return nil, err
	}
	return w.Handle(ctx, payload)
}
