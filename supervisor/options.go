package supervisor

import (
	"context"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// Option changes how [New] builds a supervisor.
type Option func(*options)

type options struct {
	system    *actor.ActorSystem
	name      string
	factories map[string]actors.Factory
	probes    map[string]func(context.Context) error
	logger    *slog.Logger
	chaos     bool // is allowed
}

// WithSystem puts the supervisor into an actor system of yours, beside your
// own actors. The system stays yours: Shutdown ends only what the supervisor
// started. Events appear on its EventStream.
func WithSystem(system *actor.ActorSystem) Option {
	return func(o *options) { o.system = system }
}

// WithName names the root of the supervision tree. Default "holdfast". Two
// supervisors in one actor system need two names.
func WithName(name string) Option {
	return func(o *options) { o.name = name }
}

// WithWorker gives a target workers with state: a connection, a browser, a
// session. Each worker makes its own with factory when it is first needed,
// and a restart closes it and makes another. The target must be in the set.
//
// Attempts on such a target run on the workers' goroutines.
func WithWorker(target string, factory actors.Factory) Option {
	return func(o *options) { o.factories[target] = factory }
}

// WithLogger logs what happens: a breaker that trips at level Error, one that
// reopens or is opened by hand, every retry and every probe of [WithProbe] that fails at Warn, recovery at Info, attempts at Debug.
// Without it nothing is logged. Logging runs on a subscription of its own and
// so holds up no operation. Whether attempts are told of depends on the
// logger's level when New is called.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}
