package scenarios

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// resorted is the value that an operation's own fallback gives.
const resorted = -1

var (
	errFellBack = errors.New("the fallback failed too")
	// errNobody stands for the engine's answer to a message for an actor that has ended.
	errNobody = errors.New("a dead letter")
)

// operate asks for an operation and gives its outcome.
func (s *Stage) operate(ctx context.Context, call *Operation, within *Attempt) (int, error) {
	op := s.ledger.ask(call, within)
	ctx, end := s.contextOf(ctx, op)
	defer end()
	o := Outcome{Exited: true}
	defer func() {
		s.ledger.outcome(op, o)
		s.noteOutcome(op, o)
	}()
	value, attempts, err := s.send(ctx, op)
	o = Outcome{Value: value, Err: err, Attempts: attempts}
	return value, err
}

// contextOf is the caller's context, and ends as the operation says.
func (s *Stage) contextOf(ctx context.Context, op *Op) (context.Context, func()) {
	c := op.Call
	if c.Priority != 0 {
		ctx = supervisor.WithPriority(ctx, supervisor.Priority(c.Priority))
	}
	end := func() {}
	if c.Deadline > 0 {
		ctx, end = context.WithTimeout(ctx, c.Deadline)
	}
	if c.Cancel > 0 {
		of, cancel := context.WithCancel(ctx)
		outer, clock := end, time.AfterFunc(c.Cancel, cancel)
		ctx, end = of, func() { clock.Stop(); cancel(); outer() }
	}
	if ctx.Done() == nil {
		return ctx, end
	}
	stop := context.AfterFunc(ctx, func() { s.ledger.gone(op) })
	inner := end
	return ctx, func() { stop(); inner() }
}

func (s *Stage) optionsOf(op *Op) (all []supervisor.CallOption) {
	c := op.Call
	if c.Idempotent {
		all = append(all, supervisor.Idempotent())
	}
	if c.NotIdempotent {
		all = append(all, supervisor.NotIdempotent())
	}
	if c.Key {
		all = append(all, supervisor.IdempotencyKey("key-"+c.ID))
	}
	switch c.WhenOpen {
	case "park":
		all = append(all, supervisor.ParkWhenOpen())
	case "fail":
		all = append(all, supervisor.FailWhenOpen())
	}
	if c.Fallback != "" {
		all = append(all, supervisor.WithFallback(func(context.Context, error) (int, error) {
			s.ledger.resort(op)
			switch c.Fallback {
			case "ok":
				return resorted, nil
			case "panics":
				panic("a fallback")
			}
			return 0, errFellBack
		}))
	}
	return all
}

func keysOf(words []string) (all []supervisor.Key) {
	for _, w := range words {
		all = append(all, supervisor.Key(w))
	}
	return all
}

// errand is the payload for a stateful worker: what its Handle is to do.
type errand func(ctx context.Context) (int, error)

func (s *Stage) send(ctx context.Context, op *Op) (value, attempts int, err error) {
	c := op.Call
	fn := func(ctx context.Context) (int, error) { return s.run(ctx, op) }
	switch c.Way {
	case Go:
		var f *supervisor.Future[int]
		if len(c.Keys) > 0 {
			f = supervisor.GoOn(ctx, s.sup.Target(c.Target, keysOf(c.Keys)...), fn, s.optionsOf(op)...)
		} else {
			f = supervisor.Go(ctx, s.sup, c.Target, fn, s.optionsOf(op)...)
		}
		value, err = f.Wait(context.Background())
	case Ask:
		value, err = supervisor.AskOn[int](ctx, s.sup.Target(c.Target, keysOf(c.Keys)...), errand(fn), s.optionsOf(op)...)
	case Send:
		return s.byMessage(ctx, op, fn)
	default:
		if len(c.Keys) > 0 {
			value, err = supervisor.DoOn(ctx, s.sup.Target(c.Target, keysOf(c.Keys)...), fn, s.optionsOf(op)...)
		} else {
			value, err = supervisor.Do(ctx, s.sup, c.Target, fn, s.optionsOf(op)...)
		}
	}
	return value, 0, err
}

// byMessage has an actor of the program's own ask the target.
func (s *Stage) byMessage(ctx context.Context, op *Op, fn errand) (int, int, error) {
	c := op.Call
	target := s.sup.Target(c.Target, keysOf(c.Keys)...)
	pid := target.PID()
	if pid == nil { // also if another target has its name now, and can't be had
		return 0, 0, cmp.Or(target.Err(), errNobody)
	}
	request := &actors.Operation{Context: ctx, Tag: op, Idempotent: c.Idempotent,
		Run: func(ctx context.Context) (any, error) { return fn(ctx) }}
	if c.Key {
		request.IdempotencyKey = "key-" + c.ID
	}
	if c.WhenOpen != "" {
		request.WhenOpen = policies.WhenOpen(c.WhenOpen)
	}
	box := make(chan any, 16)
	system := s.sup.System()
	sender := system.Root.Spawn(actor.PropsFromFunc(func(a actor.Context) {
		switch m := a.Message().(type) {
		case *actor.Started:
			a.Request(pid, request)
		case *actors.Result, *actor.DeadLetterResponse:
			box <- m
		}
	}))
	first := <-box
	// Another reply, if there ever is one, comes before the run is over.
	s.steps.Go(func() {
		select {
		case <-s.release:
		case <-box:
			s.ledger.wrong("I1: a message was answered twice: " + c.ID)
		}
		system.Root.Stop(sender)
	})
	r, ok := first.(*actors.Result)
	if !ok {
		return 0, 0, errNobody
	}
	if r.Tag != op {
		s.ledger.wrong("I1: a message got another's result: " + c.ID)
	}
	value, _ := r.Value.(int)
	return value, r.Attempts, r.Err
}
