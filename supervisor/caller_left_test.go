package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// If it failed, whoever reads the error of a caller who left during a later attempt
// would not find out why it did.
func TestTheErrorSaysWhyTheCallerLeft(t *testing.T) {
	errWhy := errors.New("the user closed the window")
	bubble(t, func(t *testing.T) {
		s := one(t)
		ctx, leave := context.WithCancelCause(bg)
		calls := 0
		_, err := Do(ctx, s, "x", func(ctx context.Context) (int, error) {
			if calls++; calls == 1 {
				return 0, errTemp
			}
			leave(errWhy)
			return 0, ctx.Err()
		})
		reason, attempts := reasonOf(t, err)
		assert.Equal(t, retry.CallerGone, reason)
		assert.Equal(t, 2, attempts)
		assert.Equal(t, errWhy, err.(*ExhaustedError).Cause)
	})
}

// If it failed, a caller who leaves between the end of an attempt and the decision
// about it would be held until the wait for another one is over.
func TestACallerWhoLeavesAsItsAttemptFailsIsFreeAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		_, err := DoOn(bg, x, succeed)
		require.NoError(t, err)
		ctx, leave := context.WithCancel(bg)
		e := &ending{}
		e.start(e, x, ctx, x.policy.Load(), &noOptions, true)
		w := x.pool.take(e)
		e.admitted(w, breaker.Permit{Generation: 1}, x.breaker.View())
		e.attempt = 1
		e.trouble().failure = &failure{err: errTemp, verdict: classify.Verdict{Err: errTemp, Retryable: true, Outcome: policies.Failure}}
		began := time.Now()
		leave()
		x.tell(&withdraw{op: &e.operation, cause: context.Cause(ctx)})
		x.tell(&settled{to: x, op: &e.operation, worker: w})
		assert.Nil(t, x.await(&e.operation), "it got a worker")
		assert.Zero(t, time.Since(began))
		reason, _ := reasonOf(t, e.course.waiter.outcome)
		assert.Equal(t, retry.CallerGone, reason)
		assert.ErrorIs(t, e.course.waiter.outcome, context.Canceled)
		assert.ErrorIs(t, e.course.waiter.outcome, errTemp)
		assert.Zero(t, snapshotOf(t, s, "x").Retries)
	})
}

// If it failed, the context of a caller whom Shutdown has freed would hold the
// operation for as long as it lives, though its function has returned.
func TestACallerFreedByShutdownIsNotWatchedForEver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, err := New(setOf(t, targets{"x": policy(attempts(1))}))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(bg)
		defer cancel()
		g := newGate()
		f := Go(ctx, s, "x", g.run)
		<-g.begun
		hurry, end := context.WithTimeout(bg, time.Second)
		defer end()
		require.Error(t, s.Shutdown(hurry))
		_, err = f.Wait(bg)
		require.ErrorIs(t, err, ErrShutdown)
		g.end <- errPlain
		synctest.Wait()
		assert.False(t, f.call.course.stop(), "somebody still waits for its context")
		require.NoError(t, s.Shutdown(bg))
	})
}
