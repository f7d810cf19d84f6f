package actors

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// Breaker reaches one breaker actor. The actor owns the state machine and
// nothing else touches it; everybody may read its published [View]. All
// methods are safe for concurrent use. Commands return when the actor has
// obeyed; sent to a breaker whose target has ended they do nothing.
type Breaker struct {
	name  string
	actor *breakerActor
	ref   atomic.Pointer[Ref]
	view  atomic.Pointer[View]

	spawned atomic.Int64 // how many actors it has had
	mu      sync.Mutex
	orphans []any // sent between the stop of an actor and the start of the next
	ended   bool
	next    func(deliver func(*Breaker)) // see [Breaker.Forward]
}

// TakeUntold hands over the successes that were let through in the given
// generation and told to nobody, and those of earlier ones. It must not block.
type TakeUntold func(generation uint64) (n, earlier uint64)

// SpawnBreaker starts a breaker actor as a child of parent. moved is called on
// the actor, and so must not block, after each change that may let an
// operation through, and untold before it does anything else.
func SpawnBreaker(parent actor.SpawnerContext, name string, settings policies.Breaker, bus *Bus, moved func(), untold TakeUntold) (*Breaker, error) {
	b := &Breaker{name: name}
	now := time.Now()
	a := &breakerActor{handle: b, machine: breaker.New(settings, now), bus: bus, moved: moved, waiting: untold, since: now}
	a.publishView()
	b.actor = a
	return b, b.Respawn(parent)
}

// Respawn starts the actor, anew if it was stopped from outside. Its state
// machine is kept.
func (b *Breaker) Respawn(parent actor.SpawnerContext) error {
	number := b.spawned.Load() + 1
	ref := NewRef(func(message any) { b.orphan(number, message) })
	b.actor.ref = ref
	if err := ref.Start(parent, "breaker", b.actor); err != nil {
		return err
	}
	b.ref.Store(ref)
	b.spawned.Store(number)
	for _, message := range b.takeOrphans() {
		b.tell(message)
	}
	b.tell(&command{do: func(*breakerActor, time.Time) {}}) // sets its timer
	return nil
}

// End says that there will be no actor any more. What still waits for one is
// answered now, and what comes at once: outcomes are taken as settled, and
// nobody is let through.
func (b *Breaker) End() {
	b.mu.Lock()
	b.ended = true
	b.mu.Unlock()
	for _, message := range b.takeOrphans() {
		refuse(message)
	}
}

// orphan keeps a message that the stopped actor did not take for the one that
// will follow it.
func (b *Breaker) orphan(from int64, message any) {
	b.mu.Lock()
	next, ended, successor := b.next, b.ended, b.spawned.Load() > from
	if next == nil && !ended && !successor {
		b.orphans = append(b.orphans, message)
	}
	b.mu.Unlock()
	switch {
	case next != nil:
		b.forward(next, message)
	case ended:
		refuse(message)
	case successor:
		b.tell(message)
	}
}

func (b *Breaker) takeOrphans() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	orphans := b.orphans
	b.orphans = nil
	return orphans
}

// Is says whether pid is the breaker actor's.
func (b *Breaker) Is(pid *actor.PID) bool {
	ref := b.ref.Load()
	return ref != nil && ref.ID() == pid.Id
}

// Name is the breaker's name, its target's.
func (b *Breaker) Name() string { return b.name }

// PID is the breaker actor's own address.
func (b *Breaker) PID() *actor.PID { return b.ref.Load().PID() }

// View is the breaker as it was last published.
func (b *Breaker) View() *View { return b.view.Load() }

// Admission is a breaker's answer to one who asked to be let through.
type Admission struct {
	Permit  breaker.Permit
	Granted bool
}

// Ask asks for leave to run one attempt. answer is called once, on the actor,
// and must not block.
func (b *Breaker) Ask(answer func(Admission)) { b.tell(&ask{answer: answer}) }

