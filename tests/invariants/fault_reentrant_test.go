package invariants_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A function that calls back into the supervisor that runs it.

// Broken: an operation within an attempt on the same target waits for the
// very worker that waits for it.
func TestFault_DoInsideDoOnTheSameTarget(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1))})
		var depth func(n int) function
		depth = func(n int) function {
			return func(ctx context.Context) (int, error) {
				if n == 0 {
					return 42, nil
				}
				return w.call(ctx, sup, "x", depth(n-1))
			}
		}
		o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", depth(5)) }), "a nested operation")
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)
		pass(0)
		require.Len(t, workerIDs(sup, "x"), 1, "the workers beyond the limit are sent away")
		works(t, sup, "x")
	})
}

// Broken: the same while others wait in the queue, or with retries inside.
func TestFault_DoInsideDoWithAQueueAndRetries(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1))})
		inner := newClockwork()
		outer := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
				pass(time.Millisecond) // the others are in the queue now
				return w.call(ctx, sup, "x", inner.failing(2, errTemp))
			})
		})
		var queued []<-chan outcome
		for range 3 {
			queued = append(queued, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }))
		}
		o := soon(t, outer, "the outer operation")
		require.NoError(t, o.err)
		require.Equal(t, 3, inner.calls())
		for _, ch := range queued {
			require.NoError(t, soon(t, ch, "an operation in the queue").err)
		}
		works(t, sup, "x")
	})
}

// Broken: two targets that call each other wait for each other.
func TestFault_DoInsideDoAcrossTargets(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1)), "y": target(workers(1))})
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
				return w.call(ctx, sup, "y", func(ctx context.Context) (int, error) {
					return w.call(ctx, sup, "x", succeed)
				})
			})
		}), "the outer operation")
		require.NoError(t, o.err)
		require.Equal(t, 42, o.value)
	})
}

// Broken: the only half-open slot is held by an attempt that asks for
// another: the inner call must be refused and not wait for ever.
func TestFault_DoInsideAProbe(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(workers(1))})
		sup.Breaker("x").ForceOpenFor(time.Second)
		pass(time.Second)
		require.Equal(t, breaker.HalfOpen, sup.Breaker("x").State())
		var inner error
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(ctx context.Context) (int, error) {
				_, inner = w.call(ctx, sup, "x", succeed)
				return 42, nil
			})
		}), "the probe")
		require.NoError(t, o.err)
		require.ErrorIs(t, inner, supervisor.ErrOpen)
		require.Equal(t, breaker.Closed, sup.Breaker("x").State())
	})
}

// Broken: a command to the breaker from inside an attempt waits for the
// attempt.
func TestFault_AnAttemptCommandsItsOwnBreaker(t *testing.T) {
	commands := map[string]func(sup *supervisor.Supervisor){
		"State":         func(sup *supervisor.Supervisor) { sup.Breaker("x").State() },
		"Counts":        func(sup *supervisor.Supervisor) { sup.Breaker("x").Counts() },
		"Reset":         func(sup *supervisor.Supervisor) { sup.Breaker("x").Reset() },
		"ResetBreakers": func(sup *supervisor.Supervisor) { sup.ResetBreakers() },
		"ForceOpen":     func(sup *supervisor.Supervisor) { sup.Breaker("x").ForceOpenFor(time.Minute) },
		"ForceClose":    func(sup *supervisor.Supervisor) { sup.Breaker("x").ForceClose() },
		"Disable":       func(sup *supervisor.Supervisor) { sup.Breaker("x").Disable() },
		"Snapshot":      func(sup *supervisor.Supervisor) { sup.Snapshot() },
		"PID":           func(sup *supervisor.Supervisor) { sup.PID("x"); sup.Breaker("x").PID() },
		"new target":    func(sup *supervisor.Supervisor) { sup.Target("worker") },
		"Start":         func(sup *supervisor.Supervisor) { _ = sup.Target("x").Start() },
		"Subscribe":     func(sup *supervisor.Supervisor) { sup.Subscribe(func(actors.Event) {}).Cancel() },
		"Apply": func(sup *supervisor.Supervisor) {
			set, _ := policies.NewSet(targets{"x": target(workers(7)), "y": target()})
			_ = sup.Apply(set)
		},
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				sup := start(t, targets{"x": target(workers(1)), "y": target()})
				for _, fails := range []int{0, 1} {
					calls := newClockwork()
					o := soon(t, async(func() (int, error) {
						return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
							command(sup)
							if calls.tick() <= fails {
								return 0, errTemp
							}
							return 42, nil
						})
					}), name+" from inside an attempt")
					if name == "ForceOpen" && fails == 1 {
						require.ErrorIs(t, o.err, supervisor.ErrOpen)
						require.ErrorIs(t, o.err, errTemp)
					} else {
						require.NoError(t, o.err)
					}
					sup.Breaker("x").Reset()
				}
				works(t, sup, "x")
				works(t, sup, "y")
			})
		})
	}
}

// Broken: Shutdown from inside an attempt waits for itself beyond its ctx, or
// names nobody, or takes away the attempt's own success.
func TestFault_AnAttemptShutsTheSupervisorDown(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target()})
		var shut error
		o := soon(t, async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				defer cancel()
				shut = sup.Shutdown(ctx)
				return 42, nil
			})
		}), "the attempt that shuts down")
		pass(0)
		var stragglers *supervisor.StragglersError
		require.ErrorAs(t, shut, &stragglers)
		require.ErrorIs(t, shut, context.DeadlineExceeded)
		require.Len(t, stragglers.Stragglers, 1)
		require.Equal(t, "x", stragglers.Stragglers[0].Target)
		require.NotEmpty(t, stragglers.Stragglers[0].Operation)
		if w.inline {
			require.NoError(t, o.err)
			require.Equal(t, 42, o.value)
		} else {
			require.ErrorIs(t, o.err, supervisor.ErrShutdown)
		}
		require.NoError(t, sup.Shutdown(context.Background()), "the attempt has ended, so everything can")
	})
}
