package actors

import (
	"context"

	"github.com/holdfast-go/holdfast/policies"
)

// Operation is the message by which another actor asks a target for one unit
// of work. Send it with Request to the target's PID; exactly one *[Result]
// comes back to the sender. Without a sender the result is dropped. To a PID
// whose target has ended the engine itself answers, with an
// *actor.DeadLetterResponse.
type Operation struct {
	// Context bounds the operation. Nil means context.Background().
	Context context.Context
	// Run does one attempt. Exactly one of Run and Payload is set.
	Run func(ctx context.Context) (any, error)
	// Payload is handed to the target's [Worker].
	Payload any
	// IdempotencyKey, if set, is offered to every attempt, and says that
	// repeating one is harmless.
	IdempotencyKey string
	// Idempotent says that running the operation twice is as good as once.
	Idempotent bool
	// WhenOpen says what happens if the target's breaker is open. Default:
	// what the target's policy says.
	WhenOpen policies.WhenOpen
	// Tag comes back in the Result, for senders that match replies.
	Tag any
}

// Result is the one answer to an [Operation].
type Result struct {
	// Value is what the successful attempt returned.
	Value any
	// Err is nil on success, and otherwise what a call of supervisor.Do
	// would have returned.
	Err error
	// Attempts is how many executions there were.
	Attempts int
	// Tag is the operation's.
	Tag any
}
