package invariants_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Functions on a target with stateful workers: they run on the workers'
// goroutines, whichever way they are sent.

// stateful starts target x with workers that count what is made and closed.
func stateful(t *testing.T, edits ...func(*policies.Policy)) (sup *supervisor.Supervisor, made, closed *atomic.Int32) {
	t.Helper()
	made, closed = new(atomic.Int32), new(atomic.Int32)
	sup = start(t, targets{"x": target(append(edits, workers(1))...), "y": target()},
		supervisor.WithWorker("x", func(context.Context) (actors.Worker, error) {
			made.Add(1)
			return &session{close: func() error { closed.Add(1); return nil }}, nil
		}))
	return sup, made, closed
}

// Broken: a fault of a function ends the caller's goroutine, or its outcome
// differs between the ways in.
func TestFault_AFunctionOnAStatefulTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup, _, _ := stateful(t)
		calls := newClockwork()
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { calls.tick(); goexit(); return 0, nil })
		}), "the caller")
		require.False(t, o.ended, "the function's goroutine is not the caller's")
		require.ErrorIs(t, o.err, supervisor.ErrGoexit)
		require.Equal(t, seconds(0, 1, 3), calls.at())
		o = soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", boom) }), "the caller")
		var crash *supervisor.PanicError
		require.ErrorAs(t, o.err, &crash)
		began := time.Now()
		hold := make(chan struct{})
		o = soon(t, async(func() (int, error) {
			return w.call(cancelAfter(time.Second), sup, "x", func(context.Context) (int, error) { <-hold; return 1, nil })
		}), "the caller")
		require.ErrorIs(t, o.err, errCause)
		require.Equal(t, time.Second, o.at.Sub(began), "the caller is free at once")
		close(hold)
		synctest.Wait()
		works(t, sup, "x")
		works(t, sup, "y")
	})
}

// Broken: the state of a worker that is stopped from outside is not closed,
// closed twice, or used again.
func TestFault_AStatefulWorkerIsStopped(t *testing.T) {
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup, made, closed := stateful(t)
				for i := range int32(3) {
					require.NoError(t, ask(t, sup, "x").err)
					require.Equal(t, i+1, made.Load())
					e.end(sup.System(), workerIDs(sup, "x")[0])
					synctest.Wait()
					require.Equal(t, i+1, closed.Load())
				}
				hold := make(chan struct{})
				busy := async(func() (int, error) {
					return supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, nil })
				})
				synctest.Wait()
				behind := async(func() (int, error) { return supervisor.Ask[int](context.Background(), sup, "x", 1) })
				synctest.Wait()
				e.end(sup.System(), workerIDs(sup, "x")[0])
				close(hold)
				require.Equal(t, 7, soon(t, busy, "the busy one").value)
				require.Equal(t, 42, soon(t, behind, "the one behind it").value)
				require.NoError(t, sup.Shutdown(context.Background()))
				require.Equal(t, made.Load(), closed.Load(), "all that was made is closed")
			})
		})
	}
}

// Broken: an operation within an attempt on the same stateful target waits
// for the worker that waits for it.
func TestFault_DoInsideDoOnAStatefulTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup, made, closed := stateful(t)
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
				return supervisor.Ask[int](ctx, sup, "x", "inner")
			})
		}), "the outer operation")
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)
		require.NoError(t, sup.Shutdown(context.Background()))
		require.Equal(t, made.Load(), closed.Load())
	})
}

// Broken: a stateful probe that is abandoned, or crashes, keeps its slot.
func TestFault_AStatefulProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup, _, _ := stateful(t, probing(1, 1))
		for _, fn := range []function{
			boom,
			func(context.Context) (int, error) { goexit(); return 0, nil },
			func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() },
		} {
			b := halfOpen(t, sup)
			_, err := supervisor.Do(cancelAfter(time.Second), sup, "x", fn)
			require.Error(t, err)
			pass(10 * time.Minute)
			require.Equal(t, breaker.HalfOpen, b.State())
			works(t, sup, "x")
			require.Equal(t, breaker.Closed, b.State())
		}
	})
}
