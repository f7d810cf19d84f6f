package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

func fallsBackTo(name string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Fallback.Target = name }
}

// models are three targets, each the next one's fallback.
func models(t *testing.T, edits ...func(*policies.Policy)) *Supervisor {
	return start(t, targets{
		"x": policy(append(edits, fallsBackTo("y"))...),
		"y": policy(append(edits, fallsBackTo("z"))...),
		"z": policy(edits...),
	})
}

// only answers on the named targets, and fails on the others.
func only(err error, names ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		attempt, _ := CurrentAttempt(ctx)
		for _, name := range names {
			if attempt.Target == name {
				return "from " + name, nil
			}
		}
		return "", fmt.Errorf("%s: %w", attempt.Target, err)
	}
}

// textWays are the ways to call x and wait for a text.
var textWays = map[string]func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error){
	"Do": func(ctx context.Context, s *Supervisor, fn func(context.Context) (string, error), o ...CallOption) (string, error) {
		return Do(ctx, s, "x", fn, o...)
	},
	"Go": func(ctx context.Context, s *Supervisor, fn func(context.Context) (string, error), o ...CallOption) (string, error) {
		return Go(ctx, s, "x", fn, o...).Wait(bg)
	},
}

func inText(t *testing.T, test func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error))) {
	for name, call := range textWays {
		t.Run(name, func(t *testing.T) { bubble(t, func(t *testing.T) { test(t, call) }) })
	}
}

// Broken, an operation would fail although the next model would have answered,
// or not have its full retries on each: 1 s and 2 s of waits on x and on y.
func TestAnOperationFallsBackAlongTheChain(t *testing.T) {
	inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
		s := models(t)
		j := listen(s)
		began := time.Now()
		text, err := call(bg, s, only(errTemp, "z"))
		require.NoError(t, err)
		assert.Equal(t, "from z", text)
		assert.Equal(t, 6*time.Second, time.Since(began))
		pass(0)
		fell := eventsOf[actors.OperationFellBack](j)
		require.Len(t, fell, 2)
		assert.Equal(t, []string{"x", "y", "y", "z"}, []string{fell[0].Target, fell[0].To, fell[1].Target, fell[1].To})
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Fallbacks)
		assert.EqualValues(t, 1, snapshotOf(t, s, "z").Succeeded)
	})
}

// Broken, who looks for the reason would find only one of them, or not the one
// that the last target gave.
func TestWhenAllOfThemFail(t *testing.T) {
	inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
		s := models(t, attempts(1))
		s.Breaker("y").ForceOpen()
		_, err := call(bg, s, only(errTemp))
		var all *FallbackError
		require.ErrorAs(t, err, &all)
		assert.Equal(t, []string{"x", "y", "z"}, all.Targets)
		require.Len(t, all.Errs, 3)
		assert.ErrorContains(t, all.Errs[0], "x: temporary failure")
		assert.ErrorIs(t, all.Errs[1], ErrOpen)
		assert.ErrorContains(t, all.Errs[2], "z: temporary failure")
		assert.ErrorContains(t, err, "operation failed on x, then on y, then on z: ")
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, "z", exhausted.Target)
		assert.ErrorIs(t, err, errTemp)
		assert.False(t, all.Retryable())
		assert.Equal(t, policies.Ignored, all.BreakerOutcome())
	})
}

// Fallback x breaker. Broken, an open breaker would fail calls that another
// target could serve, or calls would go round it without end.
func TestEachTargetOfTheChainHasItsOwnBreaker(t *testing.T) {
	inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
		s := models(t, attempts(1), trips(2))
		for range 2 {
			text, err := call(bg, s, only(errTemp, "y"))
			require.NoError(t, err)
			assert.Equal(t, "from y", text)
		}
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, breaker.Closed, s.Breaker("y").State())
		calls := 0
		text, err := call(bg, s, func(ctx context.Context) (string, error) {
			calls++
			return only(errTemp, "y")(ctx)
		})
		require.NoError(t, err)
		assert.Equal(t, "from y", text)
		assert.Equal(t, 1, calls, "x is not asked while it is open")
	})
}

