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
//
// There is no actor, and no machine, before somebody has something to tell it:
// see [Breaker.Start].
type Breaker struct {
	name   string
	keeper Keeper
	bus    *Bus
	made   time.Duration // after the bus
	actor  *breakerActor // nil before the first start
	ref    atomic.Pointer[Ref]
	view   atomic.Pointer[View]

	spawned atomic.Int32 // how many actors it has had
	mu      sync.Mutex
	called  bool              // its keeper knows that it is to be started
	sealed  bool              // before it was ever started
	ended   bool              // there will be no actor any more
	fresh   *policies.Breaker // the settings it begins with, nil once it has begun
	orphans *orphans          // nil if there are none
}

// orphans are what was sent while there was no actor to take it.
type orphans struct {
	messages []any
	next     func(deliver func(*Breaker)) // see [Breaker.Forward]
}

// Keeper is who has a breaker: the supervisor of its target. Its methods may be
// called on any goroutine, and must not block.
type Keeper interface {
	// StartBreaker is called when the breaker has been told something and has
	// no actor yet: the keeper is to call [Breaker.Start], or [Breaker.End].
	StartBreaker()
	// BreakerMoved is called on the breaker actor after each change that may
	// let an operation through.
	BreakerMoved()
	// TakeUntold hands over the successes that were let through in the given
	// generation and told to nobody, and those of earlier ones. The breaker actor
	// asks before it does anything else.
	TakeUntold(generation uint64) (n, earlier uint64)
	// CountUntold is how many there are, of a breaker that was never started. It must
	// not call the breaker.
	CountUntold() uint64
}

// NewBreaker makes a breaker under settings that nobody changes any more.
func NewBreaker(name string, settings *policies.Breaker, bus *Bus, keeper Keeper) *Breaker {
	b := &Breaker{name: name, keeper: keeper, bus: bus, fresh: settings, made: time.Since(bus.epoch)}
	b.view.Store(firstView(settings))
	return b
}

