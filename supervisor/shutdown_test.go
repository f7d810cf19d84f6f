package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
)

// If it failed, a program could not end, or would end what it doesn't own.
func TestAnIdleSupervisorShutsDownAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		assert.Equal(t, ErrNilContext, s.Shutdown(noContext))
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		x := s.Target("x")
		j := listen(s)
		began := time.Now()
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, began, time.Now())
		require.NoError(t, s.Shutdown(bg), "once more")
		stopped := eventsOf[actors.TargetStopped](j)
		require.Len(t, stopped, 1, "the last event is delivered")
		assert.Equal(t, ErrShutdown, stopped[0].Reason)

		done, cancel := context.WithCancel(bg)
		cancel()
		assert.NoError(t, s.Shutdown(done), "it has ended; there is nothing to wait for")

		_, err = DoOn(bg, x, succeed)
		assert.ErrorIs(t, err, ErrShutdown)
		_, err = Go(bg, s, "x", succeed).Wait(bg)
		assert.ErrorIs(t, err, ErrShutdown)
		assert.ErrorIs(t, s.Target("new").Err(), ErrShutdown)
		assert.ErrorIs(t, x.Start(), ErrShutdown)
		soon(t, s.Subscribe(func(actors.Event) {}).Done(), "a subscription that can have no events")
	})
}

// Attempts that run come to their end, what waits is rejected, nothing new is
// let in.
func TestShutdownWaitsForWhatRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(2))
		g := newGate()
		inline := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		detached := Go(bg, s, "x", g.run)
		synctest.Wait()
		queued := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		ended := make(chan error, 2)
		for range cap(ended) {
			go func() { ended <- s.Shutdown(bg) }()
		}
		var rejected *RejectedError
		require.ErrorAs(t, soon(t, queued, "the one in the queue").err, &rejected)
		assert.Equal(t, ErrShutdown, rejected.Err)
		_, err := Do(bg, s, "x", succeed)
		assert.ErrorIs(t, err, ErrShutdown)
		synctest.Wait()
		assert.Empty(t, ended)

		g.end <- nil
		g.end <- errTemp // which would be worth another attempt
		o := soon(t, inline, "the inline caller")
		_, err = detached.Wait(bg)
		if o.err == nil {
			o.err = err
		} else {
			assert.NoError(t, err)
		}
		var exhausted *ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		assert.Equal(t, ReasonShutdown, exhausted.Reason)
		assert.Equal(t, ErrShutdown, exhausted.Cause)
		assert.ErrorIs(t, o.err, errTemp)
		assert.EqualError(t, o.err, `operation on "x" failed after 1 attempt (shutdown): the supervisor is shut down: temporary failure`)
		for range cap(ended) {
			assert.NoError(t, soon(t, ended, "Shutdown"))
		}
	})
}

// If it failed, an operation in backoff or behind an open breaker would hold
// up Shutdown, or be forgotten by it.
func TestShutdownRejectsWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(parks), "y": policy()})
		s.Breaker("x").ForceOpen()
		parked := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		backingOff := async(func() (int, error) { return Do(bg, s, "y", failWith(errTemp)) })
		synctest.Wait()
		began := time.Now()
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, began, time.Now())
		var rejected *RejectedError
		assert.ErrorAs(t, soon(t, parked, "the parked one").err, &rejected)
		var exhausted *ExhaustedError
		require.ErrorAs(t, soon(t, backingOff, "the one in backoff").err, &exhausted)
		assert.Equal(t, ReasonShutdown, exhausted.Reason)
	})
}

// If it failed, a function that never returns would keep the program, or
// nobody would learn which one it was.
func TestShutdownNamesTheStragglers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(), "y": policy()})
		g, h := newGate(), newGate()
		inline := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		detached := Go(bg, s, "y", h.run)
		x, _ := CurrentAttempt(soon(t, g.begun, "the inline attempt"))
		y, _ := CurrentAttempt(soon(t, h.begun, "the detached attempt"))

		why := errors.New("no more time")
		ctx, cancel := context.WithTimeoutCause(bg, time.Minute, why)
		defer cancel()
		began := time.Now()
		err := s.Shutdown(ctx)
		assert.Equal(t, time.Minute, time.Since(began))
		var stragglers *StragglersError
		require.ErrorAs(t, err, &stragglers)
		assert.ErrorIs(t, err, why)
		assert.Equal(t, []Straggler{{"x", x.OperationID}, {"y", y.OperationID}}, stragglers.Stragglers)
		assert.EqualError(t, err, "shutdown ended with 2 still running (x "+x.OperationID+", y "+y.OperationID+"): no more time")

		_, err = detached.Wait(bg)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted, "a detached caller is free")
		assert.Equal(t, ReasonShutdown, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
		assert.Empty(t, inline, "an inline caller runs its function")

		err = s.Shutdown(ctx)
		require.ErrorAs(t, err, &stragglers, "once more")
		assert.Len(t, stragglers.Stragglers, 2)
		g.end <- nil
		h.end <- nil
		assert.NoError(t, soon(t, inline, "the inline caller").err)
		assert.NoError(t, s.Shutdown(bg), "the rest ended by itself")
		for name, succeeded := range map[string]uint64{"x": 1, "y": 0} {
			snap := snapshotOf(t, s, name)
			assert.Equal(t, succeeded, snap.Succeeded, name)
			assert.Equal(t, 1-succeeded, snap.Failed, name)
		}
	})
}

// If it failed, Shutdown would blame an operation for a subscriber that blocks.
func TestShutdownNamesASubscriberThatBlocks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		free := make(chan struct{})
		s.Subscribe(func(actors.Event) { <-free })
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		var stragglers *StragglersError
		require.ErrorAs(t, s.Shutdown(ctx), &stragglers)
		assert.Equal(t, []Straggler{{Target: "event subscribers"}}, stragglers.Stragglers)
		assert.ErrorContains(t, stragglers, "1 still running (event subscribers)")
		close(free)
		assert.NoError(t, s.Shutdown(bg))
	})
}

// A worker whose Close hangs is a straggler too.
func TestShutdownNamesACloseThatBlocks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := &office{answer: func(context.Context, any) (any, error) { return nil, errPlain }}
		free := make(chan struct{})
		s := start(t, targets{"x": policy()}, WithWorker("x", func(ctx context.Context) (actors.Worker, error) {
			w, err := o.hire(ctx)
			return slowToLeave{w, free}, err
		}))
		_, err := Ask[int](bg, s, "x", 1)
		assert.Equal(t, errPlain, err)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		var stragglers *StragglersError
		require.ErrorAs(t, s.Shutdown(ctx), &stragglers)
		assert.Equal(t, []Straggler{{"x", "Close of holdfast/x/worker-1"}}, stragglers.Stragglers)
		close(free)
		assert.NoError(t, s.Shutdown(bg))
		assert.Equal(t, 1, o.closed)
	})
}

// slowToLeave is a worker whose Close waits.
type slowToLeave struct {
	actors.Worker
	free chan struct{}
}

func (w slowToLeave) Close() error {
	<-w.free
	return w.Worker.Close()
}

// A function may end the supervisor it runs on.
func TestShutdownFromWithinAnAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			var stragglers *StragglersError
			assert.ErrorAs(t, s.Shutdown(ctx), &stragglers)
			return 1, nil
		})
		assert.NoError(t, err)
		assert.NoError(t, s.Shutdown(bg))
	})
}
