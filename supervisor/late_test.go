package supervisor

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// ending is a detached operation that notes its outcome.
type ending struct {
	operation
	leave    func()
	outcomes []error
}

func (e *ending) run(*worker, func() (actors.Worker, error)) error { return nil }
func (e *ending) try(context.Context, func() (actors.Worker, error)) (func(), error) {
	return func() {}, nil
}
func (e *ending) ended(err error, _ int) func() {
	e.outcomes = append(e.outcomes, err)
	return nil
}

// late is a target whose actor has stopped, with a worker that is busy with an
// operation, and the notice of the target's end for Shutdown.
func late(t *testing.T) (x *Target, e *ending, w *worker, drained <-chan struct{}) {
	s := one(t)
	_, err := Do(bg, s, "x", succeed)
	require.NoError(t, err)
	x = s.Target("x")
	e = &ending{}
	ctx, leave := context.WithCancel(bg)
	t.Cleanup(leave)
	e.leave = leave
	e.start(e, x, ctx, x.policy.Load(), &noOptions, false)
	e.trouble()
	w = x.pool.take(e)
	require.NotNil(t, w)
	e.admitted(w, breaker.Permit{Generation: 1}, x.breaker.View())
	_, drained = x.pool.close()
	require.False(t, isClosed(drained))
	s.System().Root.Stop(x.PID())
	pass(0)
	return x, e, w, drained
}

// Messages cross the end of a target. Each operation in one still gets exactly
// one outcome, and each worker is given back, or Shutdown would wait for ever.
func TestWhatComesAfterTheEndIsAnswered(t *testing.T) {
	ran := func(e *ending, err error, retryable bool) {
		e.attempt = 1
		e.course.failure = &failure{err: err, verdict: classify.Verdict{Err: err, Retryable: retryable, Outcome: policies.Failure}}
	}
	for name, c := range map[string]struct {
		message func(e *ending, w *worker) any
		is      []error // none: no outcome, for there is one already
		worker  bool    // is given back
		exactly bool    // the outcome is that error itself
	}{
		"an operation to admit":      {func(e *ending, _ *worker) any { return &admit{op: &e.operation} }, []error{ErrTargetStopped}, false, false},
		"a breaker's answer":         {func(e *ending, _ *worker) any { return &admitted{op: &e.operation} }, []error{ErrTargetStopped}, false, false},
		"a worker that was not used": {func(e *ending, w *worker) any { return &returned{op: &e.operation, worker: w} }, []error{ErrTargetStopped}, true, false},
		"a worker that was dead":     {func(e *ending, w *worker) any { return &bounced{op: &e.operation, worker: w} }, []error{ErrTargetStopped}, true, false},
		"a caller who leaves":        {func(e *ending, _ *worker) any { e.leave(); return &withdraw{op: &e.operation, cause: context.Canceled} }, []error{context.Canceled}, false, false},
		"an inline caller who leaves": {func(e *ending, _ *worker) any {
			e.leave()
			e.inline = true
			return &withdraw{op: &e.operation, cause: context.Canceled}
		}, nil, false, false},
		"a free worker":           {func(_ *ending, w *worker) any { return &freed{worker: w} }, nil, true, false},
		"a failure worth another": {func(e *ending, w *worker) any { ran(e, errTemp, true); return &settled{op: &e.operation, worker: w} }, []error{errTemp, ErrTargetStopped}, true, false},
		"a plain failure":         {func(e *ending, w *worker) any { ran(e, errPlain, false); return &settled{op: &e.operation, worker: w} }, []error{errPlain}, true, true},
		"a failure whose caller left": {func(e *ending, w *worker) any {
			ran(e, errTemp, true)
			e.claim()
			return &settled{op: &e.operation, worker: w}
		}, nil, true, false},
		"nothing of ours": {func(*ending, *worker) any { return "hello" }, nil, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				x, e, w, drained := late(t)
				x.tell(c.message(e, w))
				if len(c.is) == 0 {
					assert.Empty(t, e.outcomes)
				} else if assert.Len(t, e.outcomes, 1) {
					for _, is := range c.is {
						assert.ErrorIs(t, e.outcomes[0], is)
					}
					assert.Equal(t, c.exactly, e.outcomes[0] == c.is[0])
				}
				assert.Equal(t, c.worker, isClosed(drained), "the worker")
			})
		})
	}
}

