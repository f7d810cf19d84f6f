package supervisor

import (
	"context"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/actors"
)

// brief is an inline operation that has met no trouble yet, and the context of
// its first attempt. Most operations are never more, and what is not made costs
// nothing. It becomes an operation when there is something to keep: a failure, a
// wait, or somebody who asks about it.
type brief struct {
	context.Context // the caller's

	target  *Target
	policy  *resolved
	options *callOptions
	op      atomic.Pointer[operation]
}

// become makes it an operation, if it is none yet.
func (b *brief) become(whole body) *operation {
	if op := b.op.Load(); op != nil {
		return op
	}
	return b.becomes(&operation{}, whole)
}

// becomeTroubled is become for one that has met trouble: it is made in one piece.
func (b *brief) becomeTroubled(whole body) *operation {
	if op := b.op.Load(); op != nil {
		return op
	}
	return b.becomes(newTroubled(), whole)
}

func (b *brief) becomes(op *operation, whole body) *operation {
	op.start(whole, b.target, b.Context, b.policy, b.options, true)
	if !b.op.CompareAndSwap(nil, op) {
		return b.op.Load()
	}
	return op
}

// call is a whole inline operation.
type call[T any] struct {
	brief
	fn    func(context.Context) (T, error)
	value T
}

// untyped implements body.
func (c *call[T]) untyped() *operation { return c.become(c) }

// troubled implements body.
func (c *call[T]) troubled() *operation { return c.becomeTroubled(c) }

// run implements body.
func (c *call[T]) run(w *worker, _ func() (actors.Worker, error)) error {
	var ctx context.Context = c
	if w.brief {
		c.policy.budget.called()
	} else {
		var err error
		if ctx, err = c.op.Load().begin(); err != nil {
			return err
		}
	}
	value, err := c.fn(ctx)
	if err == nil {
		c.value = value
	}
	return err
}

// ended is for detached operations; a call's caller is woken.
func (c *call[T]) ended(error, int) func() { return nil }

// Value implements [context.Context] for the first attempt.
func (c *call[T]) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// String keeps whoever prints a context from reading the call.
func (c *call[T]) String() string { return attemptOn(c.target) }
