package supervisor

import (
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
)

// targetActor is a target's supervisor: the parent of its workers and its
// breaker, and itself the strategy by which they are supervised. It owns
// every operation that waits.
//
// It runs on the goroutine of whoever has something to tell it, calls no user
// code and never blocks.
type targetActor struct {
	*Target
	self actor.Context // valid while a message is handled

	*desk          // nil while there is nothing to remember; see desk.go
	prober *prober // nil if calls are the probes

	spawned uint64 // workers so far, for their names
	halted  error  // why nothing is taken any more
	down    bool   // the actor stops or has stopped
	// protected says that the breaker has an actor.
	protected bool
	eased     bool // nobody has called for some time
	rest      rest // see passivate.go
}

// Receive implements [actor.Actor].
func (a *targetActor) Receive(c actor.Context) {
	a.self = c
	a.sitDown()
	if a.keyed == nil || !a.divert(c) {
		a.receive(c)
	}
	if a.eased {
		a.standUp()
	}
	a.self = nil
}

func (a *targetActor) receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *admit:
		a.eased = false
		a.admit(m.op)
	case *admitted:
		a.answered(m)
	case *returned:
		a.returned(m)
	case *bounced:
		a.pool.discard(m.worker)
		if m.attempt != nil {
			a.notBegun(m.attempt)
			return
		}
		a.giveBack(m.op.permit(), true)
		a.admit(m.op)
	case *freed:
		a.freed(m.worker)
	case *probeAdmitted:
		a.probeAdmitted(m)
	case *probed:
		a.probed(m)
	case probeDue:
		a.probeDue(m)
	case *freshened:
		if a.pool.isRenewed(m.worker) {
			a.release(m.worker, true)
		}
	case *settled:
		a.settled(m)
	case startBreaker:
		a.startBreaker()
	case *overdue:
		a.leaveBehind(m.attempt)
	case *slow:
		a.hedge(m)
	case *lateReturn:
		a.returnedLate(m.attempt)
	case *withdraw:
		a.withdraw(m)
	case moved:
		a.breakerMoved()
	case due:
		a.alarmAt = 0
		a.wakeDue()
	case turn:
		a.pace.due = time.Time{}
		a.paced()
		a.serveQueue()
	case reportRefusals:
		a.scheduleReport()
	case refusalsDue:
		a.reportRefusals()
	case shedDue:
		a.shedDue()
	case overspentDue:
		a.overspentDue()
	case limitMoved:
		a.reportLimit()
	case *applyPolicy:
		a.apply(m)
	case *halt:
		m.done <- a.halt(m.reason)
	case *startAgain:
		a.startAgain(m.done)
	case renew:
		a.renew()
	case *actors.Operation:
		a.ref.Then(a.accept(m, c.Sender()))
	case *actor.Started:
		a.started()
	case *actor.Terminated:
		a.childEnded(m.Who)
	case *actor.Stopping:
		a.stopping()
	case *actor.Stopped:
		a.stopped()
	}
}

// undeliverable answers what reaches the supervisor after its end.
func (a *targetActor) undeliverable(message any) {
	switch m := message.(type) {
	case *actor.MessageEnvelope:
		if request, ok := m.Message.(*actors.Operation); ok {
			if then := a.accept(request, m.Sender); then != nil {
				go then()
			}
		}
	case *admit:
		a.reject(m.op, a.halted)
	case *admitted:
		a.reject(m.op, a.halted)
	case *returned:
		a.pool.discard(m.worker)
		a.reject(m.op, a.halted)
	case *bounced:
		a.pool.discard(m.worker)
		if m.attempt != nil {
			m.op.specially().inFlight--
		}
		if m.op.inFlight() == 0 {
			a.reject(m.op, a.halted)
		}
	case *settled:
		if m.worker != nil {
			a.pool.discard(m.worker)
		}
		a.decideLate(m)
	case *overdue:
		a.pool.abandon(m.attempt.worker)
		a.decideLate(&settled{op: m.attempt.op, attempt: m.attempt})
	case *lateReturn:
		if m.attempt.counted {
			a.seldom().left.Add(-1)
		}
	case *withdraw:
		if !m.op.inline { // one that is inline ends with its attempt
			a.giveUp(m.op, m.cause)
		}
	case *freed:
		a.pool.discard(m.worker)
	case *halt:
		_, drained := a.pool.close()
		m.done <- drained
	case *applyPolicy:
		close(m.done)
	case *passivate, passivateNow:
		a.stays()
	case startBreaker:
		a.breaker.End()
	case *startAgain:
		m.done <- &RejectedError{Target: a.name, Err: a.halted}
	}
}

