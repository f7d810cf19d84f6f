package actors

import (
	"fmt"

	"github.com/asynkron/protoactor-go/actor"
)

// Ref reaches an actor that was started here. A message told through it is
// never lost in silence: one that the actor can't take any more is handed to
// the function the actor was started with. It is safe for concurrent use.
type Ref struct {
	pid     *actor.PID
	process actor.Process
	box     *mailbox
}

// Supervise starts a as a child of parent. a must call no user code and must
// never block: it runs on the goroutine of whoever tells it something while it
// is idle. When it has stopped it calls [Ref.Close]; from then on messages go
// to undeliverable.
func Supervise(parent actor.SpawnerContext, name string, a actor.Actor, undeliverable func(message any)) (*Ref, error) {
	return spawn(parent, name, func(*mailbox) actor.Actor { return a }, newMailbox(onPoster, undeliverable))
}

func spawn(parent actor.SpawnerContext, name string, produce func(*mailbox) actor.Actor, box *mailbox) (*Ref, error) {
	props := actor.PropsFromProducer(func() actor.Actor { return produce(box) },
		actor.WithMailbox(func() actor.Mailbox { return box }))
	pid, err := parent.SpawnNamed(props, name)
	if err != nil {
		return nil, fmt.Errorf("start actor %s: %w", name, err)
	}
	// The process and not the PID, because a PID whose actor has stopped
	// leads to the dead letters, and the process still to the mailbox.
	process, _ := parent.ActorSystem().ProcessRegistry.Get(pid)
	return &Ref{pid: pid, process: process, box: box}, nil
}

// ID is the id of the actor's PID.
func (r *Ref) ID() string { return r.pid.Id }

// PID gives a PID of the actor that is the caller's own. A PID caches the
// process behind it, so it must not be shared.
func (r *Ref) PID() *actor.PID { return actor.NewPID(r.pid.Address, r.pid.Id) }

// Tell sends the actor a message.
func (r *Ref) Tell(message any) { r.process.SendUserMessage(r.pid, message) }

// Restart replaces a failed incarnation by a fresh one. A stopping actor is
// left alone.
func (r *Ref) Restart() { r.process.SendSystemMessage(r.pid, restart) }

// Resume lets a failed incarnation go on as it is.
func (r *Ref) Resume() { r.process.SendSystemMessage(r.pid, resume) }

// Stop ends the actor after the message it is handling.
func (r *Ref) Stop() { r.process.Stop(r.pid) }

// Close hands back what the stopped actor has not taken.
func (r *Ref) Close() { r.box.close() }

var (
	restart = &actor.Restart{}
	resume  = &actor.ResumeMailbox{}
)
