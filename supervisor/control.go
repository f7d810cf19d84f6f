package supervisor

import (
	"github.com/holdfast-go/holdfast/actors"
)

// halt takes no more operations and rejects those that wait. Attempts that
// run go on; the channel closes when the last has ended.
func (a *targetActor) halt(reason error) (drained <-chan struct{}) {
	first := a.halted == nil
	// A shutdown is for good, whatever came before it.
	if first || reason == ErrShutdown {
		a.halted = reason
	}
	idle, drained := a.pool.close()
	for _, w := range idle {
		w.ref.Stop()
	}
	for len(a.backoff) > 0 {
		a.dismiss(a.backoff[0])
	}
	for a.queue.first != nil {
		a.dismiss(a.queue.first)
	}
	for a.parked.first != nil {
		a.dismiss(a.parked.first)
	}
	if first {
		a.reportRefusals()
		a.sup.bus.Publish(actors.TargetStopped{Header: a.header(), Reason: reason})
	}
	return drained
}

func (a *targetActor) dismiss(op *operation) {
	a.leave(op)
	a.reject(op, a.halted)
}

// startAgain undoes a halt that was not a shutdown.
func (a *targetActor) startAgain() error {
	if a.halted == nil {
		return nil
	}
	if a.halted == ErrShutdown || a.down {
		return &RejectedError{Target: a.name, Err: a.halted}
	}
	a.halted = nil
	a.restarts.clear()
	a.pool.open()
	a.breaker.Renew()
	a.sup.bus.Publish(actors.TargetStarted{Header: a.header()})
	return nil
}

// renew replaces every worker: idle ones now, the others when their attempt
// has ended. Operations that wait are kept.
func (a *targetActor) renew() {
	for _, w := range a.pool.retire() {
		w.ref.Stop()
	}
	a.breaker.Renew()
	a.serveQueue()
}

// apply puts another policy in force for operations to come. Those under way
// keep the one they started with.
func (a *targetActor) apply(p *resolved) {
	old := a.policy.Swap(p)
	if old.Breaker != p.Breaker {
		a.breaker.Configure(p.Breaker)
	}
	for _, w := range a.pool.resize(p.Pool.Workers) {
		w.ref.Stop()
	}
	a.serveQueue() // more workers may be allowed now
}