// The same for those that wait for an answer.
func TestQuestionsAfterTheEndAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x, _, w, drained := late(t)
		again := make(chan error, 1)
		x.tell(&startAgain{done: again})
		assert.ErrorIs(t, soon(t, again, "Start"), ErrTargetStopped)
		halted := make(chan (<-chan struct{}), 1)
		x.tell(&halt{reason: ErrShutdown, done: halted})
		assert.Equal(t, drained, soon(t, halted, "Shutdown"))
		applied := make(chan struct{})
		x.tell(&applyPolicy{policy: x.policy.Load(), done: applied})
		soon(t, applied, "Apply")
		x.tell(&freed{worker: w})
		soon(t, drained, "the last worker")

		in := newInbox(t, x.sup)
		x.tell(&actor.MessageEnvelope{Message: "hello", Sender: in.pid})
		x.tell(&actor.MessageEnvelope{Message: &actors.Operation{Tag: 7,
			Run: func(context.Context) (any, error) { return 1, nil }}, Sender: in.pid})
		r := in.result()
		assert.ErrorIs(t, r.Err, ErrTargetStopped)
		assert.Equal(t, 7, r.Tag)
		pass(0)
		assert.Empty(t, in.replies)
	})
}

// What reaches the root after its end is answered too.
func TestTheRootAnswersAfterItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		require.NoError(t, s.Shutdown(bg))
		done := make(chan *Target, 1)
		s.root.Tell(&open{name: "x", done: done})
		assert.ErrorIs(t, soon(t, done, "the target").Err(), ErrShutdown)
		answer := make(chan applied, 1)
		s.root.Tell(&applySet{set: s.set.Load(), answer: answer})
		assert.ErrorIs(t, soon(t, answer, "Apply").err, ErrShutdown)
		s.root.Tell("hello")
	})
}

// A message that is under way while the root stops finds it stopping.
func TestAStoppingRootStartsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		s.rootActor.stopping = true
		assert.ErrorIs(t, s.Target("x").Err(), ErrShutdown)
		assert.ErrorIs(t, s.Apply(setOf(t, nil)), ErrShutdown)
		s.rootActor.stopping = false
	})
}

// If it failed, an actor of somebody else's under the target's name would be
// taken for the target, or block the supervisor.
func TestATargetWhoseNameIsTakenIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		squat := func(name string) *actor.PID {
			pid, ok := s.System().ProcessRegistry.Add(actor.NewActorProcess(nil), name)
			require.True(t, ok)
			return pid
		}
		pid := squat("holdfast/x")
		assert.ErrorIs(t, s.Target("x").Err(), actor.ErrNameExists)
		_, err := Do(bg, s, "x", succeed)
		assert.ErrorIs(t, err, actor.ErrNameExists)
		s.System().ProcessRegistry.Remove(pid)
		pass(0)
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err, "the name is free again")
	})
}

// If it failed, a target would go on without a breaker because an actor of
// somebody else's has its name.
func TestATargetWhoseBreakersNameIsTakenStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1), attempts(1))
		j := listen(s)
		pid, ok := s.System().ProcessRegistry.Add(actor.NewActorProcess(nil), "holdfast/x/breaker")
		require.True(t, ok)
		x := s.Target("x")
		_, err := DoOn(bg, x, succeed)
		require.NoError(t, err, "which tells the breaker nothing")
		_, err = DoOn(bg, x, failWith(errPlain))
		assert.ErrorIs(t, err, errPlain)
		synctest.Wait()
		stopped := eventsOf[actors.TargetStopped](j)
		require.Len(t, stopped, 1)
		assert.ErrorIs(t, stopped[0].Reason, actor.ErrNameExists)
		s.System().ProcessRegistry.Remove(pid)
		_, err = DoOn(bg, x, failWith(errPlain))
		assert.ErrorIs(t, err, errPlain)
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "the target was started again")
	})
}
