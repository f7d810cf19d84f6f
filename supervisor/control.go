package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// halt takes no more operations and rejects those that wait. Attempts that
// run go on; the channel closes when the last has ended.
func (a *targetActor) halt(reason error) (drained <-chan struct{}) { return a.haltFor(reason, reason) }

// haltFor is halt with what is told of it.
func (a *targetActor) haltFor(reason, told error) (drained <-chan struct{}) {
	first := a.halted == nil
	// A shutdown is for good, whatever came before it.
	if first || reason == ErrShutdown {
		a.halted = reason
		a.Target.stopped.Store(&reason)
	}
	a.stopProbing()
	idle, drained := a.pool.close()
	for _, w := range idle {
		w.ref.Stop()
	}
	for len(a.backoff) > 0 {
		a.dismiss(a.backoff[0].op)
	}
	for a.queue.n > 0 {
		a.dismiss(a.queue.first())
	}
	for a.parked.first != nil {
		a.dismiss(a.parked.first)
	}
	if first {
		a.reportRefusals()
		a.reportOverspent()
		a.tellShed()
		a.sup.bus.Publish(actors.TargetStopped{Header: a.header(), Reason: told})
	}
	return drained
}

func (a *targetActor) dismiss(op *operation) {
	a.leave(op)
	a.reject(op, a.halted)
}

// startAgain undoes a halt that was not a shutdown.
func (a *targetActor) startAgain(done chan<- error) {
	if a.halted == nil {
		done <- nil
		return
	}
	if a.halted == ErrShutdown || a.down {
		done <- &RejectedError{Target: a.name, Err: a.halted}
		return
	}
	a.halted = nil
	a.Target.stopped.Store(nil)
	a.restarts.clear()
	a.pool.open()
	a.breaker.Renew(func() { done <- nil })
	a.sup.bus.Publish(actors.TargetStarted{Header: a.header()})
}

// renew replaces every worker: idle ones now, the others when their attempt
// has ended. Operations that wait are kept.
func (a *targetActor) renew() {
	for _, w := range a.pool.retire() {
		w.ref.Stop()
	}
	a.breaker.Renew(nil)
	a.serveQueue()
}

// apply follows another policy, which the root has put in force. Operations
// under way keep the one they started with.
func (a *targetActor) apply(m *applyPolicy) {
	for _, w := range a.pool.configure(m.policy.Pool) {
		w.ref.Stop()
	}
	a.pace.follow(m.policy.RateLimit, time.Now())
	if a.pace.until.IsZero() {
		a.pausedUntil.Store(nil)
	}
	a.holdPool()
	a.breaker.SetWorkers(m.policy.Pool.Workers)
	a.serveQueue() // more workers may be allowed now
	if m.breaker {
		a.breaker.Configure(&m.policy.Breaker, func() { close(m.done) })
		return
	}
	close(m.done)
}
