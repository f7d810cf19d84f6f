package supervisor

import (
	"context"
)

// Do runs fn as one operation on the named target and returns when it has its
// outcome: the value of the attempt that succeeded, or an error.
//
// Attempts run on the calling goroutine. ctx bounds the whole operation: the
// waits between attempts end with it, and fn gets a context derived from it;
// a function that ignores its context keeps the caller until it returns. (On a
// target with stateful workers, see [WithWorker], fn runs on the worker's
// goroutine and a done ctx frees the caller at once.)
//
// Errors: *[OpenError] if the breaker refused the call, *[RejectedError] if it
// was refused for another reason; the function's own error as it is if it was
// not worth another attempt; otherwise *[ExhaustedError], which unwraps to the
// last attempt's own error. A panic in fn is a *[PanicError] and
// runtime.Goexit is [ErrGoexit]; both are failed attempts.
//
// Do is safe for concurrent use. fn may call it, on any target, and then must
// pass on the context it was given: an operation that is known to run within
// another's attempt is lent a worker, one at a time, when its target has none
// left, since it may hold up the very workers it would wait for.
func Do[T any](ctx context.Context, s *Supervisor, target string, fn func(context.Context) (T, error), options ...CallOption) (T, error) {
	return DoOn(ctx, s.Target(target), fn, options...)
}

// DoOn is [Do] on a target that was looked up before.
func DoOn[T any](ctx context.Context, t *Target, fn func(context.Context) (T, error), options ...CallOption) (T, error) {
	return do(ctx, t, fn, gather(options))
}

func do[T any](ctx context.Context, t *Target, fn func(context.Context) (T, error), o *callOptions) (T, error) {
	t = t.current()
	if err := t.precheck(ctx, fn == nil, fits[T](o), o); err != nil {
		if t.isLast(o) {
			var zero T
			return zero, err
		}
		return instead(ctx, t, nil, fn, o, err)
	}
	policy := t.policy.Load()
	if t.factory != nil || policy.watched || policy.hedged {
		return launch(ctx, t, fn, o, nil).call.outcome()
	}
	c := &call[T]{brief: brief{Context: ctx, target: t, policy: policy, options: o}, fn: fn}
	if err := t.perform(c, &c.brief); err != nil {
		return instead(ctx, t, c.op.Load(), fn, o, err)
	}
	return c.value, nil
}

// Go runs fn as one operation on the named target and returns at once. The
// operation ends, and its caller is free, when ctx ends, whether or not fn has
// returned by then. For the rest see [Do].
func Go[T any](ctx context.Context, s *Supervisor, target string, fn func(context.Context) (T, error), options ...CallOption) *Future[T] {
	return GoOn(ctx, s.Target(target), fn, options...)
}

// GoOn is [Go] on a target that was looked up before.
func GoOn[T any](ctx context.Context, t *Target, fn func(context.Context) (T, error), options ...CallOption) *Future[T] {
	return launch(ctx, t, fn, gather(options), nil)
}

// Wrap gives fn the target's supervision and keeps its shape. Each call of
// the function it returns is a [Do].
func Wrap[In, Out any](s *Supervisor, target string, fn func(context.Context, In) (Out, error), options ...CallOption) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		if fn == nil {
			return Do[Out](ctx, s, target, nil, options...)
		}
		return Do(ctx, s, target, func(ctx context.Context) (Out, error) { return fn(ctx, in) }, options...)
	}
}
