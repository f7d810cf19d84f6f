package actors

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

type (
	ask struct {
		answer func(Admission)
	}
	settle struct {
		Settlement
		then Settler // nil if nobody waits
	}
	command struct {
		do   func(*breakerActor, time.Time)
		done func() // nil if nobody waits
	}
	tick struct{}
	// untold: successes have begun to wait, see [Breaker.Untold].
	untold struct{}
)

// settles are messages that a breaker actor is done with. No other sees them:
// they go to its mailbox itself.
var settles = sync.Pool{New: func() any { return &settle{} }}

func (s *settle) settled() {
	if s.then != nil {
		s.then.Settled()
	}
}

func (c *command) obeyed() {
	if c.done != nil {
		c.done()
	}
}

func random() float64 { return rand.Float64() }

// breakerActor is the shell around a breaker's state machine: it brings the
// clock, the random numbers and the timer, and publishes what comes out.
type breakerActor struct {
	handle  *Breaker
	machine *breaker.Machine
	ref     *Ref
	before  *View // the view before the present one
	timer   *time.Timer
	due     time.Time // when timer fires, zero if it doesn't
	record  time.Time // when successes that wait are to be taken in, zero if that can wait for the next message
	stopped bool
	sealed  bool // see [Breaker.Seal]

	ramping uint64 // the generation whose ramp was told of, 0 if none is under way

	since  time.Time      // of the machine's state
	reason breaker.Reason // of the transition to it
	wall   time.Time      // the end of the external wall it stands before, if known
	cause  error          // the last failure, or the wall
}

// Receive implements [actor.Actor].
func (a *breakerActor) Receive(c actor.Context) {
	if a.hold(c.Message()) {
		return
	}
	switch message := c.Message().(type) {
	case *settle:
		now := a.begin()
		a.settle(now, message)
		a.end()
		then := message.then
		*message = settle{}
		settles.Put(message)
		if then != nil {
			then.Settled()
		}
	case *ask:
		now := a.begin()
		permit, granted := a.machine.Admit(now)
		a.end()
		message.answer(Admission{Permit: permit, Granted: granted, Lease: a.machine.Lease(permit)})
	case *command:
		now := a.begin()
		message.do(a, now)
		a.end()
		message.obeyed()
	case tick:
		a.due = time.Time{}
		a.begin()
		a.end()
	case untold:
		a.takeUntoldSoon(time.Now())
		a.end()
	case *seal:
		a.seal(message)
	case unseal:
		a.begin()
		a.end() // sets its timer
	case *actor.Stopped:
		a.stopped = true
		a.setTimer(time.Time{})
		a.ref.Close()
	case *actor.Started:
		a.stopped = false
	}
}

// refuse answers for an actor that is no more, so that nobody waits for it.
func refuse(message any) {
	switch m := message.(type) {
	case *settle:
		m.settled()
	case *ask:
		m.answer(Admission{})
	case *command:
		m.obeyed()
	case *seal:
		m.done(BreakerMemory{}, false)
	}
}

// begin takes the time and lets the machine catch up with it, so that a timer
// that is late makes no difference, and with the successes that nobody told it.
func (a *breakerActor) begin() time.Time {
	now := time.Now()
	a.takeUntold(now)
	limit := a.machine.RampLimit()
	if t, changed := a.machine.Tick(now, random()); changed {
		a.moves(t)
	} else if a.machine.RampLimit() > limit {
		a.handle.keeper.BreakerMoved() // one more may run
	}
	return now
}

// takeUntold has the machine know of the successes that wait. A now of zero is
// read if there are any.
func (a *breakerActor) takeUntold(now time.Time) {
	a.record = time.Time{}
	n, earlier := a.handle.keeper.TakeUntold(a.machine.Generation())
	a.machine.CountSuccesses(earlier)
	if n == 0 {
		return
	}
	if now.IsZero() {
		now = time.Now()
	}
	if effect := a.machine.RecordSuccesses(now, random(), n); effect.Transition != nil {
		a.moves(*effect.Transition)
	}
}

