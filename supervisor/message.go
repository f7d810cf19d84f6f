package supervisor

import (
	"context"
	"errors"
	"sync/atomic"

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
	// outer is the message that fell back to this one, nil if it is its own;
	// failed is what it had failed with, after so many attempts.
	outer    *message
	failed   error
	attempts int
	replied  atomic.Bool // of the one that is nobody's fallback
}

// accept takes in an operation that came as a message. What it returns, if it is
// not nil, runs it, and is to be called by somebody whom nobody waits for.
func (a *targetActor) accept(request *actors.Operation, sender *actor.PID) (then func()) {
	if request == nil {
		request = &actors.Operation{}
	}
	if a.keyed != nil {
		a.keyed.touch()
	}
	m := &message{request: *request, sender: sender}
	options := &noOptions
	if request.IdempotencyKey != "" || request.Idempotent || request.WhenOpen != "" {
		options = &callOptions{key: request.IdempotencyKey, idempotent: request.Idempotent, whenOpen: request.WhenOpen}
	}
	ctx := request.Context
	if ctx == nil {
		m.start(m, a.Target, context.Background(), a.policy.Load(), options, false)
		return a.launchMessage(m)
	}
	m.start(m, a.Target, ctx, a.policy.Load(), options, false)
	// The context may be of the sender's own making, and its methods are not
	// to run on this actor.
	return func() {
		var run func()
		err := error(actors.ErrGoexit)
		defer func() { // even if one of them ends the goroutine
			if err != nil {
				a.Target.refuse(&m.operation, err)
			}
		}()
		err = actors.Guard(func() error {
			run = a.launchMessage(m)
			return nil
		})
		if run != nil {
			run()
		}
	}
}

func (t *Target) launchMessage(m *message) (then func()) {
	ctx := m.caller()
	switch {
	case m.request.Run == nil && m.request.Payload == nil:
		t.refuse(&m.operation, ErrNilFunction)
	case m.request.Run != nil && m.request.Payload != nil:
		t.refuse(&m.operation, errTwoFunctions)
	case ctx.Err() != nil:
		t.refuse(&m.operation, &gaveUpError{context.Cause(ctx)})
	default:
		return t.launchThen(&m.operation)
	}
	return nil
}

var errTwoFunctions = errors.New("the message has both Run and Payload; set one of them")

// run implements body.
func (m *message) run(_ *worker, worker func() (actors.Worker, error)) error {
	ctx, err := m.begin()
	if err != nil {
		return err
	}
	value, err := m.do(ctx, worker)
	if err == nil {
		m.value = value
	}
	return err
}

// try implements apartBody.
func (m *message) try(ctx context.Context, worker func() (actors.Worker, error)) (keep func(), err error) {
	value, err := m.do(ctx, worker)
	if err != nil {
		return nil, err
	}
	return func() { m.value = value }, nil
}

func (m *message) do(ctx context.Context, worker func() (actors.Worker, error)) (any, error) {
	if m.request.Run != nil {
		return m.request.Run(ctx)
	}
	return handle(ctx, worker, m.request.Payload)
}

func (m *message) ended(err error, attempts int) (then func()) {
	m.attempts += attempts
	if err == nil || !m.diverts(err) {
		return m.answer(err)
	}
	return nil
}

// diverts says whether the operation, which ended with err, goes on elsewhere.
func (m *message) diverts(err error) bool {
	next := m.target.elsewhere(&m.operation, m.options, err)
	if next == "" {
		return false
	}
	m.failed = err
	return m.target.sup.errands.run(func() {
		m.target.fellBack(&m.operation, next, err)
		t := m.target.sup.Target(next)
		if t.err != nil {
			m.reply(failedOnBoth(m.target.name, err, next, t.err))
			return
		}
		n := &message{request: m.request, sender: m.sender, outer: m, attempts: m.attempts}
		n.start(n, t, m.caller(), t.policy.Load(), m.options.there(), false)
		if then := t.launchMessage(n); then != nil {
			go then()
		}
	}, m.reply)
}

// reply gives the outcome to the sender.
func (m *message) reply(err error) {
	if send := m.answer(err); send != nil {
		go send()
	}
}

// answer is what gives the outcome to the sender, nil if that is not to be done.
// It may block: when the sender is gone the engine calls whoever listens to dead
// letters.
func (m *message) answer(err error) (send func()) {
	for inner := m; err != nil && inner.outer != nil; inner = inner.outer {
		err = failedOnBoth(inner.outer.target.name, inner.outer.failed, inner.target.name, err)
	}
	first := m
	for first.outer != nil {
		first = first.outer
	}
	if m.sender == nil || !first.replied.CompareAndSwap(false, true) {
		return nil
	}
	result := &actors.Result{Err: err, Attempts: m.attempts, Tag: m.request.Tag}
	if err == nil {
		result.Value = m.value
	}
	return func() {
		_ = actors.Guard(func() error {
			m.target.sup.system.Root.Send(m.sender, result)
			return nil
		})
	}
}