// Broken, an operation would go on elsewhere that must not, or could not be
// helped by that.
func TestWhatDoesNotFallBack(t *testing.T) {
	notSafe := func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo }
	crash := func(context.Context) (string, error) { panic("half done") }
	for name, c := range map[string]struct {
		edit func(*policies.Policy)
		fn   func(context.Context) (string, error)
		is   error
	}{
		"a failure that is the caller's": {func(*policies.Policy) {}, only(errAside), errAside},
		"what may have had its effect":   {notSafe, crash, nil},
		"the same where retries are off": {func(p *policies.Policy) { notSafe(p); p.Retry.Enabled = false }, crash, nil},
		"a caller who is gone": {func(*policies.Policy) {}, func(ctx context.Context) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
				s := models(t, c.edit)
				ctx, cancel := context.WithTimeout(bg, time.Minute)
				defer cancel()
				_, err := call(ctx, s, c.fn)
				require.Error(t, err)
				if c.is != nil {
					require.ErrorIs(t, err, c.is)
				}
				var all *FallbackError
				assert.False(t, errors.As(err, &all))
				assert.Zero(t, snapshotOf(t, s, "x").Fallbacks)
			})
		})
	}
}

// Broken, a plain failure that counts against the target would not be tried on
// another one.
func TestAFailureThatIsNotRetriedFallsBack(t *testing.T) {
	inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
		s := models(t)
		text, err := call(bg, s, only(errPlain, "y"))
		require.NoError(t, err)
		assert.Equal(t, "from y", text)
	})
}

// Broken, the caller's own fallback would not be the last resort, would not
// learn why, or would take the process with it.
func TestTheCallersOwnFallback(t *testing.T) {
	inText(t, func(t *testing.T, call func(context.Context, *Supervisor, func(context.Context) (string, error), ...CallOption) (string, error)) {
		s := models(t, attempts(1))
		var why error
		text, err := call(bg, s, only(errTemp), WithFallback(func(_ context.Context, err error) (string, error) {
			why = err
			return "from a cache", nil
		}))
		require.NoError(t, err)
		assert.Equal(t, "from a cache", text)
		var all *FallbackError
		require.ErrorAs(t, why, &all)
		assert.Len(t, all.Errs, 3)

		text, err = call(bg, s, only(errTemp, "y"), FallbackValue("unused"))
		require.NoError(t, err)
		assert.Equal(t, "from y", text)

		done, cancel := context.WithCancel(bg)
		cancel()
		text, err = call(done, s, only(errTemp), FallbackValue("a value"))
		require.NoError(t, err)
		assert.Equal(t, "a value", text, "also for a caller in a hurry")

		_, err = call(bg, s, only(errTemp), WithFallback(func(context.Context, error) (string, error) { return "", errPlain }))
		require.Equal(t, errPlain, err)
		_, err = call(bg, s, only(errTemp), WithFallback(func(context.Context, error) (string, error) { panic("no") }))
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked)

		_, err = call(bg, s, only(errTemp), FallbackValue(5))
		require.ErrorIs(t, err, ErrFallbackType)
		_, err = call(bg, s, nil, FallbackValue("hides a mistake"))
		require.ErrorIs(t, err, ErrNilFunction)
	})
}

// Broken, a mistake in a target's name would be hidden by a fallback.
func TestAnUnknownTargetDoesNotFallBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := models(t)
		_, err := Do(bg, s, "nobody", succeed, FallbackValue(1))
		require.ErrorIs(t, err, ErrUnknownTarget)
		_, err = Go(bg, s, "nobody", succeed, FallbackValue(1)).Wait(bg)
		require.ErrorIs(t, err, ErrUnknownTarget)
	})
}

// Broken, a future would never be there.
func TestAFallbackThatEndsItsGoroutine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		_, err := Go(bg, s, "x", failWith(errPlain), WithFallback(func(context.Context, error) (int, error) {
			runtime.Goexit()
			return 0, nil
		})).Wait(bg)
		require.ErrorIs(t, err, ErrGoexit)
	})
}

