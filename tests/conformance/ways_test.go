package conformance_test

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// caller sends fn to a target in one of the ways there are.
type caller func(ctx context.Context, target string, fn attempt) (int, error)

// ways are all the ways to have an operation run. Python has two, sync and
// async; what holds for one must hold for all.
var ways = []struct {
	name string
	// stateful ways need workers with state on every target.
	stateful bool
	call     func(sup *supervisor.Supervisor) caller
}{
	{"Do", false, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.Do(ctx, sup, target, fn)
		}
	}},
	{"Go", false, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.Go(ctx, sup, target, fn).Wait(context.Background())
		}
	}},
	{"DoOn", false, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.DoOn(ctx, sup.Target(target), fn)
		}
	}},
	{"GoOn", false, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.GoOn(ctx, sup.Target(target), fn).Wait(context.Background())
		}
	}},
	{"Wrap", false, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			wrapped := supervisor.Wrap(sup, target, func(ctx context.Context, _ struct{}) (int, error) { return fn(ctx) })
			return wrapped(ctx, struct{}{})
		}
	}},
	{"Message", false, byMessage},
	{"Ask", true, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.Ask[int](ctx, sup, target, fn)
		}
	}},
	{"DoOnWorkersWithState", true, func(sup *supervisor.Supervisor) caller {
		return func(ctx context.Context, target string, fn attempt) (int, error) {
			return supervisor.Do(ctx, sup, target, fn)
		}
	}},
}

// inEachWay runs f for each way to call, each with a supervisor and a bubble
// of its own.
func inEachWay(t *testing.T, set *policies.Set, f func(t *testing.T, sup *supervisor.Supervisor, call caller)) {
	t.Helper()
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			var opts []supervisor.Option
			if w.stateful {
				for _, name := range set.Names() {
					opts = append(opts, supervisor.WithWorker(name, newRunner))
				}
			}
			inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
				f(t, sup, w.call(sup))
			}, opts...)
		})
	}
}

// byMessage sends an operation from an actor and waits for its reply.
func byMessage(sup *supervisor.Supervisor) caller {
	return func(ctx context.Context, target string, fn attempt) (int, error) {
		pid := sup.PID(target)
		if pid == nil {
			return 0, sup.Target(target).Err()
		}
		replies := make(chan *actors.Result, 1)
		root := sup.System().Root
		receiver := root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if r, ok := c.Message().(*actors.Result); ok {
				replies <- r
			}
		}))
		defer root.Stop(receiver)
		root.RequestWithCustomSender(pid, &actors.Operation{
			Context: ctx,
			Run:     func(ctx context.Context) (any, error) { return fn(ctx) },
		}, receiver)
		r := <-replies
		v, _ := r.Value.(int)
		return v, r.Err
	}
}

// runner is a worker with state whose payloads are functions.
type runner struct{}

func newRunner(context.Context) (actors.Worker, error) { return runner{}, nil }

func (runner) Handle(ctx context.Context, payload any) (any, error) {
	return payload.(attempt)(ctx)
}

func (runner) Close() error { return nil }
