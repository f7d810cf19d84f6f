package invariants_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken: a second Shutdown panics, hangs, or returns before the end.
func TestFault_ShutdownTwiceAndAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(), "y": target()})
		works(t, sup, "x")
		hold := make(chan struct{})
		busy := async(func() (int, error) {
			return supervisor.Do(context.Background(), sup, "y", func(context.Context) (int, error) { <-hold; return 1, nil })
		})
		synctest.Wait()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				require.NoError(t, sup.Shutdown(context.Background()))
				require.NotEmpty(t, busy, "Shutdown returns nil only when the last attempt has ended")
			})
		}
		synctest.Wait()
		close(hold)
		all.Wait()
		require.NoError(t, (<-busy).err)
		require.NoError(t, sup.Shutdown(context.Background()))
		//lint:ignore SA1012 nil is what is tested
		require.ErrorIs(t, sup.Shutdown(nil), supervisor.ErrNilContext)
	})
}

// Broken: something blocks or panics after Shutdown, or runs a function.
func TestFault_UseAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(), "untouched": target(), "stateful": target()},
			supervisor.WithWorker("stateful", func(context.Context) (actors.Worker, error) { return &session{}, nil }))
		works(t, sup, "x")
		works(t, sup, "stateful")
		known := sup.Target("x")
		b := sup.Breaker("x")
		require.NoError(t, sup.Shutdown(context.Background()))

		soon(t, async(func() (int, error) {
			never := func(context.Context) (int, error) { panic("must not run") }
			for _, name := range []string{"x", "untouched", "stateful"} {
				_, err := supervisor.Do(context.Background(), sup, name, never)
				rejected(t, err)
				_, err = supervisor.Go(context.Background(), sup, name, never).Wait(context.Background())
				rejected(t, err)
				_, err = supervisor.Ask[int](context.Background(), sup, name, "payload")
				rejected(t, err)
			}
			_, err := supervisor.DoOn(context.Background(), known, never)
			rejected(t, err)
			_, err = supervisor.Wrap(sup, "x", func(context.Context, int) (int, error) { panic("must not run") })(context.Background(), 1)
			rejected(t, err)

			require.NoError(t, known.Err())
			require.ErrorIs(t, sup.Target("untouched").Err(), supervisor.ErrShutdown)
			require.ErrorIs(t, sup.Target("unknown").Err(), supervisor.ErrShutdown)
			require.ErrorIs(t, sup.Breaker("untouched").Err(), supervisor.ErrShutdown)
			require.Error(t, known.Start(), "what can't be started again says so")
			b.State()
			b.Counts()
			b.Reset()
			b.ForceOpenFor(time.Second)
			b.ForceClose()
			b.Disable()
			sup.ResetBreakers()
			sup.Snapshot()
			known.Policy()
			set, err := policies.NewSet(targets{"x": target(workers(2))})
			require.NoError(t, err)
			require.ErrorIs(t, sup.Apply(set), supervisor.ErrShutdown)
			_, err = sup.BreakerWith("fresh", policies.DefaultBreaker())
			require.ErrorIs(t, err, supervisor.ErrShutdown)
			return 0, nil
		}), "something that blocks after Shutdown")
	})
}

func rejected(t *testing.T, err error) {
	t.Helper()
	var r *supervisor.RejectedError
	require.ErrorAs(t, err, &r)
	require.ErrorIs(t, err, supervisor.ErrShutdown)
}

// Broken: calls that race with Shutdown hang, or get an outcome that is
// neither theirs nor a refusal.
func TestFault_ShutdownDuringALoad(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		for range 20 {
			sup := start(t, targets{"x": target(workers(2)), "fresh": target()})
			sup.Target("x")
			var all []<-chan outcome
			for i := range 40 {
				name := "x"
				if i%4 == 0 {
					name = "fresh" // started as the supervisor ends
				}
				all = append(all, async(func() (int, error) {
					if w.name == "message" && sup.PID(name) == nil {
						return 0, supervisor.ErrShutdown
					}
					return w.call(context.Background(), sup, name, newClockwork().failing(i%3, errTemp))
				}))
			}
			shut := async(func() (int, error) { return 0, sup.Shutdown(context.Background()) })
			for _, ch := range all {
				o := soon(t, ch, "an operation that raced with Shutdown")
				switch {
				case o.err == nil:
					require.Equal(t, 42, o.value)
				case o.err != errNobody || w.inline: //nolint:errorlint // the very one
					require.ErrorIs(t, o.err, supervisor.ErrShutdown)
				}
			}
			require.NoError(t, soon(t, shut, "Shutdown").err)
		}
	})
}

// Broken: Shutdown in its own subscriber never returns, even with a ctx.
func TestFault_ASubscriberShutsDown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		result := make(chan error, 1)
		sup.Subscribe(func(e actors.Event) {
			if _, failed := e.(actors.OperationFailed); failed {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				result <- sup.Shutdown(ctx)
			}
		})
		_, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
		require.Error(t, err)
		var stragglers *supervisor.StragglersError
		require.ErrorAs(t, soon(t, result, "Shutdown in a subscriber"), &stragglers)
	})
}
