package supervisor

import (
	"context"
	"reflect"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// Ask hands payload to a stateful worker of the named target, as [Do] hands
// over a function, and returns what the worker's Handle returned. The attempt
// runs on the worker's goroutine; a done ctx frees the caller at once.
//
// An answer of another type than Out is a *[ResultTypeError]; a nil answer is
// Out's zero value.
func Ask[Out any](ctx context.Context, s *Supervisor, target string, payload any, options ...CallOption) (Out, error) {
	return AskOn[Out](ctx, s.Target(target), payload, options...)
}

// AskOn is [Ask] on a target that was looked up before.
func AskOn[Out any](ctx context.Context, t *Target, payload any, options ...CallOption) (Out, error) {
	return put[Out](ctx, t.current(), payload, gather(options), nil).outcome()
}

// put hands a question to a target.
func put[Out any](ctx context.Context, t *Target, payload any, o *callOptions, outer *detached[Out]) *question[Out] {
	q := &question[Out]{payload: payload}
	q.set(q, ctx, t, false, o, outer)
	return q
}

// question is an operation that carries a payload.
type question[Out any] struct {
	detached[Out]
	payload any
}

// again implements repeatable.
func (q *question[Out]) again(t *Target, o *callOptions, outer *detached[Out]) {
	put(q.caller(), t, q.payload, o, outer)
}

// run implements body.
func (q *question[Out]) run(_ *worker, worker func() (actors.Worker, error)) error {
	ctx, err := q.begin()
	if err != nil {
		return err
	}
	value, err := q.ask(ctx, worker)
	if err == nil {
		q.value = value
	}
	return err
}

// try implements apartBody.
func (q *question[Out]) try(ctx context.Context, worker func() (actors.Worker, error)) (keep func(), err error) {
	value, err := q.ask(ctx, worker)
	if err != nil {
		return nil, err
	}
	return func() { q.value = value }, nil
}

func (q *question[Out]) ask(ctx context.Context, worker func() (actors.Worker, error)) (value Out, err error) {
	answer, err := handle(ctx, worker, q.payload)
	if err != nil {
		return value, err
	}
	value, ok := answer.(Out)
	if !ok && answer != nil {
		err = &ResultTypeError{Target: q.target.name, Got: answer, WantedType: reflect.TypeFor[Out]().String()}
	}
	return value, err
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

// noWorker keeps a payload for the wrong target from being retried and from
// counting against the target.
var noWorker = classify.Ignore(actors.ErrNoWorker)
