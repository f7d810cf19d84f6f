package invariants_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I3: half-open never runs more than N probes, and no ending leaks a slot.

func probing(slots, successes int) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.Breaker.HalfOpenMaxCalls, p.Breaker.SuccessThreshold = slots, successes
		p.Retry.Enabled = false
	}
}

// halfOpen brings the breaker of x to half-open.
func halfOpen(t *testing.T, sup *supervisor.Supervisor) *supervisor.Breaker {
	t.Helper()
	b := sup.Breaker("x")
	b.ForceOpenFor(time.Second)
	pass(time.Second)
	require.Equal(t, breaker.HalfOpen, b.State())
	return b
}

// Broken: a crowd of callers gets more probes than there are slots.
func TestI3_NoMoreProbesThanSlots(t *testing.T) {
	for _, slots := range []int{1, 3} {
		t.Run(fmt.Sprint(slots), func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(probing(slots, 100))})
				halfOpen(t, sup)
				for range 5 {
					var running, most atomic.Int32
					hold := make(chan struct{})
					var all []<-chan outcome
					for range 50 {
						all = append(all, async(func() (int, error) {
							return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
								if n := running.Add(1); n > most.Load() {
									most.Store(n)
								}
								<-hold
								running.Add(-1)
								return 1, nil
							})
						}))
					}
					synctest.Wait()
					require.EqualValues(t, slots, running.Load())
					close(hold)
					ran := 0
					for _, ch := range all {
						o := soon(t, ch, "a caller")
						if o.err == nil {
							ran++
						} else {
							require.ErrorIs(t, o.err, supervisor.ErrOpen)
						}
					}
					require.Equal(t, slots, ran)
					require.EqualValues(t, slots, most.Load())
				}
			})
		})
	}
}

// Broken: some way for a probe to end keeps its slot, so that the breaker
// refuses for ever.
func TestI3_NoEndingLeaksASlot(t *testing.T) {
	throttled := &classify.StatusError{StatusCode: 429}
	for _, c := range []struct {
		name  string
		probe function
		after breaker.State
	}{
		{"success", succeed, breaker.HalfOpen},
		{"failure", func(context.Context) (int, error) { return 0, errPlain }, breaker.Open},
		{"ignored", func(context.Context) (int, error) { return 0, errAside }, breaker.HalfOpen},
		{"throttled", func(context.Context) (int, error) { return 0, throttled }, breaker.HalfOpen},
		{"panic", boom, breaker.Open},
		{"Goexit", func(context.Context) (int, error) { goexit(); return 0, nil }, breaker.Open},
		{"cancelled", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }, breaker.HalfOpen},
		{"abandoned and well", func(context.Context) (int, error) { <-time.After(5 * time.Second); return 1, nil }, breaker.HalfOpen},
		{"abandoned and ill", func(context.Context) (int, error) { <-time.After(5 * time.Second); return 0, errPlain }, breaker.Open},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(probing(1, 2))})
				for range 3 {
					b := halfOpen(t, sup)
					o := soon(t, async(func() (int, error) { return w.call(cancelAfter(time.Second), sup, "x", c.probe) }), "the probe")
					_ = o
					pass(10 * time.Second)
					require.Equal(t, c.after, b.State())
					if c.after == breaker.HalfOpen {
						works(t, sup, "x")
					}
				}
				b := halfOpen(t, sup)
				works(t, sup, "x")
				works(t, sup, "x")
				require.Equal(t, breaker.Closed, b.State())
			})
		})
	}
}

// Broken: a probe whose worker is stopped keeps its slot.
func TestI3_AKilledWorkerLeaksNoSlot(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(probing(1, 2))})
		works(t, sup, "x")
		for range 3 {
			b := halfOpen(t, sup)
			for _, id := range workerIDs(sup, "x") {
				e.end(sup.System(), id) // idle, and perhaps about to get the probe
			}
			hold := make(chan struct{})
			probe := async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 1, nil })
			})
			synctest.Wait()
			for _, id := range workerIDs(sup, "x") {
				e.end(sup.System(), id) // busy with it
			}
			synctest.Wait()
			close(hold)
			require.NoError(t, soon(t, probe, "the probe").err)
			works(t, sup, "x")
			require.Equal(t, breaker.Closed, b.State())
		}
	})
}

// Broken: a probe that hangs holds its slot longer than its lease, or its
// late end counts.
func TestI3_ALeaseThatRunsOutIsAFailure(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(probing(1, 1), func(p *policies.Policy) { p.Breaker.ProbeLease = 20 * time.Second })})
		b := halfOpen(t, sup)
		hold := make(chan struct{})
		hung := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 1, nil })
		})
		pass(20*time.Second - 1)
		require.Equal(t, breaker.HalfOpen, b.State())
		pass(1)
		require.Equal(t, breaker.Open, b.State(), "without anybody's call")
		pass(time.Minute)
		require.Equal(t, breaker.HalfOpen, b.State())
		close(hold)
		require.NoError(t, soon(t, hung, "the probe that hung").err)
		synctest.Wait()
		require.Equal(t, breaker.HalfOpen, b.State(), "an outcome of an earlier generation closes nothing")
		works(t, sup, "x")
		require.Equal(t, breaker.Closed, b.State())
	})
}

// Broken: results of calls that were let through while closed are taken for
// results of probes.
func TestI3_StaleOutcomesChangeNothing(t *testing.T) {
	for _, result := range []error{nil, errPlain} {
		eachWay(t, func(t *testing.T, w way) {
			sup := start(t, targets{"x": target(probing(1, 2))})
			hold := make(chan struct{})
			var early []<-chan outcome
			for range 5 {
				early = append(early, async(func() (int, error) {
					return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 1, result })
				}))
			}
			synctest.Wait()
			b := halfOpen(t, sup)
			close(hold)
			for _, ch := range early {
				require.Equal(t, result, soon(t, ch, "an early call").err)
			}
			synctest.Wait()
			require.Equal(t, breaker.HalfOpen, b.State())
			require.EqualValues(t, 5, b.Counts().Stale)
			require.Zero(t, b.Counts().ProbeSuccesses)
		})
	}
}
