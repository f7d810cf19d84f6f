package actors

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// BreakerMemory is what a breaker actor that is put away must not forget.
type BreakerMemory struct {
	breaker.Memory
	// Cause is the last failure, if the breaker refuses calls because of it.
	Cause error
	// Reason is why the breaker entered its state, and Wall when the external
	// wall ends that it stands before, if that is known.
	Reason breaker.Reason
	Wall   time.Time
}

// RestoreBreaker is [NewBreaker] for a breaker that goes on from a memory, and is
// to be started now. What has come due since happens before anybody sees it, with
// its event.
func RestoreBreaker(name string, settings *policies.Breaker, memory BreakerMemory, bus *Bus, keeper Keeper) (*Breaker, error) {
	machine, err := breaker.Restore(*settings, memory.Memory, time.Now())
	if err != nil {
		return nil, err
	}
	b := &Breaker{name: name, keeper: keeper, bus: bus, made: time.Since(bus.epoch), called: true}
	b.actor = &breakerActor{handle: b, machine: machine, since: memory.Since,
		reason: memory.Reason, wall: memory.Wall, cause: memory.Cause}
	b.actor.publishView()
	return b, nil
}

// Seal keeps the breaker from taking in anything more, and calls done on the
// actor, or here if there is none yet, with what it knows; done must not block. From then on it holds what it
// is sent, until [Breaker.Unseal] has it go on or [Breaker.Forward] sends all
// of it elsewhere. While probes are out, or a ramp is under way, it can't be
// sealed: sealed is false and it goes on as it was.
func (b *Breaker) Seal(done func(memory BreakerMemory, sealed bool)) {
	var m BreakerMemory
	if b.asleep(func() {
		b.sealed = true
		m.Memory = breaker.Memory{At: time.Now(), State: b.View().State, Since: b.since(), Generation: firstGeneration, Enabled: b.fresh.Enabled}
	}) {
		done(m, true)
		return
	}
	b.tell(&seal{done: done})
}

type seal struct {
	done func(BreakerMemory, bool)
}

// Unseal has a sealed breaker go on. What came meanwhile is taken in first.
func (b *Breaker) Unseal() {
	b.mu.Lock()
	asleep := b.sealed
	b.sealed = false
	wakes := asleep && b.orphans != nil
	b.called = b.called || wakes
	b.mu.Unlock()
	switch {
	case wakes:
		b.keeper.StartBreaker()
	case !asleep:
		b.tell(unseal{})
	}
}

type unseal struct{}

// Forward hands over what the sealed breaker holds, and whatever it is sent from
// now on, to the one that follows it: for each message, next is called and must
// call deliver, at once or later, with that breaker, or with nil if there is
// none; nobody is then let through. next may be called on any goroutine and
// must not block.
func (b *Breaker) Forward(next func(deliver func(*Breaker))) {
	b.mu.Lock()
	if b.orphans == nil {
		b.orphans = &orphans{}
	}
	b.orphans.next = next
	b.mu.Unlock()
	for _, message := range b.takeOrphans() {
		b.forward(next, message)
	}
}

func (b *Breaker) forward(next func(deliver func(*Breaker)), message any) {
	switch message.(type) {
	case tick, unseal, untold:
		return // its own affair
	}
	next(func(successor *Breaker) {
		if successor == nil {
			refuse(message)
			return
		}
		successor.tell(message)
	})
}

// seal takes the machine's memory and stops the clock.
func (a *breakerActor) seal(m *seal) {
	now := a.begin()
	if a.machine.Ramping() || a.machine.Counts(now).ProbesRunning > 0 {
		a.end()
		m.done(BreakerMemory{}, false)
		return
	}
	a.publishView()
	a.setTimer(time.Time{})
	a.sealed = true
	memory := BreakerMemory{Memory: a.machine.Memory(now), Reason: a.reason, Wall: a.wall}
	if state := a.machine.State(); state == breaker.Open || state == breaker.HalfOpen {
		memory.Cause = a.cause
	}
	m.done(memory, true)
}

// hold says whether the sealed actor keeps the message for later.
func (a *breakerActor) hold(message any) bool {
	if !a.sealed {
		return false
	}
	switch message.(type) {
	case unseal:
		a.sealed = false
		for _, held := range a.handle.takeOrphans() {
			a.handle.tell(held)
		}
		return false
	case tick, untold:
		return true // unseal looks at the clock
	case *settle, *ask, *command, *seal:
		a.handle.orphan(a.handle.spawned.Load(), message)
		return true
	}
	return false
}