// Settlement is the end of one attempt.
type Settlement struct {
	Permit  breaker.Permit
	Outcome policies.Outcome
	Ran     time.Duration
	// WallUntil is when an external wall ends; see [breaker.Attempt].
	WallUntil time.Time
	// Cost is what the attempt cost; see [breaker.Attempt].
	Cost float64
	// Err is the attempt's error, remembered as a cause.
	Err error
}

func (s *Settlement) attempt() breaker.Attempt {
	return breaker.Attempt{Outcome: s.Outcome, Ran: s.Ran, WallUntil: s.WallUntil, Cost: s.Cost}
}

// Settler is who is told when a settlement has taken effect. Settled is called on
// the breaker actor, and must not block.
type Settler interface{ Settled() }

// Settle hands a permit back. then, if not nil, is told once.
func (b *Breaker) Settle(s Settlement, then Settler) { b.tell(&settle{Settlement: s, then: then}) }

// Untold is to be called when successes begin to wait under a breaker with a window
// of time: it takes them in soon enough.
func (b *Breaker) Untold() { b.tell(untold{}) }

// Query runs f on the actor's machine and returns when it has. f must not
// block and must not keep the machine.
func (b *Breaker) Query(f func(m *breaker.Machine, now time.Time)) {
	b.command(func(a *breakerActor, now time.Time) { f(a.machine, now) })
}

// ForceOpen refuses every call until the given time, and then probes; with a
// zero time until told otherwise.
func (b *Breaker) ForceOpen(until time.Time) {
	b.command(func(a *breakerActor, now time.Time) { a.moves(a.machine.ForceOpen(now, until)) })
}

// ForceClose lets every call through, whatever its outcome, until told otherwise.
func (b *Breaker) ForceClose() {
	b.command(func(a *breakerActor, now time.Time) { a.moves(a.machine.ForceClose(now)) })
}

// Disable lets every call through and counts nothing, until told otherwise.
func (b *Breaker) Disable() {
	b.command(func(a *breakerActor, now time.Time) { a.moves(a.machine.Disable(now)) })
}

// Reset closes the breaker and clears what would open it.
func (b *Breaker) Reset() {
	b.command(func(a *breakerActor, now time.Time) { a.moves(a.machine.Reset(now)) })
}

// Trip opens a closed or half-open breaker from outside. Unlike the commands
// above, Trip, Configure and Renew do not wait for the actor, so that another
// actor may call them; done, if not nil, is called on the breaker actor when it
// has obeyed, and must not block.
func (b *Breaker) Trip(reason breaker.Reason, cause error) {
	b.tell(&command{do: func(a *breakerActor, now time.Time) {
		a.cause = cause
		if t, changed := a.machine.Trip(now, random(), reason); changed {
			a.moves(t)
		}
	}})
}

// Configure puts other settings in force. State and counts are kept where
// they still mean something.
func (b *Breaker) Configure(settings policies.Breaker, done func()) {
	b.tell(&command{done: done, do: func(a *breakerActor, now time.Time) {
		if t, changed := a.machine.Configure(now, settings); changed {
			a.moves(t)
		}
		a.takeUntoldSoon(now) // those who end now don't know that there is a window of time
	}})
}

// Renew is [Breaker.Reset] without the wait.
func (b *Breaker) Renew(done func()) {
	b.tell(&command{done: done, do: func(a *breakerActor, now time.Time) { a.moves(a.machine.Reset(now)) }})
}

func (b *Breaker) tell(message any) {
	if ref := b.ref.Load(); ref != nil {
		ref.Tell(message)
		return
	}
	refuse(message) // it was never started
}

// command sends the actor something to do and waits until it is done.
func (b *Breaker) command(do func(*breakerActor, time.Time)) {
	done := make(chan struct{})
	b.tell(&command{do: do, done: func() { close(done) }})
	<-done
}
