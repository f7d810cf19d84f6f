package actors

import (
	"context"
	"errors"

	"github.com/asynkron/protoactor-go/actor"
)

// Worker is a user's worker with state that a restart renews: a connection, a
// browser, a session. Its methods are called by one goroutine at a time.
type Worker interface {
	// Handle does one attempt. It may panic; the worker is then renewed.
	Handle(ctx context.Context, payload any) (any, error)
	// Close gives the state back. It is called once for each worker that
	// was made, before its successor is.
	Close() error
}

// Factory makes a [Worker]. ctx lives as long as the worker does, not only
// for the call. A factory that fails or panics fails the attempt that needed
// the worker, which is then retried as its policy says.
type Factory func(ctx context.Context) (Worker, error)

// ErrNoWorker is the error of an attempt whose operation carries a payload
// for a target that has no worker to handle it.
var ErrNoWorker = errors.New("the target has no worker for a payload: give it one with supervisor.WithWorker")

// FactoryError says that a target's worker could not be made.
type FactoryError struct {
	Err error
}

func (e *FactoryError) Error() string { return "its worker could not be made: " + e.Err.Error() }

// Unwrap gives the factory's own error.
func (e *FactoryError) Unwrap() error { return e.Err }

// Task is what a worker actor runs: one attempt of an operation. The sender
// owns it until the worker has it, and the worker has it until it has called
// one of the runner's ends.
type Task struct {
	Runner Runner
}

// Runner is the work behind a [Task].
type Runner interface {
	// Run does the attempt. It is user code: it may panic, call
	// runtime.Goexit or never return. worker is nil for a target without
	// stateful workers.
	Run(worker func() (Worker, error)) error
	// Succeeded is called after Run returned nil. What it returns, if it is not
	// nil, is called when the worker needs this goroutine no more: it may block.
	Succeeded() (then func())
	// Failed is called after Run failed, panicked or ended the goroutine,
	// and before the worker tells its supervisor. It may call user code,
	// but must not let a panic of it through.
	Failed(err error, how Ending)
	// Undelivered is called instead of Run if the worker has stopped.
	Undelivered()
}

// SpawnWorker starts a worker actor as a child of parent. It is told a *[Task],
// or runs one with [Ref.Run]. factory may be nil. renewed, if not nil, is called on the worker's goroutine each
// time a fresh incarnation has replaced a failed one, whose state is closed by
// then.
func SpawnWorker(parent actor.SpawnerContext, name string, factory Factory, renewed func()) (*Ref, error) {
	d := onCaller
	if factory != nil {
		// Its restarts run the user's Close, which must not run on the
		// goroutine of a supervisor or of another caller.
		d = onGoroutine
	}
	box := newMailbox(d, func(message any) {
		if t, ok := message.(*Task); ok {
			t.Runner.Undelivered()
		}
	})
	incarnations := 0
	r := &Ref{box: box}
	return r, r.start(parent, name, func() actor.Actor {
		incarnations++
		w := &worker{box: box, factory: factory}
		if incarnations > 1 {
			w.renewed = renewed
		}
		return w
	})
}

// worker is one incarnation of a worker actor.
type worker struct {
	box     *mailbox
	factory Factory
	renewed func()
	state   Worker
	ctx     context.Context // of the state, from its making to its end
	end     context.CancelFunc
	failure actor.Failure // its first: most incarnations have one, and no more
}

// Receive implements [actor.Actor].
func (w *worker) Receive(c actor.Context) {
	switch message := c.Message().(type) {
	case *Task:
		w.run(c, message)
	case *actor.Started:
		if w.renewed != nil {
			w.renewed()
		}
	case *actor.Restarting:
		w.close()
	case *actor.Stopped:
		w.close()
		w.box.close()
	}
}

// run is the boundary around user code: a panic or a Goexit in it is a failed
// attempt like any other.
func (w *worker) run(c actor.Context, t *Task) {
	returned := false
	defer func() {
		if !returned {
			how, err := Interrupted(recover())
			w.fail(c, t, err, how)
		}
	}()
	var state func() (Worker, error)
	if w.factory != nil {
		state = w.making
	}
	err := t.Runner.Run(state)
	returned = true
	if err != nil {
		w.fail(c, t, err, Returned)
		return
	}
	w.box.then = t.Runner.Succeeded()
}

// fail tells the supervisor. The attempt's end is recorded first, because the
// supervisor may act on it before this returns; the telling is deferred, so
// that a Goexit in user code that Failed calls can't prevent it.
func (w *worker) fail(c actor.Context, t *Task, err error, how Ending) {
	f := &w.failure
	if f.Who != nil {
		f = &actor.Failure{} // nobody's to change: whoever was told of the first may have kept it
	}
	f.Who, f.Reason, f.Message = c.Self(), err, t
	defer escalate(c, f)
	t.Runner.Failed(err, how)
}

// making gives the incarnation's state, which it makes on first use: a
// worker that nobody needs holds nothing, and a factory that fails is an
// attempt that failed.
func (w *worker) making() (Worker, error) {
	if w.state != nil {
		return w.state, nil
	}
	if w.ctx == nil {
		w.ctx, w.end = context.WithCancel(context.Background())
	}
	state, err := w.factory(w.ctx)
	if err != nil {
		return nil, &FactoryError{Err: err}
	}
	if state == nil {
		return nil, &FactoryError{Err: errors.New("the factory returned neither a worker nor an error")}
	}
	w.state = state
	return state, nil
}

// close gives back what the incarnation holds.
func (w *worker) close() {
	if w.end != nil {
		defer w.end()
	}
	if w.state == nil {
		return
	}
	state := w.state
	w.state = nil
	// On a goroutine of its own, since a Close that panics or calls
	// runtime.Goexit must not keep the worker from its restart or its end.
	// There is nobody to give its error to.
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_ = Guard(state.Close)
	}()
	<-closed
}

// Escalate suspends the actor and hands its failure to its supervisor, as the
// engine's EscalateFailure does, but without writing a log line for each
// failed attempt to the system's logger, whose handler is the user's.
func Escalate(c actor.Context, reason error, message any) {
	escalate(c, &actor.Failure{Who: c.Self(), Reason: reason, Message: message})
}

func escalate(c actor.Context, f *actor.Failure) {
	send := func(to *actor.PID, system any) {
		if process, ok := c.ActorSystem().ProcessRegistry.Get(to); ok {
			process.SendSystemMessage(to, system)
		}
	}
	send(f.Who, suspend)
	send(c.Parent(), f)
}

var suspend = &actor.SuspendMailbox{}