// takeUntoldSoon sees to it that successes which begin to wait get into a window of
// time in time.
func (a *breakerActor) takeUntoldSoon(now time.Time) {
	if within := a.machine.RecordWithin(); within > 0 && a.record.IsZero() {
		a.record = now.Add(within)
	}
}

// end publishes the view and sets the timer to what the machine waits for.
func (a *breakerActor) end() {
	quiet := a.handle.view.Load().Quiet
	a.publishView()
	if quiet && !a.machine.SuccessesMayWait() {
		// Those that began to wait since begin looked. Who has one wait from
		// here on finds the view changed, and asks for TakeIn.
		a.takeUntold(time.Time{})
		a.publishView()
	}
	a.rampMoved()
	due, _ := a.machine.NextTick() // zero if there is none
	if due.IsZero() || !a.record.IsZero() && a.record.Before(due) {
		due = a.record
	}
	if !a.stopped && !due.Equal(a.due) {
		a.setTimer(due)
	}
}

// setTimer has the actor look at the machine when it is due, never if that is
// zero.
func (a *breakerActor) setTimer(due time.Time) {
	a.due = due
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if !due.IsZero() {
		a.timer = time.AfterFunc(time.Until(due), func() { a.handle.tell(tick{}) })
	}
}

func (a *breakerActor) settle(now time.Time, s *settle) {
	if s.Err != nil {
		a.cause = s.Err
	}
	generation := a.machine.Generation()
	effect := a.machine.SettleAttempt(now, random(), s.Permit, s.attempt())
	if effect.Stale && a.handle.bus.Active() {
		a.handle.bus.Publish(StaleOutcome{Header: Header{a.handle.name, now}, Outcome: s.Outcome,
			Admitted: s.Permit.Generation, Current: generation})
	}
	if effect.Transition != nil {
		a.moves(*effect.Transition)
	} else if s.Permit.Holds() {
		a.handle.keeper.BreakerMoved() // a slot is free
	}
}

// moves tells the world of a transition.
func (a *breakerActor) moves(t breaker.Transition) {
	a.since, a.reason, a.wall = t.At, t.Reason, t.Wall
	cause := a.cause
	if t.To != breaker.Open {
		cause = nil
	}
	// Published before the event goes out, so that whoever acts on the
	// event finds the breaker in its new state.
	a.publishView()
	a.handle.bus.Publish(BreakerChanged{Header: Header{a.handle.name, t.At}, Transition: t, Cause: cause})
	a.handle.keeper.BreakerMoved()
}

func (a *breakerActor) publishView() {
	m, old := a.machine, a.handle.view.Load()
	v := View{State: m.State(), Generation: m.Generation(), Quiet: m.SuccessesMayWait(), Timed: m.JudgesSlowness(),
		Since: a.since, Reason: a.reason}
	v.Direct = v.State != breaker.HalfOpen && v.State.Admits() && !m.Ramping()
	until := m.RampUntil()
	switch {
	case old != nil && old.same(&v, until):
	case a.before != nil && a.before.same(&v, until):
		// A success that ends a run of failures comes back to the view from
		// before it.
		a.handle.view.Store(a.before)
		a.before = old
	default:
		fresh := v // apart, so that v is no garbage when there is none
		fresh.Refusal = a.refusal(&v, until)
		a.handle.view.Store(&fresh)
		a.before = old
	}
}

// refusal is the error for calls that are not let through under a view, nil if
// all are.
func (a *breakerActor) refusal(v *View, rampUntil time.Time) *OpenError {
	if v.Direct {
		return nil
	}
	e := &OpenError{Name: a.handle.name, Cause: a.cause, Reason: a.reason}
	switch {
	case !v.State.Admits():
		e.Until, e.WallUntil = a.machine.Until(), a.wall
		if v.State != breaker.Open {
			e.Cause = nil
		}
	case v.State == breaker.HalfOpen:
		e.Probing = true
	default:
		e.Until, e.Recovering = rampUntil, true
	}
	return e
}
