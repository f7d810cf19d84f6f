package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// WithFallback gives what an operation comes to when it has failed: on its
// target, and on all that its policy falls back to. fn is called with the
// caller's context, which may be done, and the operation's error; what it
// returns is what the caller gets. It runs on the caller's goroutine, or for an
// operation whose caller does not lend one, on a goroutine of its own. A panic
// in it is a *[PanicError].
//
// T must be what the operation returns. Otherwise the operation is rejected
// with [ErrFallbackType].
func WithFallback[T any](fn func(ctx context.Context, err error) (T, error)) CallOption {
	if fn == nil {
		return nil
	}
	return func(o *callOptions) { o.fallback = fn }
}

// FallbackValue is [WithFallback] of a value.
func FallbackValue[T any](value T) CallOption {
	return WithFallback(func(context.Context, error) (T, error) { return value, nil })
}

// ErrFallbackType says that a fallback gives another type than its operation.
var ErrFallbackType = errors.New("the fallback gives another type than the operation returns")

// lastResort is an operation's own fallback.
type lastResort[T any] = func(context.Context, error) (T, error)

// ownFallback gives it, nil if there is none or it is of another type.
func ownFallback[T any](o *callOptions) lastResort[T] {
	fn, _ := o.fallback.(lastResort[T])
	return fn
}

// fits says whether the operation's own fallback, if it has one, is of its type.
func fits[T any](o *callOptions) bool { return o.fallback == nil || ownFallback[T](o) != nil }

// guarded runs it as the code of somebody else, which it is.
func guarded[T any](ctx context.Context, fn lastResort[T], failure error) (value T, err error) {
	err = actors.Guard(func() (err error) {
		value, err = fn(ctx, failure)
		return err
	})
	return value, err
}

// instead is what comes of an inline operation that ended with err: what
// another target, or its own fallback, gives. op is nil if there was none.
func instead[T any](ctx context.Context, t *Target, op *operation, fn func(context.Context) (T, error), o *callOptions, err error) (T, error) {
	var zero T
	if next := t.elsewhere(op, o, err); next != "" {
		t.fellBack(op, next, err)
		value, nextErr := do(ctx, t.sup.Target(next), fn, o.there())
		if nextErr == nil {
			return value, nil
		}
		err = failedOnBoth(t.name, err, next, nextErr)
	}
	if last := ownFallback[T](o); last != nil && !misused(err) {
		t.fellBack(op, "", err)
		return guarded(ctx, last, err)
	}
	return zero, err
}

// misused says that there was nothing to run, for which nothing else can stand
// in.
func misused(err error) bool {
	rejected, ok := err.(*RejectedError)
	if !ok {
		return false
	}
	_, unknown := rejected.Err.(*policies.UnknownTargetError)
	return unknown || rejected.Err == ErrNilFunction || rejected.Err == ErrNilContext || rejected.Err == ErrFallbackType
}

// isLast says whether there is nothing to fall back to from here.
func (t *Target) isLast(o *callOptions) bool {
	p := t.policy.Load()
	return o.fallback == nil && (p == nil || p.Fallback.Target == "")
}

// elsewhere is the name of the target on which an operation that ended here
// with err is tried next, empty if it is not. op is nil if there was none.
func (t *Target) elsewhere(op *operation, o *callOptions, err error) string {
	policy := t.policy.Load() // nil for a target that doesn't exist
	if op != nil {
		policy = op.policy
	}
	if policy == nil || policy.Fallback.Target == "" || o.hops >= policies.MaxFallbacks || !speaksAgainstTarget(op, err) {
		return ""
	}
	return policy.Fallback.Target
}

// speaksAgainstTarget says whether an operation that ended with err may do
// better elsewhere. It does for every refusal, and for what counts against the
// target; not for what the caller did, nor for an attempt that may have had its
// effect and is not to have it twice. It looks at the error's own type only,
// since it may run on an actor.
func speaksAgainstTarget(op *operation, err error) bool {
	switch e := err.(type) {
	case *OpenError:
		return true
	case *RejectedError:
		switch e.Err {
		case ErrOverloaded, ErrQueueWait, ErrTargetStopped, ErrTooManyAbandoned:
			return true
		}
		_, limited := e.Err.(*RateLimitError)
		return limited
	case *ExhaustedError:
		switch e.Reason {
		case retry.CallerGone, retry.CallerDeadline, retry.NotIdempotent, ReasonShutdown:
			return false
		}
		return true
	}
	if op == nil || op.course == nil {
		return false
	}
	f := op.course.failure
	if f == nil {
		return true
	}
	v := &f.verdict
	if v.Outcome == policies.Ignored || v.CallerGone || f.callerDied {
		return false
	}
	return !v.Ambiguous || op.repeatable()
}

// repeatable says whether the operation may run again although its last attempt
// may have taken effect.
func (op *operation) repeatable() bool {
	return retry.Repeatable(&op.policy.Retry, op.course.failure.verdict, op.options.key != "" || op.options.idempotent)
}

// there is the options for the next target: what has to be done in the end is
// done here.
func (o *callOptions) there() *callOptions {
	next := *o
	next.fallback = nil
	next.hops++
	return &next
}

// fellBack tells of it. to is empty for an operation's own fallback.
func (t *Target) fellBack(op *operation, to string, err error) {
	if t.err != nil {
		return
	}
	t.seldom().fallbacks.Add(1)
	if !t.sup.bus.Active() {
		return
	}
	id := ""
	if op != nil {
		id = op.id()
	}
	t.sup.bus.Publish(actors.OperationFellBack{Header: actors.Header{Target: t.name, At: time.Now()},
		Operation: id, To: to, Err: err})
}
