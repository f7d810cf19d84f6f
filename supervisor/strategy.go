package supervisor

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
)

var _ actor.SupervisorStrategy = (*targetActor)(nil)

// HandleFailure implements [actor.SupervisorStrategy]: a worker has failed
// with an operation. The breaker is told first; what becomes of the operation
// is decided when it has taken the outcome in, so that the caller's next call
// sees it.
//
// It is not to touch the desk, which it has not made sure of.
func (a *targetActor) HandleFailure(_ *actor.ActorSystem, self actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, message any) {
	task, _ := message.(*actors.Task)
	if task == nil {
		// The breaker, or a worker without an operation. Neither fails but
		// by a defect of ours, and both can go on.
		self.ResumeChildren(child)
		return
	}
	if attempt, ok := task.Runner.(*watched); ok {
		a.attemptFailed(self, attempt, child, reason)
		return
	}
	w := task.Runner.(*worker)
	op := w.operation()
	c := op.trouble()
	f := c.failure
	if f == nil { // it did not come as far as to tell
		err := fmt.Errorf("worker %s: %v", child.Id, reason)
		f = &failure{err: err, verdict: classify.Verdict{Err: err, Outcome: policies.Failure}}
		c.failure = f
	}
	if f.err == errNotBegun {
		op.forgive()
		a.giveBack(op.permit(), true)
		w.ref.Resume()
		a.release(w, false)
		a.tell(&admit{op: op})
		return
	}
	settlement := op.settlement(f.verdict.Outcome, nil)
	f.tell(&settlement)
	var told *settled
	if c.waiter != nil {
		told = &c.waiter.told // which is done with before there is another failure
	} else {
		told = &settled{}
	}
	*told = settled{to: a.Target, op: op, worker: w}
	a.breaker.Settle(settlement, told)
}

// settled goes on when the breaker has taken in a failed attempt.
func (a *targetActor) settled(m *settled) {
	m.op.adopt(m.attempt)
	c := m.op.course
	a.heedServer(c.failure)
	if c.failure.verdict.Outcome == policies.Failure {
		a.observe(m.op.policy, int(c.failures), false)
	}
	a.measureFailure(m)
	a.decide(m.op, m.worker)
}

// adopt makes the end of an attempt apart its operation's.
func (op *operation) adopt(attempt *watched) {
	c := op.course
	if attempt != nil {
		op.specially().inFlight--
		f := op.target.sup.failures.Get().(*failure)
		*f = attempt.failure
		c.failure = f
		op.attempt = max(op.attempt, int32(attempt.number))
	}
	c.failures = op.attempt
	c.last = c.failure.verdict.Err
	if c.failure.gone != nil {
		op.specially().gone = c.failure.gone
	}
}

// decide says what becomes of an operation whose attempt has failed, and of
// the worker that failed with it, which is nil if it was left behind.
func (a *targetActor) decide(op *operation, w *worker) {
	c := op.course
	f := c.failure
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.AttemptFailed{Header: a.header(), Operation: op.id(), Attempt: int(c.failures),
			Err: f.err, Outcome: f.verdict.Outcome, Condition: f.verdict.Condition})
	}
	// A worker that crashed, or that holds state and failed, is not trusted
	// with another operation.
	distrust := f.crashed || (a.factory != nil && f.verdict.Outcome == policies.Failure)
	if op.isConcluded() { // its caller has left
		op.unwatch()
		a.revive(w, distrust, f.err)
		return
	}
	if op.inFlight() > 0 && f.verdict.Retryable { // its next attempt has begun already
		a.revive(w, true, f.err)
		return
	}
	d := a.judge(op)
	a.revive(w, distrust || d.Retry, f.err)
	switch {
	case a.halted != nil && d.Retry:
		a.reject(op, a.halted)
	case op.gone() != nil && d.Retry:
		a.giveUp(op, op.gone())
	case !d.Retry:
		a.end(op, a.final(op, d.Reason))
	case d.Wait > 0 && a.full():
		a.reject(op, ErrOverloaded)
	default:
		a.again(op, d)
	}
}