func (a *targetActor) header() actors.Header {
	return actors.Header{Target: a.name, At: time.Now()}
}

// started gives the target its breaker, before it is told anything.
func (a *targetActor) started() {
	err := a.makeBreaker()
	a.pace.follow(a.policy.Load().RateLimit, time.Now())
	a.holdPool()
	if err != nil {
		a.halt(ErrTargetStopped)
		return
	}
	a.probe()
	a.sup.bus.Publish(actors.TargetStarted{Header: a.header()})
}

// spawn starts a worker for op.
func (a *targetActor) spawn(op *operation, extra bool) *worker {
	a.spawned++
	a.eased = false
	w := &worker{target: a.Target, extra: extra}
	w.task.Runner = w
	var renewed func()
	if a.factory != nil {
		renewed = func() { a.tell(&freshened{worker: w}) }
	}
	ref, err := actors.SpawnWorker(a.self, fmt.Sprintf("worker-%d", a.spawned), a.factory, renewed)
	if err != nil {
		return nil
	}
	w.ref = ref
	a.pool.add(w, op.body)
	return w
}

// childEnded notes that a child has gone. A worker that was retired was sent
// away; any other, and the breaker, was stopped by somebody else.
func (a *targetActor) childEnded(pid *actor.PID) {
	if a.breaker.Is(pid) {
		a.protected = false
		a.breakerEnded()
		return
	}
	if a.pool.remove(pid.Id) && a.sup.bus.Active() {
		a.sup.bus.Publish(actors.WorkerStopped{Header: a.header(), Worker: pid.Id})
	}
	for lender, w := range a.lent {
		if w.ref.ID() == pid.Id {
			delete(a.lent, lender)
		}
	}
	a.serveQueue() // there is room for another
}

// stopping makes sure that nothing waits, and that no child is started, for an
// actor whose end has begun: it would never come to it.
func (a *targetActor) stopping() {
	a.down = true
	a.adoptChildren()
	a.breaker.EndUnstarted()
	if a.halted != nil {
		return
	}
	reason := ErrTargetStopped // by somebody else
	if a.sup.closing.Load() {
		reason = ErrShutdown
	}
	a.halt(reason)
}

// adoptChildren has the engine stop the target's children with it.
func (a *targetActor) adoptChildren() {
	actors.Adopt(a.self, func(yield func(*actors.Ref) bool) {
		for _, w := range a.pool.all() {
			if !yield(w.ref) {
				return
			}
		}
		if a.protected {
			yield(a.breaker.Ref())
		}
	})
}

// stopped ends what the supervisor owns.
func (a *targetActor) stopped() {
	if a.alarm != nil {
		a.alarm.Stop()
	}
	if a.report != nil {
		a.report.Stop()
	}
	if a.pace.timer != nil {
		a.pace.timer.Stop()
	}
	if a.prober != nil && a.prober.timer != nil {
		a.prober.timer.Stop()
	}
	if a.shed.timer != nil {
		a.shed.timer.Stop()
	}
	if a.overspent.timer != nil {
		a.overspent.timer.Stop()
	}
	if a.limitReport != nil {
		a.limitReport.Stop()
	}
	a.gone.Store(!a.sup.closing.Load())
	if a.rest == passive {
		a.bury()
		return
	}
	a.ref.Close()
}
