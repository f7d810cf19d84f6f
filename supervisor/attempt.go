package supervisor

import "context"

// Attempt is what a function can learn of the attempt it runs in.
type Attempt struct {
	// Target is the name of the target.
	Target string
	// Number counts executions of the operation from 1.
	Number int
	// MaxAttempts is how many there may be.
	MaxAttempts int
	// OperationID names the operation: the same in every attempt and in
	// its events, and different from that of any other operation.
	OperationID string
	// IdempotencyKey is the caller's key, or the operation id if the caller
	// gave none. It is the same in every attempt, for servers that
	// recognise a repeated request by it.
	IdempotencyKey string
	// Depth is 1 for an operation that was not asked for within another's
	// attempt, 2 for one within such a one's, and so on. It is known by the
	// contexts that functions pass on, whatever the targets are.
	Depth int
}

// CurrentAttempt gives the attempt that ctx belongs to, and false if ctx does
// not come from one.
func CurrentAttempt(ctx context.Context) (Attempt, bool) {
	op, number := attemptOf(ctx)
	if op == nil {
		return Attempt{}, false
	}
	key := op.options.key
	if key == "" {
		key = op.id()
	}
	return Attempt{
		Target:         op.target.name,
		Number:         number,
		MaxAttempts:    op.policy.maxAttempts(),
		OperationID:    op.id(),
		IdempotencyKey: key,
		Depth:          op.depth(),
	}, true
}

// depth counts the operations that op runs within, and itself.
func (op *operation) depth() int {
	n := 1
	for outer, _ := attemptOf(op.caller()); outer != nil; outer, _ = attemptOf(outer.caller()) {
		n++
	}
	return n
}

// attemptKey finds, in a context, the attempt it belongs to.
type attemptKey struct{}

// Value implements [context.Context] for the first attempt.
func (op *operation) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return op
	}
	return op.Context.Value(key)
}

// String keeps whoever prints a context from reading the operation.
func (op *operation) String() string { return attemptOn(op.target) }

func attemptOn(t *Target) string { return "holdfast attempt on " + t.name }

// laterAttempt is the context of an attempt after the first.
type laterAttempt struct {
	context.Context
	op     *operation
	number int
	cost   cost
	late   *lateSettlement // nil unless its success is settled later
}

// laterContext makes the context of an attempt after the first.
func (op *operation) laterContext() context.Context {
	c := op.course
	if c.waiter != nil && c.waiter.later.op == nil {
		c.later = &c.waiter.later
	} else {
		c.later = &laterAttempt{}
	}
	c.later.Context, c.later.op, c.later.number = op.Context, op, int(op.attempt)
	return c.later
}

// Value implements [context.Context].
func (c *laterAttempt) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// attemptOf gives the operation and the number of the attempt that ctx
// belongs to, nil if it belongs to none.
func attemptOf(ctx context.Context) (op *operation, number int) {
	if ctx == nil {
		return nil, 0
	}
	switch c := ctx.Value(attemptKey{}).(type) {
	case *operation:
		return c, 1
	case *laterAttempt:
		return c.op, c.number
	case *watched:
		return c.op, c.number
	case body: // a call
		return c.untyped(), 1
	}
	return nil, 0
}