// decideLate is decide for a failure that reaches the supervisor after its end:
// there is no further attempt.
func (a *targetActor) decideLate(m *settled) {
	m.op.adopt(m.attempt)
	if m.op.course.failure.verdict.Retryable {
		a.reject(m.op, a.halted)
		return
	}
	a.end(m.op, m.op.course.failure.verdict.Err)
}

// judge asks the policy.
func (a *targetActor) judge(op *operation) retry.Decision {
	c := op.course
	if c.callerDied() {
		return retry.Decision{Reason: retry.CallerGone}
	}
	policy := &op.policy.Retry
	if op.options.whenOpen != "" {
		own := op.policy.Retry
		own.WhenOpen = op.options.whenOpen
		policy = &own
	}
	progress := retry.Progress{
		Attempt:     int(c.failures),
		Accepted:    a.sup.timeOf(c.accepted),
		Previous:    c.previous,
		Keyed:       op.options.key != "" || op.options.idempotent,
		BreakerOpen: !a.breaker.View().State.Admits(),
	}
	if c.deadline != 0 {
		progress.Deadline = a.sup.timeOf(c.deadline)
	}
	if own := c.failure.ownWait; own != nil {
		progress.HasOwn, progress.OwnWait = true, *own
	}
	return a.affordable(op, a.likely(op, retry.Decide(policy, c.failure.verdict, progress, time.Now(), rand.Float64())))
}

// again schedules another attempt.
func (a *targetActor) again(op *operation, d retry.Decision) {
	c := op.course
	c.previous = d.Wait
	c.waited += d.Wait
	c.parked = false // it has had its turn: another parked operation goes first
	a.counts.retries.Add(1)
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.RetryScheduled{Header: a.header(), Operation: op.id(), Attempt: int(c.failures) + 1,
			Wait: d.Wait, Source: d.Source, Err: c.failure.err})
	}
	op.forgive()
	if d.Wait > 0 {
		a.enterBackoff(op, d.Wait)
		return
	}
	a.admit(op)
}

// revive brings a failed worker back to the pool, as it is or as a fresh
// incarnation.
func (a *targetActor) revive(w *worker, fresh bool, reason error) {
	if w == nil {
		a.countRestart(reason)
		return
	}
	if !fresh {
		w.ref.Resume()
		a.release(w, true)
		return
	}
	w.ref.Restart()
	incarnation := a.pool.renewed(w)
	a.counts.restarts.Add(1)
	if a.sup.bus.Active() {
		a.sup.bus.Publish(actors.WorkerRestarted{Header: a.header(), Worker: w.ref.ID(), Incarnation: incarnation, Reason: reason})
	}
	if a.factory == nil {
		a.release(w, true)
	} else {
		// Closing what the old incarnation held may take its time: the
		// worker comes back when the fresh one is up.
		a.pool.renews(w)
	}
	a.countRestart(reason)
}

// countRestart counts a worker that was replaced.
func (a *targetActor) countRestart(reason error) {
	r := a.policy.Load().Restart
	if r.MaxRestarts >= policies.Never {
		a.restarts.clear()
		return
	}
	if a.restarts.exceeds(time.Now(), r) {
		a.escalate(r, reason)
	}
}

// escalate does what the policy says about too many restarts.
func (a *targetActor) escalate(r policies.Restart, reason error) {
	a.restarts.clear()
	err := &RestartsError{MaxRestarts: r.MaxRestarts, Within: r.Within, Err: reason}
	switch r.Exceeded {
	case policies.StopTarget:
		a.haltFor(ErrTargetStopped, fmt.Errorf("%w: %w", ErrTargetStopped, err))
	case policies.Escalate:
		actors.Escalate(a.self, err, nil)
	default:
		a.breaker.Trip(breaker.ReasonRestartIntensity, err)
	}
}
