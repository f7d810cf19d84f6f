package supervisor

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// hostileIs is an error whose Is does what it must not.
type hostileIs struct{ is func() }

func (hostileIs) Error() string   { return "an error that can't be looked at" }
func (e hostileIs) Is(error) bool { e.is(); return false }

// Broken, an attempt under a timeout whose error can't be looked at would be told
// of twice: its worker put back twice, its failure counted twice.
func TestAnErrorThatCannotBeLookedAtUnderATimeout(t *testing.T) {
	for name, is := range map[string]func(){"panics": func() { panic("Is") }, "ends the goroutine": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(time.Minute))
				_, err := Do(bg, s, "x", failWith(hostileIs{is}))
				require.IsType(t, hostileIs{}, err)
				assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
				pass(10 * time.Minute)
				busy := s.Target("x").pool.snapshot()
				for _, w := range busy {
					assert.False(t, w.Busy)
				}
				for range 3 {
					_, err = Do(bg, s, "x", succeed)
					require.NoError(t, err)
				}
			})
		})
	}
}

// hostileContext is a context whose Err panics from some moment on.
type hostileContext struct {
	context.Context
	now *atomic.Bool
}

func (c hostileContext) Err() error {
	if c.now.Load() {
		panic("Err")
	}
	return c.Context.Err()
}

// Broken, a context that panics would take the process with it as its operation
// falls back, or leave a future, or a sender, without an answer.
func TestAContextThatPanicsAsItsOperationFallsBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(attempts(1), fallsBackTo("y")), "y": policy()})
		c := hostileContext{bg, &atomic.Bool{}}
		_, err := Go(c, s, "x", func(context.Context) (int, error) {
			c.now.Store(true)
			return 0, errTemp
		}).Wait(bg)
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked)

		c = hostileContext{bg, &atomic.Bool{}}
		i := newInbox(t, s)
		i.ask(s.PID("x"), &actors.Operation{Context: c, Run: func(context.Context) (any, error) {
			c.now.Store(true)
			return nil, errTemp
		}})
		require.ErrorAs(t, i.result().Err, &panicked)
	})
}

// endlessContext is a context whose Done panics from some moment on.
type endlessContext struct {
	context.Context
	now *atomic.Bool
}

func (c endlessContext) Done() <-chan struct{} {
	if c.now.Load() {
		panic("Done")
	}
	return c.Context.Done()
}

// Broken, a future would never be given, because the watch over its caller's
// context ends by a call of that context.
func TestAContextThatPanicsAsItsOperationEnds(t *testing.T) {
	for name, end := range map[string]error{"well": nil, "with an error": errPlain} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(1))
				ctx, cancel := context.WithCancel(bg)
				defer cancel()
				c := endlessContext{ctx, &atomic.Bool{}}
				f := Go(c, s, "x", func(context.Context) (int, error) {
					c.now.Store(true)
					return 42, end
				})
				o := soon(t, async(func() (int, error) { return f.Wait(bg) }), "the future")
				assert.ErrorIs(t, o.err, end)
				_, err := Do(bg, s, "x", succeed)
				assert.NoError(t, err)
			})
		})
	}
}

// Broken, the caller's own fallback would not learn why it is called, or be
// called without a context, where no other target was tried.
func TestTheCallersOwnFallbackLearnsWhy(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), keyed(1, time.Hour))
		var why error
		told := WithFallback(func(ctx context.Context, err error) (int, error) {
			require.NotNil(t, ctx)
			why = err
			return 1, nil
		})
		_, err := Go(bg, s, "x", failWith(errPlain), told).Wait(bg)
		require.NoError(t, err)
		assert.ErrorIs(t, why, errPlain)

		g := newGate()
		busy := GoOn(bg, s.Target("x", "1"), g.run)
		<-g.begun
		_, err = GoOn(bg, s.Target("x", "2"), succeed, told).Wait(bg)
		require.NoError(t, err)
		assert.ErrorIs(t, why, ErrTooManyKeys)
		g.end <- nil
		_, err = busy.Wait(bg)
		require.NoError(t, err)
	})
}

// Shutdown x failure. Broken, an attempt that fails as Shutdown frees its caller
// would be looked at by two goroutines at once.
func TestShutdownFreesACallerWhoseAttemptFails(t *testing.T) {
	for range 100 {
		s, err := New(setOf(t, targets{"x": policy(attempts(1))}))
		require.NoError(t, err)
		_, err = Go(bg, s, "x", succeed).Wait(bg)
		require.NoError(t, err)
		begun, end := make(chan struct{}), make(chan struct{})
		f := Go(bg, s, "x", func(context.Context) (int, error) { close(begun); <-end; return 0, errPlain })
		<-begun
		done, cancel := context.WithCancel(bg)
		cancel()
		go close(end)
		_ = s.Shutdown(done)
		_, err = f.Wait(bg)
		require.Error(t, err)
		require.NoError(t, s.Shutdown(bg))
	}
}

// Broken, an attempt that crashed with an error that can't be looked at would be
// followed by another although the caller has forbidden that, or begin a wait that
// its caller's deadline does not allow.
func TestACrashWithAnErrorThatCannotBeLookedAt(t *testing.T) {
	bad := func(context.Context) (int, error) { panic(hostileIs{func() { panic("Is") }}) }
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t)
				_, err := call(bg, s, bad, NotIdempotent())
				reason, attempts := reasonOf(t, err)
				assert.Equal(t, retry.NotIdempotent, reason)
				assert.Equal(t, 1, attempts)

				began := time.Now()
				ctx, cancel := context.WithTimeout(bg, time.Second/2)
				defer cancel()
				_, err = call(ctx, s, bad)
				reason, _ = reasonOf(t, err)
				assert.Equal(t, retry.CallerDeadline, reason)
				assert.Zero(t, time.Since(began))
			})
		})
	}
}

// Broken, the next attempt of an operation within another's, whose first one has
// crashed so, would be lent no worker, and wait for those who wait for it.
func TestANestedOperationIsLentAWorkerAfterSuchACrash(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(2))
		x := s.Target("x")
		g := newGate()
		for range 2 { // so that there are two idle workers
			Go(bg, s, "x", g.run)
		}
		synctest.Wait()
		g.end <- nil
		g.end <- nil
		synctest.Wait()

		nested := make(chan struct{})
		outer := async(func() (int, error) {
			return DoOn(bg, x, func(ctx context.Context) (int, error) {
				defer close(nested)
				calls := 0
				return DoOn(ctx, x, func(context.Context) (int, error) {
					if calls++; calls == 1 {
						panic(hostileIs{func() { panic("Is") }})
					}
					return 42, nil
				})
			})
		})
		synctest.Wait()
		waits := async(func() (int, error) {
			return DoOn(bg, x, func(context.Context) (int, error) { <-nested; return 0, nil })
		})
		o := soon(t, outer, "the nested operation")
		assert.NoError(t, o.err)
		assert.Equal(t, 42, o.value)
		assert.NoError(t, soon(t, waits, "who waits for it").err)
	})
}
