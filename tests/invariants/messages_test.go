package invariants_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Operations that other actors send by message. Each gets exactly one
// *actors.Result, with the operation's own tag.

// anyRun makes a function the Run of a message.
func anyRun(fn function) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) { return fn(ctx) }
}

// request sends op and gives the one reply to it, when all has settled for an
// hour.
func request(t *testing.T, box *inbox, to *actor.PID, op *actors.Operation) *actors.Result {
	t.Helper()
	op.Tag = new(int)
	box.request(to, op)
	first := soon(t, box.replies, "the result of a message")
	pass(time.Hour)
	require.Empty(t, box.now(), "one result is enough")
	r, ok := first.(*actors.Result)
	require.True(t, ok, "the reply is a %T", first)
	require.Same(t, op.Tag, r.Tag)
	return r
}

// Broken: a result that is missing, doubled, or another operation's.
func TestMessages_SuccessAndFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		box := openInbox(sup.System())
		for _, c := range []struct {
			fn       function
			value    any
			is       error
			attempts int
		}{
			{succeed, 42, nil, 1},
			{newClockwork().failing(2, errTemp), 42, nil, 3},
			{newClockwork().failing(9, errTemp), nil, errTemp, 3},
			{newClockwork().failing(9, errPlain), nil, errPlain, 1},
			{func(context.Context) (int, error) { goexit(); return 0, nil }, nil, supervisor.ErrGoexit, 3},
		} {
			r := request(t, box, sup.PID("x"), &actors.Operation{Run: anyRun(c.fn)})
			require.ErrorIs(t, r.Err, c.is)
			require.Equal(t, c.value, r.Value)
			require.Equal(t, c.attempts, r.Attempts)
		}
		r := request(t, box, sup.PID("x"), &actors.Operation{Run: anyRun(boom)})
		var crash *supervisor.PanicError
		require.ErrorAs(t, r.Err, &crash)
		r = request(t, box, sup.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { return nil, nil }})
		require.NoError(t, r.Err)
		require.Nil(t, r.Value)
	})
}

// Broken: a refusal by message is silence, or has no type.
func TestMessages_Refusals(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(), "open": target(), "full": target(workers(1), pending(0))})
		sup.Breaker("open").ForceOpen()
		box := openInbox(sup.System())
		other := openInbox(sup.System())
		hold := make(chan struct{})
		other.request(sup.PID("full"), &actors.Operation{Run: func(context.Context) (any, error) { <-hold; return 1, nil }})
		gone, cancel := context.WithCancelCause(context.Background())
		cancel(errCause)
		never := func(context.Context) (any, error) { panic("must not run") }
		for _, c := range []struct {
			to string
			op actors.Operation
			is error
		}{
			{"open", actors.Operation{Run: never}, supervisor.ErrOpen},
			{"full", actors.Operation{Run: never}, supervisor.ErrOverloaded},
			{"x", actors.Operation{Run: never, Context: gone}, errCause},
			{"x", actors.Operation{}, supervisor.ErrNilFunction},
			{"x", actors.Operation{Payload: "for nobody"}, supervisor.ErrNoWorker},
		} {
			r := request(t, box, sup.PID(c.to), &c.op)
			require.ErrorIs(t, r.Err, c.is)
			require.Nil(t, r.Value)
			if c.is != supervisor.ErrNoWorker {
				require.Zero(t, r.Attempts)
			}
		}
		r := request(t, box, sup.PID("x"), &actors.Operation{Run: never, Payload: "both"})
		var rejected *supervisor.RejectedError
		require.ErrorAs(t, r.Err, &rejected)
		require.ErrorContains(t, r.Err, "both Run and Payload")
		close(hold)
		synctest.Wait()
		require.Len(t, other.now(), 1)
		works(t, sup, "x")
	})
}

// Broken: messages that are none of ours end the target, or the sender of a
// nil one waits for ever.
func TestMessages_ThatMakeNoSense(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(), "y": target()})
		box := openInbox(sup.System())
		works(t, sup, "x")
		b, ids := sup.Breaker("x").PID(), workerIDs(sup, "x")
		for _, message := range []any{
			nil, "text", 7, actors.Operation{}, &actors.Result{}, &actors.Task{}, actors.Admission{}, struct{}{},
			&actor.Restarting{}, &actor.Stopping{}, &actor.Started{}, actor.Terminated{},
		} {
			for _, pid := range []*actor.PID{sup.PID("x"), b, actor.NewPID(b.Address, ids[0])} {
				if message == nil {
					continue // the engine itself takes no nil
				}
				switch message.(type) {
				case *actor.Restarting, *actor.Stopping, *actor.Started, *actors.Task:
					continue // forged lifecycle messages are beyond what can be defended
				}
				box.request(pid, message)
			}
		}
		var nothing *actors.Operation
		box.request(sup.PID("x"), nothing)
		pass(time.Minute)
		works(t, sup, "x")
		works(t, sup, "y")
	})
}

