package supervisor

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

func byFailures(p *policies.Policy) { p.Retry.Enabled = false }

// If it failed, successes that waited before a reload brought a window of time would
// keep those after it from being taken in, and a breaker closed whose calls all fail.
func TestSuccessesGetIntoAWindowThatAReloadBrought(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, byFailures)
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(atARate(time.Minute))})))
		for range 1000 {
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
		}
		pass(time.Hour) // none of these is in the window any more
		for range 20 {
			_, _ = Do(bg, s, "x", failWith(errPlain))
		}
		c := s.Breaker("x").Counts()
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "every call of the last hour failed; window %d/%d", c.WindowFailures, c.WindowCalls)
	})
}

// So would a call of before the reload that ends after the look which the reload has
// the breaker take.
func TestALongCallOfBeforeAReloadDoesNotHideTheSuccessesAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, byFailures)
		_, _ = Do(bg, s, "x", failWith(errPlain)) // it has its actor
		_, _ = Do(bg, s, "x", succeed)
		g := newGate()
		long := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		<-g.begun
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(atARate(time.Minute))})))
		pass(5 * time.Minute)
		g.end <- nil
		require.NoError(t, soon(t, long, "the long call").err)
		for range 1000 {
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
		}
		pass(time.Hour)
		for range 20 {
			_, _ = Do(bg, s, "x", failWith(errPlain))
		}
		c := s.Breaker("x").Counts()
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "every call of the last hour failed; window %d/%d", c.WindowFailures, c.WindowCalls)
	})
}

// The same without a reload.
func TestAWindowOfTimeTrips(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, atARate(time.Minute))
		for range 1000 {
			_, _ = Do(bg, s, "x", succeed)
		}
		pass(time.Hour)
		for range 20 {
			_, _ = Do(bg, s, "x", failWith(errPlain))
		}
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
	})
}

// If it failed, a call under way at a reload that lowers what is slow would not count
// as slow.
func TestASuccessThatIsSlowByTheSettingsInForceCountsAsSlow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slowAt := func(d time.Duration) policies.Policy {
			return policy(atARate(0), func(p *policies.Policy) { p.Breaker.SlowCallDuration = d })
		}
		s := start(t, targets{"x": slowAt(10 * time.Second)})
		_, _ = Do(bg, s, "x", failWith(errPlain)) // its breaker has an actor
		_, _ = Do(bg, s, "x", succeed)
		g := newGate()
		long := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		<-g.begun
		require.NoError(t, s.Apply(setOf(t, targets{"x": slowAt(time.Second)})))
		pass(5 * time.Second)
		g.end <- nil
		<-long
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Slow)
	})
}

// If it failed, a caller that was held up while the breaker moved would take the
// successes of others out of the window.
func TestALateSuccessOfAnEarlierGenerationTakesNothingFromThisOne(t *testing.T) {
	p, _ := newPool(3)
	a, b, c := p.take(held()), p.take(held()), p.take(held())
	p.putSuccess(b, true, 3, false)
	p.putSuccess(c, true, 3, false)
	p.putSuccess(a, true, 2, false)
	n, earlier := p.takeUntold(3)
	assert.EqualValues(t, 2, n, "of this generation")
	assert.EqualValues(t, 1, earlier)
}

// If it failed, the retry of an operation within another's attempt would wait for a
// worker behind everybody, and perhaps for the attempt that it runs in.
func TestANestedRetryIsLentAWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(workers(1)), "y": policy(workers(1))})
		_, _ = Do(bg, s, "y", succeed) // now y has an idle worker
		n := 0
		outer := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				return Do(ctx, s, "y", func(context.Context) (int, error) {
					if n++; n == 1 {
						return 0, errTemp
					}
					return 7, nil
				})
			})
		})
		synctest.Wait() // in its backoff
		g := newGate()
		other := async(func() (int, error) { return Do(bg, s, "y", g.run) })
		<-g.begun
		pass(time.Minute)
		select {
		case o := <-outer:
			assert.NoError(t, o.err)
		default:
			assert.Fail(t, "the nested operation waits for y's only worker, and is not lent one")
		}
		g.end <- nil
		<-other
	})
}

