package reload_test

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// caller is a goroutine that sends operations. Some it leaves for a while.
type caller struct {
	s     *storm
	asker *actor.PID
	out   []pending
}

func (s *storm) newCaller() *caller { return &caller{s: s, asker: s.openAsker()} }

// pending is an operation that is out. wait gives its outcome.
type pending struct {
	op   *operation
	wait func() (int64, error)
}

// mostPending is how many operations a caller leaves.
const mostPending = 4

// work sends operations until there are none, or n of them.
func (c *caller) work(n int64) {
	s := c.s
	for ; n > 0; n-- {
		i, ok := s.draw()
		if !ok {
			return
		}
		c.send(s.prepare(context.Background(), i, false))
		if mix(s.seed, i, -2000)%64 == 0 && s.pace == nil {
			s.sup.Breaker(swinging).ForceOpen()
		}
	}
}

// end sees through what is out.
func (c *caller) end() {
	for len(c.out) > 0 {
		c.finish()
	}
	// Others may wait for the breaker that this one has opened last.
	c.s.sup.Breaker(swinging).Reset()
	// Whatever has been sent to the asker comes before its end.
	_ = c.s.sup.System().Root.PoisonFuture(c.asker).Wait()
}

// finish sees the operation through that has been out for longest.
func (c *caller) finish() {
	p := c.out[0]
	c.out = c.out[1:]
	switch p.op.target {
	case swinging:
		c.s.sup.Breaker(swinging).Reset()
	case forced:
		p.op.leave(errWithdrawn)
	}
	value, err := p.wait()
	if p.op.target == forced && errors.Is(err, supervisor.ErrOpen) {
		c.s.pace.goOn() // there is no event of it
	}
	p.op.settle(value, err)
}

// send sends an operation in one of the ways there are for its target.
func (c *caller) send(op *operation) {
	s, t := c.s, c.s.targets[op.target]
	way := mix(s.seed, op.i, -3000) % 4
	switch {
	case op.target == tripped:
		op.settle(supervisor.DoOn(op.ctx, t, op.run, supervisor.FailWhenOpen()))
	case op.target == forced:
		s.pace.wait()
		c.leaveOut(op, supervisor.Go(op.ctx, s.sup, op.target, op.run))
	case op.target == swinging && way < 3:
		c.leaveOut(op, supervisor.Go(op.ctx, s.sup, op.target, op.run))
	case op.target == swinging:
		c.ask(op)
		c.later(pending{op, op.answered})
	case way == 0:
		c.ask(op)
		op.settle(op.answered())
	case way == 1 && op.target == stateful:
		op.settle(supervisor.Ask[int64](op.ctx, s.sup, op.target, op))
	case way == 1:
		op.settle(supervisor.DoOn(op.ctx, t, op.run))
	case way == 2:
		c.leaveOut(op, supervisor.GoOn(op.ctx, t, op.run))
	default:
		op.settle(supervisor.Do(op.ctx, s.sup, op.target, op.run))
	}
}

// nested runs another operation within an attempt, if there is one to run.
func (s *storm) nested(ctx context.Context) {
	i, ok := s.draw()
	if !ok {
		return
	}
	op := s.prepare(ctx, i, true)
	if mix(s.seed, i, -3000)%2 == 0 {
		op.settle(supervisor.Do(op.ctx, s.sup, op.target, op.run))
		return
	}
	op.settleFuture(supervisor.Go(op.ctx, s.sup, op.target, op.run))
}

// leaveOut leaves an operation that has been accepted.
func (c *caller) leaveOut(op *operation, f *supervisor.Future[int64]) {
	op.accepted()
	c.later(pending{op, func() (int64, error) { return op.outcome(f) }})
}

func (c *caller) later(p pending) {
	c.out = append(c.out, p)
	if len(c.out) > mostPending {
		c.finish()
	}
}

func (op *operation) settleFuture(f *supervisor.Future[int64]) {
	op.accepted()
	op.settle(op.outcome(f))
}

// outcome waits for a future, twice.
func (op *operation) outcome(f *supervisor.Future[int64]) (int64, error) {
	value, err := f.Wait(context.Background())
	again, errAgain := f.Wait(context.Background())
	if again != value || errAgain != err { //nolint:errorlint // the very same
		op.s.complain(&op.s.double, op, "two outcomes: %v, %v", err, errAgain)
	}
	return value, err
}

// question asks the asker to send an operation by message.
type question struct {
	to      *actor.PID
	message *actors.Operation
}

func (c *caller) ask(op *operation) {
	op.answer = make(chan error, 1)
	m := &actors.Operation{Tag: op}
	if op.leaves > 0 || op.i%2 == 0 {
		m.Context = op.ctx
	}
	if op.target == stateful {
		m.Payload = op
	} else {
		m.Run = func(ctx context.Context) (any, error) { return op.run(ctx) }
	}
	c.s.sup.System().Root.Send(c.asker, question{c.s.sup.PID(op.target), m})
}

// answered waits for the answer to a message.
func (op *operation) answered() (int64, error) {
	err := <-op.answer
	return op.i, err
}

// openAsker starts an actor that sends operations and takes their results.
func (s *storm) openAsker() *actor.PID {
	return s.sup.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case question:
			c.Request(m.to, m.message)
		case *actors.Result:
			op := m.Tag.(*operation)
			switch value, _ := m.Value.(int64); {
			case m.Err == nil && value != op.i:
				s.complain(&s.wrong, op, "the value of another: %d", value)
			case int64(m.Attempts) != op.attempts.Load():
				s.complain(&s.wrong, op, "%d attempts are said to be %d", op.attempts.Load(), m.Attempts)
			}
			select {
			case op.answer <- m.Err:
			default:
				s.complain(&s.double, op, "a second result: %v", m.Err)
			}
		}
	}))
}
