package supervisor

import (
	"context"
	"fmt"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// message is an operation that another actor sent. Its outcome goes back as
// an *[actors.Result].
type message struct {
	operation
	request actors.Operation
	value   any
	sender  *actor.PID
}

// accept takes in an operation that came as a message.
func (a *targetActor) accept(request *actors.Operation, sender *actor.PID) {
	if request == nil {
		request = &actors.Operation{}
	}
	m := &message{request: *request, sender: sender}
	ctx := request.Context
	if ctx == nil {
		ctx = context.Background()
	}
	options := &noOptions
	if request.IdempotencyKey != "" {
		options = &callOptions{key: request.IdempotencyKey}
	}
	m.start(m, a.Target, ctx, options, false)
	switch {
	case a.halted != nil:
		a.reject(&m.operation, a.halted)
	case (request.Run == nil) == (request.Payload == nil):
		a.reject(&m.operation, fmt.Errorf("exactly one of Run and Payload has to be set: %w", ErrNilFunction))
	case ctx.Err() != nil:
		a.reject(&m.operation, fmt.Errorf("not started: %w", context.Cause(ctx)))
	default:
		a.Target.launch(&m.operation)
	}
}

// Run implements [actors.Runner].
func (m *message) Run(worker func() (actors.Worker, error)) error {
	ctx := m.begin()
	if ctx == nil {
		return errWithdrawn
	}
	var value any
	var err error
	if m.request.Run != nil {
		value, err = m.request.Run(ctx)
	} else {
		value, err = handle(ctx, worker, m.request.Payload)
	}
	if err == nil {
		m.value = value
	}
	return err
}

func (m *message) ended(err error, attempts int) {
	if m.sender == nil {
		return
	}
	result := &actors.Result{Err: err, Attempts: attempts, Tag: m.request.Tag}
	if err == nil {
		result.Value = m.value
	}
	m.target.sup.system.Root.Send(m.sender, result)
}
