package supervisor

import (
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, a worker that fails by a defect of ours, so that nobody has
// recorded its attempt's end, would take the target's supervisor with it, and its
// caller would wait for ever.
func TestAWorkerThatFailsWithoutTellingEndsItsOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		_, err := DoOn(bg, x, succeed)
		require.NoError(t, err)
		e := &ending{}
		e.start(e, x, bg, x.policy.Load(), &noOptions, false)
		w := x.pool.take(e)
		e.admitted(w, breaker.Permit{Generation: 1}, x.breaker.View())
		process, ok := s.System().ProcessRegistry.Get(x.PID())
		require.True(t, ok)
		process.SendSystemMessage(x.PID(), &actor.Failure{Who: w.ref.PID(), Reason: "a defect", Message: &w.task})
		require.Len(t, e.outcomes, 1)
		assert.EqualError(t, e.outcomes[0], "worker holdfast/x/worker-1: a defect")
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
		assert.Zero(t, x.pool.busy())
	})
}

// If it failed, an attempt that was not begun, and has no context of its own,
// would fail its worker a second time.
func TestAnAttemptApartThatWasNotBegunHasNoContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := one(t, timesOut(time.Second)).Target("x")
		e := &ending{}
		e.start(e, x, bg, x.policy.Load(), &noOptions, false)
		w := e.watch()
		assert.NotPanics(t, func() { w.Failed(errNotBegun, actors.Returned) })
		assert.Equal(t, errNotBegun, w.err)
		assert.EqualValues(t, attemptEnded, w.phase.Load())
	})
}

// If it failed, an operation whose two attempts both went well would be given its
// outcome twice: its future panics then, its sender gets two answers.
func TestASuccessThatIsNotTheOutcomeIsDeliveredToNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		x := one(t).Target("x")
		e := &ending{}
		e.start(e, x, bg, x.policy.Load(), &noOptions, false)
		(&delivery{op: &e.operation, first: false}).Settled()
		assert.Empty(t, e.outcomes)
		(&delivery{op: &e.operation, first: true, attempts: 1}).Settled()
		assert.Equal(t, []error{nil}, e.outcomes)
	})
}
