package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Ref reaches an actor that was started here. A message told through it is
// never lost in silence: it goes to the actor's mailbox itself, and one that
// the actor can't take any more to the function the Ref was made with. (A PID
// whose actor has stopped leads to the dead letters.) It is safe for
// concurrent use.
type Ref struct {
	box *mailbox
	pid *actor.PID // once started
}

// NewRef makes a Ref for an actor that is to be started. The actor must call
// no user code and must never block: it runs on the goroutine of whoever tells
// it something while it is idle. When it has stopped it calls [Ref.Close]; from
// then on messages go to undeliverable. Messages told before the start wait.
func NewRef(undeliverable func(message any)) *Ref {
	return &Ref{box: newMailbox(onPoster, undeliverable)}
}

// Start starts a as a child of parent, an actor that calls [Adopt] when it stops,
// or the root of the system.
func (r *Ref) Start(parent actor.SpawnerContext, name string, a actor.Actor) error {
	return r.start(parent, name, func() actor.Actor { return a })
}

func (r *Ref) start(parent actor.SpawnerContext, name string, produce func() actor.Actor) error {
	return r.spawn(parent, name, actor.PropsFromProducer(produce, actor.WithMailbox(func() actor.Mailbox { return r.box })))
}

// spawn starts the actor, of which the engine then knows its parent, but not the
// parent its child.
func (r *Ref) spawn(parent actor.SpawnerContext, name string, props *actor.Props) error {
	var pid *actor.PID
	var err error
	if self := parent.Self(); self == nil {
		pid, err = parent.SpawnNamed(props, name)
	} else {
		pid, err = actor.DefaultSpawner(parent.ActorSystem(), self.Id+"/"+name, props, parent)
	}
	if err != nil {
		return fmt.Errorf("start actor %s: %w", name, err)
	}
	r.pid = pid
	return nil
}

// ID is the id of the actor's PID.
func (r *Ref) ID() string { return r.pid.Id }

// PID gives a PID of the actor that is the caller's own. A PID caches the
// process behind it, so it must not be shared.
func (r *Ref) PID() *actor.PID { return actor.NewPID(r.pid.Address, r.pid.Id) }

// Tell sends the actor a message.
func (r *Ref) Tell(message any) { r.box.PostUserMessage(message) }

// TellThen is Tell for an actor that can have the other one run when it is done
// itself; see [Ref.Then]. It returns nil if that runs by itself.
func (r *Ref) TellThen(message any) (then func()) { return r.box.postThen(message) }

// Then has f called when the actor is done with the message it is handling, by
// somebody whom nobody waits for. Only the actor itself may call it, once a message.
func (r *Ref) Then(f func()) { r.box.then = f }

// Run sends a worker a task that runs on this goroutine, and returns when it has
// ended, one way or the other. The caller must be the only one who sends the
// worker anything, and the worker one that holds no state.
func (r *Ref) Run(t *Task) { r.box.runHere(t) }

// Restart replaces a failed incarnation by a fresh one. A stopping actor is
// left alone.
func (r *Ref) Restart() { r.box.PostSystemMessage(restart) }

// Resume lets a failed incarnation go on as it is.
func (r *Ref) Resume() { r.box.PostSystemMessage(resume) }

// Stop ends the actor after the message it is handling.
func (r *Ref) Stop() { r.box.PostSystemMessage(stop) }

// Close hands back what the stopped actor has not taken.
func (r *Ref) Close() { r.box.close() }

// Bury is [Ref.Close] for an actor of which nothing is to be kept, for whom the
// engine keeps the PID of a child that has ended until another child takes its
// place in a list. From then on undeliverable takes the place of the function
// that the Ref was made with, and must not refer to the actor.
func (r *Ref) Bury(system *actor.ActorSystem, undeliverable func(message any)) {
	r.box.bury(&grave{system: system, pid: r.pid}, undeliverable)
}

var (
	restart = &actor.Restart{}
	resume  = &actor.ResumeMailbox{}
	stop    = &actor.Stop{}
)