// Broken: after Shutdown an actor that asks waits for ever, or its operation
// is run. Nobody is there to answer, so the engine does.
func TestMessages_AfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(), "untouched": target()})
		before := sup.PID("x")
		box := openInbox(sup.System())
		require.NoError(t, request(t, box, sup.PID("x"), &actors.Operation{Run: anyRun(succeed)}).Err)
		require.NoError(t, sup.Shutdown(context.Background()))
		calls := newClockwork()
		for _, pid := range []*actor.PID{before, sup.PID("x")} {
			if pid == nil {
				continue
			}
			box.request(pid, &actors.Operation{Run: anyRun(calls.failing(0, nil))})
			pass(time.Hour)
			replies := box.now()
			require.Len(t, replies, 1)
			require.IsType(t, &actor.DeadLetterResponse{}, replies[0])
		}
		require.Zero(t, calls.calls())
		require.Nil(t, sup.PID("untouched"))
	})
}

// Broken: one of the operations under way as Shutdown comes has no result, or
// two.
func TestMessages_DuringShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(workers(2))})
		box := openInbox(sup.System())
		hold := make(chan struct{})
		const n = 20
		for i := range n {
			box.request(sup.PID("x"), &actors.Operation{Tag: i, Run: func(context.Context) (any, error) {
				if i%2 == 0 {
					return nil, errTemp
				}
				<-hold
				return i, nil
			}})
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		require.Error(t, sup.Shutdown(ctx))
		close(hold)
		require.NoError(t, sup.Shutdown(context.Background()))
		pass(time.Hour)
		seen := map[any]int{}
		for _, r := range box.now() {
			require.IsType(t, &actors.Result{}, r)
			seen[r.(*actors.Result).Tag]++
		}
		for i := range n {
			require.Equal(t, 1, seen[i], "results of operation %d", i)
		}
	})
}

// Broken: results get mixed up when many actors ask at once.
func TestMessages_FromManyActors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits, workers(3))})
		var boxes []*inbox
		for range 10 {
			boxes = append(boxes, openInbox(sup.System()))
		}
		for i := range 100 {
			for j, box := range boxes {
				box.request(sup.PID("x"), &actors.Operation{Tag: i, Run: anyRun(newClockwork().failing(i%3, errTemp)), IdempotencyKey: fmt.Sprint(i, j)})
			}
		}
		for _, box := range boxes {
			seen := map[any]bool{}
			for range 100 {
				r := soon(t, box.replies, "a result").(*actors.Result)
				require.NoError(t, r.Err)
				require.Equal(t, r.Tag.(int)%3+1, r.Attempts)
				require.False(t, seen[r.Tag])
				seen[r.Tag] = true
			}
			synctest.Wait()
			require.Empty(t, box.now())
		}
	})
}

// Broken: an operation without a sender isn't run, or its result is a dead
// letter.
func TestMessages_WithoutASender(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		var dead atomic.Int32
		sup.System().EventStream.Subscribe(func(e any) {
			if _, ok := e.(*actor.DeadLetterEvent); ok {
				dead.Add(1)
			}
		})
		calls := newClockwork()
		sup.System().Root.Send(sup.PID("x"), &actors.Operation{Run: anyRun(calls.failing(1, errTemp))})
		pass(time.Minute)
		require.Equal(t, seconds(0, 1), calls.at())
		require.Zero(t, dead.Load())
	})
}

// Broken: a sender that has stopped by the time of its result keeps the
// target's worker.
func TestMessages_WhoseSenderHasStopped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(workers(1))})
		box := openInbox(sup.System())
		hold := make(chan struct{})
		box.request(sup.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { <-hold; return 1, nil }})
		synctest.Wait()
		box.close()
		synctest.Wait()
		close(hold)
		synctest.Wait()
		works(t, sup, "x")
	})
}

// Broken: a payload does not reach the worker, or its restart loses it.
func TestMessages_WithAPayload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var made atomic.Int32
		sup := start(t, targets{"x": target(workers(1))}, supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
			n := made.Add(1)
			return &session{handle: func(_ context.Context, payload any) (any, error) {
				if n < 3 {
					return nil, errTemp
				}
				return payload, nil
			}}, nil
		}))
		box := openInbox(sup.System())
		r := request(t, box, sup.PID("x"), &actors.Operation{Payload: "navigate"})
		require.NoError(t, r.Err)
		require.Equal(t, "navigate", r.Value)
		require.Equal(t, 3, r.Attempts)
	})
}
