package invariants_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I1: every accepted operation gets exactly one outcome; a refusal is typed.

// Broken: an outcome is lost, or is not the one of the function.
func TestI1_TheOutcomeIsTheFunctionsOwn(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		call := func(fn function) outcome {
			return soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", fn) }), "the outcome")
		}

		o := call(succeed)
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)

		o = call(newClockwork().failing(9, errPlain))
		require.Equal(t, errPlain, o.err, "an error that is not retried comes back as it is")

		o = call(newClockwork().failing(2, errTemp))
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)

		o = call(newClockwork().failing(9, errTemp))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, o.err, &exhausted)
		require.ErrorIs(t, o.err, errTemp)
		require.Equal(t, "x", exhausted.Target)
		require.Equal(t, 3, exhausted.Attempts)
		require.Equal(t, 3*time.Second, exhausted.Waited)
		require.Equal(t, retry.MaxAttempts, exhausted.Reason)
		require.NotEmpty(t, exhausted.Operation)
	})
}

// Broken: a refusal that the caller can't tell from a failure, or a function
// that ran although its operation was refused.
func TestI1_RefusalsAreTypedAndRunNothing(t *testing.T) {
	for _, w := range ways {
		if w.name == "message" {
			continue // its refusals are results, see the tests of messages
		}
		t.Run(w.name, func(t *testing.T) { bubble(t, func(t *testing.T) { refusals(t, w) }) })
	}
}

func refusals(t *testing.T, w way) {
	sup := start(t, targets{"x": target(), "open": target(), "full": target(workers(1), pending(0))})
	sup.Breaker("open").ForceOpen()
	hold := make(chan struct{})
	defer close(hold)
	holder := async(func() (int, error) {
		return w.call(context.Background(), sup, "full", func(context.Context) (int, error) { <-hold; return 1, nil })
	})
	synctest.Wait()
	require.Empty(t, holder)

	done, cancel := context.WithCancelCause(context.Background())
	because := errors.New("because")
	cancel(because)
	late, cancelLate := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancelLate()

	for _, c := range []struct {
		name, target string
		ctx          context.Context
		is           error
	}{
		{"unknown target", "y", context.Background(), supervisor.ErrUnknownTarget},
		{"empty target", "", context.Background(), supervisor.ErrUnknownTarget},
		{"nil context", "x", nil, supervisor.ErrNilContext},
		{"cancelled context", "x", done, because},
		{"context past its deadline", "x", late, context.DeadlineExceeded},
		{"full queue", "full", context.Background(), supervisor.ErrOverloaded},
	} {
		ran := false
		_, err := w.call(c.ctx, sup, c.target, func(context.Context) (int, error) { ran = true; return 0, nil })
		var rejected *supervisor.RejectedError
		require.ErrorAs(t, err, &rejected, c.name)
		require.ErrorIs(t, err, c.is, c.name)
		require.Equal(t, c.target, rejected.Target, c.name)
		require.False(t, ran, c.name)
	}

	ran := false
	_, err := w.call(context.Background(), sup, "open", func(context.Context) (int, error) { ran = true; return 0, nil })
	var open *supervisor.OpenError
	require.ErrorAs(t, err, &open)
	require.ErrorIs(t, err, supervisor.ErrOpen)
	require.Equal(t, "open", open.Name)
	require.False(t, ran)
}

// Broken: an operation that finds no free worker as one is given back is
// forgotten in the queue, and everything behind it (a lost wake-up).
func TestI1_ABusyPoolForgetsNobody(t *testing.T) {
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d workers", n), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(workers(n))})
				x := sup.Target("x")
				const callers, calls = 8, 2_000
				var ok atomic.Int64
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						for range calls {
							if _, err := supervisor.DoOn(context.Background(), x, succeed); err == nil {
								ok.Add(1)
							}
						}
					})
				}
				all := make(chan struct{})
				go func() { wg.Wait(); close(all) }()
				soon(t, all, "an operation that waits for a worker")
				require.EqualValues(t, callers*calls, ok.Load())
			})
		})
	}
}

// Broken: an operation that stands in the queue when policies are reloaded is
// left there, although more workers are allowed now, or loses its place.
func TestI1_AReloadServesTheQueueInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(workers(1))})
		hold := make(chan struct{})
		var mu sync.Mutex
		var order []int
		var all []<-chan outcome
		for i := range 5 {
			all = append(all, async(func() (int, error) {
				return supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) {
					mu.Lock()
					order = append(order, i)
					mu.Unlock()
					<-hold
					return i, nil
				})
			}))
			synctest.Wait()
		}
		require.Equal(t, 4, sup.Snapshot().Targets[0].Queued)

		set, err := policies.NewSet(targets{"x": target(workers(3))})
		require.NoError(t, err)
		require.NoError(t, sup.Apply(set))
		synctest.Wait()
		mu.Lock()
		require.ElementsMatch(t, []int{0, 1, 2}, order, "two more workers serve the two that waited longest")
		mu.Unlock()

		close(hold)
		for i, ch := range all {
			o := soon(t, ch, fmt.Sprintf("operation %d", i))
			require.NoError(t, o.err)
			require.Equal(t, i, o.value)
		}
	})
}

// Broken: two outcomes for one operation, which shows as a future that
// changes or panics.
func TestI1_AFutureIsDecidedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		for range 500 {
			ctx, cancel := context.WithCancel(context.Background())
			f := supervisor.Go(ctx, sup, "x", succeed)
			go cancel()
			first, firstErr := f.Wait(context.Background())
			synctest.Wait()
			second, secondErr := f.Wait(context.Background())
			require.Equal(t, first, second)
			require.Equal(t, firstErr, secondErr)
			if firstErr != nil {
				require.Zero(t, first)
				require.ErrorIs(t, firstErr, context.Canceled)
			}
		}
	})
}

// Broken: a [supervisor.RejectedError] says that an operation never ran, so
// an operation whose function has started must not end with one.
func TestI1_WhatHasRunIsNotCalledRejected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		ctx, cancel := context.WithCancel(context.Background())
		started, hold := make(chan struct{}), make(chan struct{})
		f := supervisor.Go(ctx, sup, "x", func(context.Context) (int, error) { close(started); <-hold; return 1, nil })
		<-started
		cancel()
		_, err := f.Wait(context.Background())
		close(hold)
		require.ErrorIs(t, err, context.Canceled)
		var rejected *supervisor.RejectedError
		require.False(t, errors.As(err, &rejected), "the function ran: %v", err)
	})
}
