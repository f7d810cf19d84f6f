package actors

import "time"

// SetWorkers says how many attempts may run at a time when nothing limits them,
// which is where a ramp ends. It does not wait for the actor. A breaker that was
// not started yet does not listen: it is to be told then.
func (b *Breaker) SetWorkers(n int) {
	if b.ref.Load() == nil {
		return
	}
	b.tell(&command{do: func(a *breakerActor, _ time.Time) { a.machine.SetCapacity(n) }})
}

// rampMoved tells the world of a ramp that has begun or has come to its end. A
// trip or a command that cuts one short speaks for itself.
func (a *breakerActor) rampMoved() {
	m := a.machine
	switch generation := m.Generation(); {
	case m.Ramping() && a.ramping != generation:
		a.ramping = generation
		a.handle.bus.Publish(RampStarted{Header: Header{a.handle.name, time.Now()}, Until: m.RampUntil(), From: m.RampLimit(), To: m.Capacity()})
	case !m.Ramping() && a.ramping != 0:
		ended := a.ramping == generation
		a.ramping = 0
		if ended {
			a.handle.bus.Publish(RampEnded{Header{a.handle.name, time.Now()}})
			a.handle.keeper.BreakerMoved() // everybody may run
		}
	}
}