// If it failed, what is critical would be so only as long as nothing fails.
func TestARetryKeepsItsPriority(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		x := s.Target("x")
		_, _ = DoOn(bg, x, succeed) // now x has an idle worker
		var mu sync.Mutex
		var order []string
		note := func(who string) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, who)
		}
		n := 0
		critical := async(func() (int, error) {
			return DoOn(WithPriority(bg, PriorityCritical), x, func(context.Context) (int, error) {
				if n++; n == 1 {
					return 0, errTemp
				}
				note("critical")
				return 0, nil
			})
		})
		synctest.Wait()
		g := newGate()
		busy := async(func() (int, error) { return DoOn(bg, x, g.run) })
		<-g.begun
		normal := async(func() (int, error) {
			return DoOn(bg, x, func(context.Context) (int, error) { note("normal"); return 0, nil })
		})
		synctest.Wait()
		pass(2 * time.Second) // now the critical one's retry waits too
		g.end <- nil
		<-busy
		<-normal
		<-critical
		assert.Equal(t, []string{"critical", "normal"}, order)
	})
}

// exitingContext ends the goroutine that asks whether it is done.
type exitingContext struct{ context.Context }

func (exitingContext) Err() error { runtime.Goexit(); return nil }

// If it failed, a sender would wait for ever for the result of a message whose
// context is not what it should be.
func TestAMessageWhoseContextEndsTheGoroutineHasAnOutcome(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		reply := s.System().Root.RequestFuture(s.Target("x").PID(), &actors.Operation{
			Context: exitingContext{bg}, Run: func(context.Context) (any, error) { return 1, nil }}, time.Minute)
		_, err := reply.Result()
		assert.NoError(t, err, "any *actors.Result would do")
	})
}

// Everything at once, for -race: every call has one outcome, every success counts once.
func TestCallsAndReloadsAndResetsTogether(t *testing.T) {
	s := one(t, workers(6), noWaits, attempts(3), trips(1000000))
	x := s.Target("x")
	var all, stray sync.WaitGroup
	for _, f := range []func(i int){
		func(int) { s.Snapshot() },
		func(int) { s.Breaker("x").Counts() },
		func(i int) {
			if i == 3 {
				x.pool.spread()
			}
			x.tell(renew{})
		},
		func(i int) {
			if i%8 == 0 {
				s.Breaker("x").Reset()
			}
		},
		func(i int) {
			_ = s.Apply(setOf(t, targets{"x": policy(workers(2+i%6), noWaits, attempts(3), trips(1000000), func(p *policies.Policy) {
				if i%3 == 0 {
					p.Breaker.FailureRate, p.Breaker.WindowDuration, p.Breaker.MinimumCalls = 1, time.Minute, 100000
				}
			})}))
		},
	} {
		all.Go(func() {
			for i := range 100 {
				f(i)
			}
		})
	}
	var ok, bad, want atomic.Int64
	for c := range 8 {
		all.Go(func() {
			for n := range 500 {
				runs := 0
				fn := func(ctx context.Context) (int, error) {
					runs++
					switch {
					case n%5 == 0:
						stray.Go(func() { CurrentAttempt(ctx); ReportCost(ctx, 1); _ = ctx.Value("x") })
					case n%7 == 0:
						if settle := SettleLater(ctx); settle != nil {
							stray.Go(func() { settle(nil) })
						}
					case n%11 == 0 && runs == 1:
						panic("x")
					case n%13 == 0 && runs < 3:
						return 0, errTemp
					case n%17 == 0:
						return DoOn(ctx, x, succeed)
					}
					return 1, nil
				}
				want.Add(1)
				var err error
				if (n+c)%4 == 0 {
					_, err = GoOn(bg, x, fn).Wait(bg)
				} else {
					_, err = DoOn(bg, x, fn)
				}
				if err == nil {
					ok.Add(1)
				} else {
					bad.Add(1)
				}
			}
		})
	}
	all.Wait()
	stray.Wait()
	assert.Equal(t, want.Load(), ok.Load()+bad.Load())
	x.pool.lock()
	busy := x.pool.busy()
	x.pool.unlock()
	assert.Zero(t, busy)
}
