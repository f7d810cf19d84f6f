package invariants_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I9: panics are contained, with stack. I10: Goexit is a failed attempt.

func theCulprit() { panic(errPlain) }

// Broken: the stack is not the one of the panic, or the value is lost.
func TestI9_APanicKeepsItsValueAndItsStack(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { theCulprit(); return 0, nil })
		var crash *supervisor.PanicError
		require.ErrorAs(t, err, &crash)
		require.Equal(t, any(errPlain), crash.Value)
		require.Contains(t, string(crash.Stack), "theCulprit")
		require.ErrorIs(t, err, errPlain)
		require.NotContains(t, err.Error(), "goroutine", "the message is one line, without the stack")

		_, err = w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
			var m map[string]int
			//lint:ignore SA5000 the panic is what is tested
			m["x"] = 1
			return 0, nil
		})
		var problem runtime.Error
		require.ErrorAs(t, err, &problem)
		_, err = w.call(context.Background(), sup, "x", func(context.Context) (int, error) { panic(nil) })
		var empty *runtime.PanicNilError
		require.ErrorAs(t, err, &empty)
	})
}

// Broken: a panic does not count against the target, or its worker goes on as
// if nothing had happened.
func TestI9_APanicIsAFailureAndRenewsItsWorker(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(trips(2), attempts(1), workers(1))})
		events := listen(sup)
		for range 2 {
			_, err := w.call(context.Background(), sup, "x", boom)
			require.Error(t, err)
		}
		_, err := w.call(context.Background(), sup, "x", succeed)
		require.ErrorIs(t, err, supervisor.ErrOpen)
		require.Equal(t, breaker.Open, sup.Breaker("x").State())
		synctest.Wait()
		restarts := eventsOf[actors.WorkerRestarted](events)
		require.Len(t, restarts, 2)
		require.Equal(t, 3, restarts[1].Incarnation)
	})
}

// Broken: an inline Goexit does not end the calling goroutine, as it would
// without the supervisor, or the attempt is not counted.
func TestI10_InlineGoexitEndsTheCallerAndCounts(t *testing.T) {
	for _, w := range ways {
		if !w.inline {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(trips(2), workers(1))})
				events := listen(sup)
				calls := newClockwork()
				for range 2 {
					o := soon(t, async(func() (int, error) {
						return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { calls.tick(); goexit(); return 0, nil })
					}), "the caller")
					require.True(t, o.ended, "the goroutine ends and Do does not return")
					synctest.Wait()
				}
				require.Equal(t, 2, calls.calls(), "nobody is there for another attempt")
				require.Equal(t, breaker.Open, sup.Breaker("x").State())
				failed := eventsOf[actors.AttemptFailed](events)
				require.Len(t, failed, 2)
				require.ErrorIs(t, failed[0].Err, supervisor.ErrGoexit)
				require.Len(t, eventsOf[actors.OperationFailed](events), 2, "each has an outcome")
				sup.Breaker("x").Reset()
				works(t, sup, "x")
			})
		})
	}
}

// Broken: a detached Goexit loses the operation, or is not retried.
func TestI10_DetachedGoexitIsRetried(t *testing.T) {
	for _, w := range ways {
		if w.inline {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(workers(1))})
				calls := newClockwork()
				fn := func(n int) function {
					return func(context.Context) (int, error) {
						if calls.tick() <= n {
							goexit()
						}
						return 42, nil
					}
				}
				o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", fn(2)) }), "the caller")
				require.NoError(t, o.err)
				require.Equal(t, seconds(0, 1, 3), calls.at())
				calls = newClockwork()
				o = soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", fn(9)) }), "the caller")
				require.ErrorIs(t, o.err, supervisor.ErrGoexit)
				require.Equal(t, 3, calls.calls())
				works(t, sup, "x")
			})
		})
	}
}

// Broken: an inline Goexit on a later attempt, or while others queue for the
// worker, leaves the worker taken.
func TestI10_InlineGoexitFreesItsWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(workers(1), noWaits)})
		for range 20 {
			calls := newClockwork()
			first := async(func() (int, error) {
				return supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) {
					if calls.tick() == 2 {
						goexit()
					}
					return 0, errTemp
				})
			})
			second := async(func() (int, error) { return supervisor.Do(context.Background(), sup, "x", succeed) })
			require.True(t, soon(t, first, "the caller").ended)
			require.NoError(t, soon(t, second, "the one behind it").err)
		}
		works(t, sup, "x")
	})
}