// Start starts the actor as a child of parent: the first time when the keeper was
// asked to, and anew if it was stopped from outside. Its state machine is kept.
func (b *Breaker) Start(parent actor.SpawnerContext) error {
	b.begin()
	number := b.spawned.Load() + 1
	ref := NewRef(func(message any) { b.orphan(number, message) })
	b.actor.ref = ref
	if err := ref.Start(parent, BreakerActor, b.actor); err != nil {
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

// BreakerActor is the name of a breaker's actor below its parent's.
const BreakerActor = "breaker"

// begin makes the state machine of a breaker that has none yet.
func (b *Breaker) begin() {
	b.mu.Lock()
	settings := b.fresh
	b.fresh, b.called = nil, true
	b.mu.Unlock()
	if settings != nil {
		made := b.since()
		b.actor = &breakerActor{handle: b, machine: breaker.New(*settings, made), since: made}
	}
}

// since is when the breaker was made.
func (b *Breaker) since() time.Time { return b.bus.epoch.Add(b.made) }

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

// EndUnstarted is [Breaker.End] for a breaker that was never started: one that was
// ends with its actor.
func (b *Breaker) EndUnstarted() {
	if b.ref.Load() == nil {
		b.End()
	}
}

// orphan keeps a message that no actor, or only a stopped one, was there to take
// for the one that will follow.
func (b *Breaker) orphan(from int32, message any) {
	b.mu.Lock()
	var next func(deliver func(*Breaker))
	if b.orphans != nil {
		next = b.orphans.next
	}
	ended, successor := b.ended, b.spawned.Load() > from
	calls := false
	if next == nil && !ended && !successor {
		b.keep(message)
		calls = from == 0 && !b.called && !b.sealed
		b.called = b.called || calls
	}
	b.mu.Unlock()
	switch {
	case next != nil:
		b.forward(next, message)
	case ended:
		refuse(message)
	case successor:
		b.tell(message)
	case calls:
		b.keeper.StartBreaker()
	}
}

// keep notes an orphan. The caller holds the mutex.
func (b *Breaker) keep(message any) {
	if b.orphans == nil {
		b.orphans = &orphans{}
	}
	b.orphans.messages = append(b.orphans.messages, message)
}

func (b *Breaker) takeOrphans() (messages []any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.orphans; o != nil {
		messages, o.messages = o.messages, nil
		if o.next == nil {
			b.orphans = nil
		}
	}
	return messages
}

// asleep says whether nobody has had anything to tell the breaker, and does what
// is to be done to one of that kind with the mutex held.
func (b *Breaker) asleep(then func()) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fresh == nil || b.called || b.sealed || b.ended || b.orphans != nil {
		return false
	}
	then()
	return true
}

// Is says whether pid is the breaker actor's.
func (b *Breaker) Is(pid *actor.PID) bool {
	ref := b.ref.Load()
	return ref != nil && ref.ID() == pid.Id
}

// Ref reaches the breaker's actor as such, nil if it never had one. Only its
// parent knows whether it has ended.
func (b *Breaker) Ref() *Ref { return b.ref.Load() }

// Name is the breaker's name, its target's.
func (b *Breaker) Name() string { return b.name }

// PID is the breaker actor's own address, which has it started. It is nil if it
// was not before its target ended.
func (b *Breaker) PID() *actor.PID {
	if b.ref.Load() == nil {
		b.command(func(*breakerActor, time.Time) {})
	}
	ref := b.ref.Load()
	if ref == nil {
		return nil
	}
	return ref.PID()
}

// View is the breaker as it was last published.
func (b *Breaker) View() *View { return b.view.Load() }

// Since is when the breaker entered the state of the view.
func (b *Breaker) Since(v *View) time.Time {
	if v.Since.IsZero() { // the first view is that of many
		return b.since()
	}
	return v.Since
}

// Admission is a breaker's answer to one who asked to be let through.
type Admission struct {
	Permit  breaker.Permit
	Granted bool
	// Lease is when the probe counts as failed unless it has settled; zero unless
	// the permit is a probe's.
	Lease time.Time
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
func (b *Breaker) Settle(s Settlement, then Settler) {
	m := settles.Get().(*settle)
	m.Settlement, m.then = s, then
	b.tell(m)
}

// Untold is to be called when successes begin to wait under a breaker with a window
// of time: it takes them in soon enough.
func (b *Breaker) Untold() { b.tell(untold{}) }

// TakeIn has the breaker take in the successes that wait, now: one of them has come
// to matter. then is told once.
func (b *Breaker) TakeIn(then Settler) {
	b.tell(&command{do: func(*breakerActor, time.Time) {}, done: then.Settled})
}

// Query runs f on the actor's machine and returns when it has. f must not
// block and must not keep the machine.
func (b *Breaker) Query(f func(m *breaker.Machine, now time.Time)) {
	var settings *policies.Breaker
	var untold uint64
	if b.asleep(func() { settings, untold = b.fresh, b.keeper.CountUntold() }) {
		m, now := breaker.New(*settings, b.since()), time.Now() // an actor would have one like this
		if untold > 0 {
			m.RecordSuccesses(now, random(), untold)
		}
		f(m, now)
		return
	}
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

// Configure puts other settings in force, which nobody changes any more. State
// and counts are kept where they still mean something.
func (b *Breaker) Configure(settings *policies.Breaker, done func()) {
	if b.refresh(settings) {
		if done != nil {
			done()
		}
		return
	}
	b.tell(&command{done: done, do: func(a *breakerActor, now time.Time) {
		if t, changed := a.machine.Configure(now, *settings); changed {
			a.moves(t)
		}
		a.takeUntoldSoon(now) // those who end now may not know yet that there is a window of time
	}})
}

// refresh has a breaker without a machine begin with other settings, unless that
// is a transition, or successes wait that belong to the present ones.
func (b *Breaker) refresh(settings *policies.Breaker) (done bool) {
	b.asleep(func() {
		if done = b.fresh.Enabled == settings.Enabled && b.keeper.CountUntold() == 0; done {
			b.fresh = settings
			b.view.Store(firstView(settings))
		}
	})
	return done
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
	b.orphan(0, message)
}

// command sends the actor something to do and waits until it is done.
func (b *Breaker) command(do func(*breakerActor, time.Time)) {
	done := make(chan struct{})
	b.tell(&command{do: do, done: func() { close(done) }})
	<-done
}