// Broken, a caller of Go would wait for a function that it has left, because it
// runs on another target than the first.
func TestACallerIsFreeWhereverItsOperationIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := models(t, attempts(1))
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		g := newGate()
		began := time.Now()
		_, err := Go(ctx, s, "x", func(ctx context.Context) (int, error) {
			if attempt, _ := CurrentAttempt(ctx); attempt.Target == "x" {
				return 0, errTemp
			}
			return g.run(ctx)
		}).Wait(bg)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(began))
		g.end <- nil
	})
}

// Broken, a question would be lost when its target fails, or put to a target
// as something else.
func TestAQuestionFallsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ill := &office{answer: func(context.Context, any) (any, error) { return nil, errTemp }}
		well := &office{}
		s := start(t, targets{"x": policy(fallsBackTo("y")), "y": policy()}, WithWorker("x", ill.hire), WithWorker("y", well.hire))
		text, err := Ask[string](bg, s, "x", "echo")
		require.NoError(t, err)
		assert.Equal(t, "echo", text)
	})
}

// Broken, an actor would get no answer, two, or one that hides where the
// operation failed.
func TestAMessageFallsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := models(t, attempts(2), noWaits)
		i := newInbox(t, s)
		i.ask(s.PID("x"), &actors.Operation{Tag: 7, Run: func(ctx context.Context) (any, error) {
			return only(errTemp, "z")(ctx)
		}})
		result := i.result()
		require.NoError(t, result.Err)
		assert.Equal(t, actors.Result{Value: "from z", Attempts: 5, Tag: 7}, *result)

		i.ask(s.PID("x"), &actors.Operation{Run: func(ctx context.Context) (any, error) { return only(errTemp)(ctx) }})
		result = i.result()
		var all *FallbackError
		require.ErrorAs(t, result.Err, &all)
		assert.Equal(t, []string{"x", "y", "z"}, all.Targets)
		assert.Equal(t, 6, result.Attempts)
	})
}

// Fallback x shutdown. Broken, an operation would be started elsewhere during a
// shutdown, or a fallback that hangs would not be named.
func TestFallbacksAndShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, err := New(setOf(t, targets{"x": policy(fallsBackTo("y")), "y": policy()}))
		require.NoError(t, err)
		hang := make(chan struct{})
		hanging := Go(bg, s, "x", failWith(classify.Ignore(errPlain)), WithFallback(func(context.Context, error) (int, error) {
			<-hang
			return 1, nil
		}))
		parked := Go(bg, s, "x", failWith(errTemp), IdempotencyKey("k"))
		pass(500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		var stragglers *StragglersError
		require.ErrorAs(t, s.Shutdown(ctx), &stragglers)
		assert.Equal(t, []Straggler{{Target: "fallbacks and probes"}}, stragglers.Stragglers)
		_, err = parked.Wait(bg)
		require.ErrorIs(t, err, ErrShutdown)
		var all *FallbackError
		assert.False(t, errors.As(err, &all))
		close(hang)
		require.NoError(t, s.Shutdown(bg))
		n, err := hanging.Wait(bg)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
	})
}

// Reload x fallback. Broken, an operation would go where the new policy says
// although it began under the old one, or the other way round.
func TestAnOperationFallsBackAsItsOwnPolicySays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := models(t, attempts(1))
		running := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				if attempt, _ := CurrentAttempt(ctx); attempt.Target != "x" {
					return len(attempt.Target), nil
				}
				time.Sleep(time.Second)
				return 0, errTemp
			})
		})
		pass(time.Second / 2)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(1)), "y": policy(), "z": policy()})))
		require.NoError(t, soon(t, running, "the operation under way").err)
		_, err := Do(bg, s, "x", failWith(errTemp))
		require.ErrorIs(t, err, errTemp)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Fallbacks)
	})
}
