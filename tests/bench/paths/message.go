package paths

import (
	"context"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// message is an operation that an actor asks for by a message, and the reply that
// it gets, one after the other. Beside it bare protoactor, without retry or
// breaker: a future for the reply of an actor, and one actor that asks another.
func message() []Path {
	return []Path{
		{"message/holdfast", func(b *testing.B) {
			system := actors.NewSystem()
			b.Cleanup(system.Shutdown)
			sup := supervise(b, nil, supervisor.WithSystem(system))
			run := func(ctx context.Context) (any, error) { return succeed(ctx) }
			converse(b, system, sup.PID("api"),
				func() any { return &actors.Operation{Run: run} },
				func(reply any) bool {
					result, ok := reply.(*actors.Result)
					return ok && result.Err == nil
				})
		}},
		{"message/protoactor_future", func(b *testing.B) {
			system := actors.NewSystem()
			b.Cleanup(system.Shutdown)
			pid := answering(system)
			serially(b, func() error {
				_, err := system.Root.RequestFuture(pid, &question{}, time.Minute).Result()
				return err
			})
		}},
		{"message/protoactor_actors", func(b *testing.B) {
			system := actors.NewSystem()
			b.Cleanup(system.Shutdown)
			converse(b, system, answering(system),
				func() any { return &question{} },
				func(reply any) bool {
					_, ok := reply.(*answer)
					return ok
				})
		}},
	}
}

type (
	question struct{}
	answer   struct{ value int }
	begin    struct{}
)

// answering is an actor that does the work of [succeed].
func answering(system *actor.ActorSystem) *actor.PID {
	return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*question); ok {
			value, _ := succeed(ctx)
			c.Respond(&answer{value})
		}
	}))
}

// converse has an actor ask b.N times, each time when it has the reply to the last.
func converse(b *testing.B, system *actor.ActorSystem, to *actor.PID, ask func() any, isReply func(any) bool) {
	left, done := b.N, make(chan struct{})
	next := func(c actor.Context) {
		if left == 0 {
			close(done)
			return
		}
		left--
		c.Request(to, ask())
	}
	pid := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case begin:
			next(c)
		case actor.SystemMessage, actor.AutoReceiveMessage:
		default:
			if !isReply(m) {
				b.Errorf("the reply is %v", m)
				close(done)
				return
			}
			next(c)
		}
	}))
	b.ReportAllocs()
	b.ResetTimer()
	system.Root.Send(pid, begin{})
	<-done
	b.StopTimer()
	system.Root.Stop(pid)
}
