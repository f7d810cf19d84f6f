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
}

// CurrentAttempt gives the attempt that ctx belongs to, and false if ctx does
// not come from one.
func CurrentAttempt(ctx context.Context) (Attempt, bool) {
	c := attemptOf(ctx)
	if c == nil {
		return Attempt{}, false
	}
	op := c.op
	key := op.options.key
	if key == "" {
		key = op.id()
	}
	return Attempt{
		Target:         op.target.name,
		Number:         c.number,
		MaxAttempts:    op.policy.maxAttempts(),
		OperationID:    op.id(),
		IdempotencyKey: key,
	}, true
}

// attemptContext is the context of one attempt: the caller's, and the way
// back to the operation. The first attempt's lies in the operation itself, so
// that it costs no allocation.
type attemptContext struct {
	context.Context
	op     *operation
	number int
}

type attemptKey struct{}

// Value implements [context.Context].
func (c *attemptContext) Value(key any) any {
	if _, ok := key.(attemptKey); ok {
		return c
	}
	return c.Context.Value(key)
}

func attemptOf(ctx context.Context) *attemptContext {
	if ctx == nil {
		return nil
	}
	c, _ := ctx.Value(attemptKey{}).(*attemptContext)
	return c
}

// within says whether ctx belongs to an attempt on t, or to one that was
// started by such an attempt.
func within(ctx context.Context, t *Target) bool {
	for c := attemptOf(ctx); c != nil; c = attemptOf(c.Context) {
		if c.op.target == t {
			return true
		}
	}
	return false
}
