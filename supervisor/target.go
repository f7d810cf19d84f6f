package supervisor

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// Target is a named thing that operations go to: one breaker, one pool of
// workers, one policy. It is safe for concurrent use. Looked up once, it
// saves [Do] the look-up.
type Target struct {
	name    string
	sup     *Supervisor
	err     error // why there is no such target; everything else is then unset
	factory actors.Factory

	policy  atomic.Pointer[resolved]
	stopped atomic.Pointer[error] // why it takes nothing any more, nil while it does
	gone    atomic.Bool           // its actor has ended, and the supervisor has not
	breaker *actors.Breaker
	pool    pool
	ref     *actors.Ref
	keyed   *keyedTarget // nil for a target without keys

	pausedUntil atomic.Pointer[time.Time] // by its server, nil for no pause
	refused     atomic.Uint64             // by the view of an open breaker, told to nobody yet
	refusedTold atomic.Uint64             // and already published
	counts      counters
	more        atomic.Pointer[seldom] // nil as long as it is not needed
}

// counters are the totals that the target's supervisor keeps; see seldom.go for
// more. Successes are counted by the pool.
type counters struct {
	failed   atomic.Uint64 // operations that ran and failed for good
	rejected atomic.Uint64 // operations refused by somebody else than the breaker
	retries  atomic.Uint64
	restarts atomic.Uint64
}

// Name is the target's name.
func (t *Target) Name() string { return t.name }

// Err is nil for a target that exists, and otherwise the error that every
// operation on it gets.
func (t *Target) Err() error { return t.err }

// PID is the address of the target's supervisor, to which other actors send
// an *[actors.Operation]. It is nil for a target that doesn't exist.
func (t *Target) PID() *actor.PID {
	t = t.current()
	if t.err != nil {
		return nil
	}
	return t.ref.PID()
}

// Policy is the policy in force for new operations.
func (t *Target) Policy() policies.Policy {
	t = t.current()
	if t.err != nil {
		return policies.Policy{}
	}
	return t.policy.Load().Policy
}

// current is the target itself, or the one that has its name now if its own
// actor was stopped from outside, or it was passivated.
func (t *Target) current() *Target {
	if t.gone.Load() {
		return t.successor()
	}
	return t
}

// Start starts the target again after its policy stopped it: fresh workers
// and a closed breaker. It does nothing to a target that runs.
func (t *Target) Start() error {
	t = t.current()
	if t.err != nil {
		return t.err
	}
	reply := make(chan error, 1)
	t.tell(&startAgain{done: reply})
	return <-reply
}

func (t *Target) tell(message any) { t.ref.Tell(message) }

// precheck refuses what can be refused before anything is built: the cost of
// a call to an open breaker is this function.
func (t *Target) precheck(ctx context.Context, nilFunction, fits bool, o *callOptions) error {
	if t.err != nil {
		return t.err
	}
	if t.keyed != nil {
		t.keyed.touch()
	}
	switch {
	case ctx == nil:
		return t.rejected(ErrNilContext)
	case nilFunction:
		return t.rejected(ErrNilFunction)
	case !fits:
		return t.rejected(ErrFallbackType)
	case ctx.Err() != nil:
		return t.rejected(fmt.Errorf("not started: %w", context.Cause(ctx)))
	}
	if view := t.breaker.View(); !view.State.Admits() && !t.parks(o) {
		if reason := t.stopped.Load(); reason != nil {
			return t.rejected(*reason)
		}
		t.countRefusal()
		return view.Refusal
	}
	return nil
}

// refuse rejects an operation that did not run.
func (t *Target) refuse(op *operation, reason error) {
	if _, first := op.claim(); first {
		op.deliver(t.rejected(reason), 0)
	}
	op.unwatch()
}

// rejected counts a rejection and gives its error.
func (t *Target) rejected(reason error) error {
	t.counts.rejected.Add(1)
	return &RejectedError{Target: t.name, Err: reason}
}

func (t *Target) parks(o *callOptions) bool {
	if o.whenOpen != "" {
		return o.whenOpen == policies.Park
	}
	return t.policy.Load().Retry.WhenOpen == policies.Park
}

// countRefusal counts one refusal. The first since the last report asks for
// the next.
func (t *Target) countRefusal() {
	if t.refused.Add(1) == 1 {
		t.tell(reportRefusals{})
	}
}

// enter is the short way in: the breaker is closed and a worker idle. It
// gives nil where the supervisor has to decide.
func (t *Target) enter(b body, policy *resolved) *worker {
	w := t.pool.take(b)
	if w == nil {
		return nil
	}
	// Read after the worker was taken, so that nothing lies between the
	// breaker's leave and the attempt.
	view := t.breaker.View()
	if !view.Direct {
		t.release(w, false)
		return nil
	}
	w.generation, w.began = view.Generation, 0
	if view.Timed || policy.Pool.Adaptive {
		w.began = t.sup.since()
	}
	return w
}

