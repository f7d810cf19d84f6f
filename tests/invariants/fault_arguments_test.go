package invariants_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken: a nil function is called, or is taken for a failure of the target.
func TestFault_ANilFunction(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(trips(1))})
		var fn function
		_, do := supervisor.Do(context.Background(), sup, "x", fn)
		_, on := supervisor.DoOn(context.Background(), sup.Target("x"), fn)
		_, detached := supervisor.Go(context.Background(), sup, "x", fn).Wait(context.Background())
		_, wrapped := supervisor.Wrap[int, int](sup, "x", nil)(context.Background(), 1)
		for _, err := range []error{do, on, detached, wrapped} {
			var rejected *supervisor.RejectedError
			require.ErrorAs(t, err, &rejected)
			require.ErrorIs(t, err, supervisor.ErrNilFunction)
		}
		works(t, sup, "x")
	})
}

// Broken: a nil context is dereferenced.
func TestFault_ANilContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(trips(1))})
		var none context.Context
		_, do := supervisor.Do(none, sup, "x", succeed)
		_, detached := supervisor.Go(none, sup, "x", succeed).Wait(context.Background())
		_, asked := supervisor.Ask[int](none, sup, "x", 1)
		_, waited := supervisor.Go(context.Background(), sup, "x", succeed).Wait(none)
		for _, err := range []error{do, detached, asked, waited} {
			require.ErrorIs(t, err, supervisor.ErrNilContext)
		}
		_, ok := supervisor.CurrentAttempt(none)
		require.False(t, ok)
		works(t, sup, "x")
	})
}

// Broken: a name that no policy mentions gives a nil somewhere, an error that
// doesn't help, or a target that stays in memory.
func TestFault_AnUnknownTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"payment_gateway": target()})
		for _, name := range []string{"", "payment_gatway", strings.Repeat("n", 10_000), "a/b", "\x00", "\xff"} {
			x := sup.Target(name)
			require.NotNil(t, x)
			require.ErrorIs(t, x.Err(), supervisor.ErrUnknownTarget)
			_, err := supervisor.DoOn(context.Background(), x, succeed)
			require.ErrorIs(t, err, supervisor.ErrUnknownTarget)
			_, err = supervisor.Go(context.Background(), sup, name, succeed).Wait(context.Background())
			require.ErrorIs(t, err, supervisor.ErrUnknownTarget)
			_, err = supervisor.Ask[int](context.Background(), sup, name, 1)
			require.ErrorIs(t, err, supervisor.ErrUnknownTarget)
			require.Less(t, len(err.Error()), 11_000)
			require.Nil(t, sup.PID(name))
			require.Error(t, x.Start())
			require.Zero(t, x.Policy())
			b := sup.Breaker(name)
			require.ErrorIs(t, b.Err(), supervisor.ErrUnknownTarget)
			b.Reset()
			b.ForceOpen()
			b.ForceClose()
			b.Disable()
			b.State()
			require.Zero(t, b.Counts())
			require.Nil(t, b.PID())
		}
		require.ErrorContains(t, sup.Target("payment_gatway").Err(), `"payment_gateway"`, "the near name is suggested")
		require.Empty(t, sup.Snapshot().Targets)
	})
}

// Broken: options that are nil or give nothing stop the call.
func TestFault_OptionsThatGiveNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		for name, option := range map[string]supervisor.CallOption{
			"nil option":            nil,
			"nil BackOff":           supervisor.BackOff(nil),
			"BackOff that is nil":   supervisor.BackOff(func() backoff.BackOff { return nil }),
			"empty idempotency key": supervisor.IdempotencyKey(""),
		} {
			calls := newClockwork()
			o := soon(t, async(func() (int, error) {
				return supervisor.Do(context.Background(), sup, "x", calls.failing(1, errTemp), option)
			}), name)
			require.NoError(t, o.err, name)
			require.Equal(t, seconds(0, 1), calls.at(), name)
		}
	})
}

type sickBackOff struct{ next func() time.Duration }

func (b sickBackOff) NextBackOff() time.Duration { return b.next() }
func (sickBackOff) Reset()                       {}

// Broken: the caller's own back-off, which is user code, takes the supervisor
// along.
func TestFault_ABackOffGoesWrong(t *testing.T) {
	for name, next := range map[string]func() time.Duration{
		"panics":       func() time.Duration { panic("boom") },
		"calls Goexit": func() time.Duration { goexit(); return 0 },
		"negative":     func() time.Duration { return -5 * time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			for _, detached := range []bool{false, true} {
				bubble(t, func(t *testing.T) {
					sup := start(t, targets{"x": target(workers(1))})
					option := supervisor.BackOff(func() backoff.BackOff { return sickBackOff{next} })
					fn := newClockwork().failing(9, errTemp)
					o := soon(t, async(func() (int, error) {
						if detached {
							return supervisor.Go(context.Background(), sup, "x", fn, option).Wait(context.Background())
						}
						return supervisor.Do(context.Background(), sup, "x", fn, option)
					}), "the outcome")
					require.True(t, o.ended || o.err != nil)
					works(t, sup, "x")
				})
			}
		})
	}
}

// Broken: the bound on waiting operations does not hold, or counts operations
// that no longer wait.
func TestFault_MaxPendingOverflows(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1), pending(3)), "y": target()})
		hold := make(chan struct{})
		call := func(fn function) <-chan outcome {
			ch := async(func() (int, error) { return w.call(context.Background(), sup, "x", fn) })
			synctest.Wait()
			return ch
		}
		busy := call(func(context.Context) (int, error) { <-hold; return 1, nil })
		var waiting []<-chan outcome
		for range 3 {
			waiting = append(waiting, call(succeed))
		}
		for range 3 {
			o := soon(t, call(succeed), "one too many")
			var rejected *supervisor.RejectedError
			require.ErrorAs(t, o.err, &rejected)
			require.ErrorIs(t, o.err, supervisor.ErrOverloaded)
		}
		works(t, sup, "y")
		close(hold)
		require.NoError(t, soon(t, busy, "the busy one").err)
		for _, ch := range waiting {
			require.NoError(t, soon(t, ch, "one that waited").err)
		}
		works(t, sup, "x")

		// A retry that finds no place says what failed and why it ends.
		full := start(t, targets{"z": target(pending(0))}, supervisor.WithName("second"), supervisor.WithSystem(sup.System()))
		_, err := w.call(context.Background(), full, "z", newClockwork().failing(1, errTemp))
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		require.Equal(t, supervisor.ReasonOverloaded, exhausted.Reason)
		require.ErrorIs(t, err, supervisor.ErrOverloaded)
		require.ErrorIs(t, err, errTemp)
	})
}

// Broken: a bad set changes something.
func TestFault_ApplyOfABadSet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target()})
		works(t, sup, "x")
		require.Error(t, sup.Apply(nil))
		set, err := policies.NewSet(targets{"x": target(attempts(9), func(p *policies.Policy) { p.Retry.CustomExceptions = []string{"no.such.thing"} })})
		require.NoError(t, err)
		require.Error(t, sup.Apply(set))
		require.Equal(t, 3, sup.Target("x").Policy().Retry.MaxAttempts)
	})
}