// enterWhole is enter for an operation.
func (t *Target) enterWhole(op *operation) *worker {
	w := t.enter(op.body, op.policy)
	if w == nil {
		return nil
	}
	op.worker, op.generation, op.began = w, w.generation, w.began
	op.holds(breaker.Permit{})
	return w
}

// perform sees an inline operation through on the caller's goroutine.
func (t *Target) perform(whole body, b *brief) error {
	if !b.policy.brief || t.sup.traced {
		return t.performWhole(b.become(whole))
	}
	w := t.enter(whole, b.policy)
	if w == nil {
		return t.performWhole(b.become(whole))
	}
	w.runInline(true)
	switch op := b.op.Load(); {
	case op == nil:
		t.briefSuccess(b.policy, w)
		return nil
	case op.came == cameToSucceed: // and somebody has asked about it
		t.inlineSuccess(w.operation(), w)
		return nil
	default:
		return t.goOn(op, w)
	}
}

// performWhole is perform for what is an operation already.
func (t *Target) performWhole(op *operation) error {
	w := t.enterWhole(op)
	if w == nil {
		t.tell(&admit{op: op.introduced()})
		if w = t.await(op); w == nil {
			if op.course.waiter.outcome == errMoved {
				return t.moveOn(op)
			}
			return op.course.waiter.outcome
		}
	}
	w.runInline(false)
	return t.goOn(op, w)
}

// goOn sees an operation through of which an attempt has ended. If that has
// failed, w may be another's by now.
func (t *Target) goOn(op *operation, w *worker) error {
	for op.came != cameToSucceed {
		if op.came == cameBack {
			t.tell(&bounced{op: op.introduced(), worker: w})
		}
		if w = t.await(op); w == nil {
			return op.course.waiter.outcome
		}
		op.came = cameToSucceed // unless we hear otherwise
		w.runInline(false)
	}
	t.inlineSuccess(op, w)
	return nil
}

// await waits for the supervisor to give an inline operation a worker, or its
// outcome, which is a nil worker.
func (t *Target) await(op *operation) *worker {
	c := op.course
	gone := op.caller().Done()
	for {
		w, isGone := c.waiter.wait(gone)
		if isGone {
			gone = nil
			t.tell(&withdraw{op: op, cause: context.Cause(op.caller())})
			continue
		}
		if w == nil {
			return nil
		}
		view := t.breaker.View()
		left := context.Cause(op.caller())
		if left == nil && view.Generation == op.generation {
			return w
		}
		// Between the leave and now the breaker moved or the caller left.
		t.tell(&returned{op: op, worker: w, left: left})
	}
}

// unwatch ends the watch over a detached caller's context. That calls the
// context's methods, so a panic of theirs must not cost the operation its outcome.
func (op *operation) unwatch() {
	if c := op.course; c != nil && c.stop != nil {
		defer func() { _ = recover() }()
		c.stop()
	}
}

// launch sets a detached operation going.
func (t *Target) launch(op *operation) {
	if t.ready(op) {
		op.send()
	}
}

// launchThen is launch for who can have it run later; see worker.runThen.
func (t *Target) launchThen(op *operation) (then func()) {
	switch {
	case !t.ready(op):
		return nil
	case op.apart():
		op.send()
		return nil
	default:
		return op.worker.runThen()
	}
}

// ready says whether a detached operation has a worker. If not, it is the
// supervisor's.
func (t *Target) ready(op *operation) bool {
	if op.hedges() {
		op.prepareRace() // before anything can end it
	}
	if ctx := op.caller(); ctx.Done() != nil {
		c := op.trouble()
		c.stop = context.AfterFunc(ctx, func() { t.tell(&withdraw{op: op, cause: context.Cause(op.caller())}) })
	}
	if op.apart() {
		op.introduced() // its failures may be told by several goroutines
	}
	if t.enterWhole(op) != nil {
		return true
	}
	t.tell(&admit{op: op.introduced()})
	return false
}

// introduced notes what the supervisor wants to know of an operation's context,
// whose methods it does not call. It comes before the supervisor has to do with
// the operation for the first time.
func (op *operation) introduced() *operation {
	c := op.trouble()
	c.lender, _ = attemptOf(op.caller())
	c.priority = priorityOf(op.caller())
	c.deadline = op.deadline()
	return op
}

// release puts back a worker that ran nothing, or whose attempt is accounted
// for.
func (t *Target) release(w *worker, attempted bool) {
	t.afterPut(w, t.pool.put(w, attempted))
}

func (t *Target) afterPut(w *worker, r putResult) {
	switch r {
	case putServes:
		t.tell(&freed{worker: w})
	case putRetire:
		w.ref.Stop()
	}
}
