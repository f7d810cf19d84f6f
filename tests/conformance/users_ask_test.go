package conformance_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// What users of other libraries ask for in their issue trackers.

// failsafe-go#97: the state stays open after its delay until someone calls.
// Here each change comes by itself, at its time, and listeners hear of it.
func TestUsersAsk_StateChangesWithoutACall(t *testing.T) {
	inBubble(t, oneTarget(t, guarded(func(p *policies.Policy) { p.Breaker.ProbeLease = time.Second })),
		func(t *testing.T, sup *supervisor.Supervisor) {
			heardAll := listen(sup)
			trip(t, sup)
			release := make(chan struct{})
			pass(time.Minute)
			probe := supervisor.Go(context.Background(), sup, gateway, blocking(release, nil))
			pass(time.Second)
			pass(2 * time.Minute)
			assert.Equal(t, []breaker.State{breaker.Open, breaker.HalfOpen, breaker.Open, breaker.HalfOpen}, heardAll.states())
			assert.Equal(t, breaker.HalfOpen, sup.Breaker(gateway).State())
			close(release)
			_, err := probe.Wait(context.Background())
			assert.NoError(t, err, "the late probe's caller gets its result")
		})
}

// failsafe-go#142: breakers that tripped together must not probe in step.
func TestUsersAsk_BreakersDoNotProbeInLockstep(t *testing.T) {
	targets := map[string]policies.Policy{}
	for i := range 50 {
		p := guarded(func(p *policies.Policy) { p.Breaker.RecoveryJitter = policies.DefaultBreaker().RecoveryJitter })
		targets[string(rune('A'+i))+"-service"] = p
	}
	inBubble(t, setOf(t, targets), func(t *testing.T, sup *supervisor.Supervisor) {
		moments := map[time.Time]bool{}
		for name := range targets {
			for range 3 {
				_, _ = supervisor.Do(context.Background(), sup, name, failing(errRefused))
			}
			until := sup.Breaker(name).Counts().OpenUntil
			assertBetween(t, time.Minute, 66*time.Second, time.Until(until))
			moments[until] = true
		}
		assert.Greater(t, len(moments), 40)
	})
}

// gobreaker#119: a callback that asks the breaker something deadlocks. Here a
// subscriber may call anything, also what changes the state it hears of.
func TestUsersAsk_SubscribersMayCallTheBreaker(t *testing.T) {
	callback := func(sup *supervisor.Supervisor, resets *atomic.Int64) func(any) {
		return func(e any) {
			changed, ok := e.(actors.BreakerChanged)
			if !ok {
				return
			}
			b := sup.Breaker(changed.Target)
			_, _, _ = b.State(), b.Counts(), sup.Snapshot()
			_, _ = do(sup, answering(1))
			if changed.Transition.To == breaker.Open {
				resets.Add(1)
				b.Reset()
			}
		}
	}
	for name, subscribe := range map[string]func(sup *supervisor.Supervisor, f func(any)){
		"Subscribe": func(sup *supervisor.Supervisor, f func(any)) {
			sup.Subscribe(func(e actors.Event) { f(e) })
		},
		"the raw event stream": func(sup *supervisor.Supervisor, f func(any)) {
			sup.System().EventStream.Subscribe(f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				var resets atomic.Int64
				subscribe(sup, callback(sup, &resets))
				for i := range 5 {
					for range 3 {
						_, err := call(context.Background(), gateway, failing(errRefused))
						require.Same(t, errRefused, err)
					}
					synctest.Wait()
					require.EqualValues(t, i+1, resets.Load())
					require.Equal(t, breaker.Closed, sup.Breaker(gateway).State())
				}
			})
		})
	}
}

// The same for the function itself, which runs in the middle of everything.
func TestUsersAsk_FunctionsMayCallTheBreaker(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		v, err := call(context.Background(), gateway, func(ctx context.Context) (int, error) {
			_, _, _ = b.State(), b.Counts(), sup.Snapshot()
			b.ForceOpen()
			_, err := supervisor.Do(ctx, sup, gateway, answering(1))
			assert.ErrorIs(t, err, supervisor.ErrOpen)
			b.Reset()
			assert.NoError(t, sup.Apply(oneTarget(t, guarded())))
			return 7, nil
		})
		require.NoError(t, err)
		assert.Equal(t, 7, v)
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// A subscriber that blocks, panics or ends its goroutine holds up nobody, and
// what it misses is counted (I11).
func TestUsersAsk_BadSubscribersDelayNothing(t *testing.T) {
	release := make(chan struct{})
	bad := map[string]func(actors.Event){
		"blocks": func(actors.Event) { <-release },
		"panics": func(actors.Event) { panic("subscriber") },
		"goexit": func(actors.Event) { runtime.Goexit() },
	}
	for name, f := range bad {
		t.Run(name, func(t *testing.T) {
			inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
				release = make(chan struct{}) // a channel of this bubble
				sub := sup.Subscribe(f)
				heardAll, before := listen(sup), time.Now()
				for range 2000 {
					_, err := do(sup, failing(errRefused))
					require.Same(t, errRefused, err)
					sup.Breaker(gateway).Reset()
				}
				assert.Zero(t, time.Since(before))
				synctest.Wait()
				if name == "blocks" {
					assert.Positive(t, sub.Dropped())
				}
				assert.NotEmpty(t, heard[actors.BreakerChanged](heardAll), "the others still hear")
				close(release)
			})
		})
	}
}

// gobreaker#122: results that are dropped. Every caller has exactly one
// outcome, its own, whatever happens to the breaker meanwhile (I1).
func TestUsersAsk_ResultsAreNeverDropped(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		var outcomes atomic.Int64
		release := make(chan struct{})
		concurrently(200, func(i int) error {
			v, err := call(context.Background(), gateway, func(context.Context) (int, error) {
				time.Sleep(time.Duration(i) * time.Second)
				if i%7 == 0 {
					return 0, errRefused
				}
				return i, nil
			})
			switch {
			case i%7 == 0:
				assert.ErrorIs(t, err, errRefused)
			case assert.NoError(t, err):
				assert.Equal(t, i, v)
			}
			outcomes.Add(1)
			return nil
		}, func() {
			b := sup.Breaker(gateway)
			for range 60 {
				b.ForceOpenFor(time.Second)
				pass(3 * time.Second)
				b.Reset()
				pass(2 * time.Second)
			}
			close(release)
		})
		assert.EqualValues(t, 200, outcomes.Load())
	})
}

// resilience4j#935, #544, Polly#1979: stuck half-open. Nobody calls for a
// long time, or all who call give up, and it still recovers.
func TestUsersAsk_HalfOpenDoesNotStick(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		trip(t, sup)
		pass(30 * 24 * time.Hour)
		require.Equal(t, breaker.HalfOpen, b.State())
		for range 20 {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			_, err := call(ctx, gateway, func(ctx context.Context) (int, error) {
				<-ctx.Done()
				return 0, ctx.Err()
			})
			require.Error(t, err)
			require.NotErrorIs(t, err, supervisor.ErrOpen)
			cancel()
			synctest.Wait()
			pass(max(0, time.Until(b.Counts().OpenUntil)))
			require.Equal(t, breaker.HalfOpen, b.State())
		}
		for range 2 {
			_, err := call(context.Background(), gateway, answering(1))
			require.NoError(t, err)
		}
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// Polly#2162, #2362: log noise; and the agent that asked an open breaker
// 11,500 times in a minute. Refusals are told once a second, as a number.
func TestUsersAsk_RefusalsAreCountedNotLoggedOneByOne(t *testing.T) {
	var log logbook
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		heardAll := listen(sup)
		sup.Breaker(gateway).ForceOpen()
		for range 11_500 {
			_, err := do(sup, answering(1))
			require.ErrorIs(t, err, supervisor.ErrOpen)
			pass(time.Minute / 11_500)
		}
		pass(2 * time.Second)
		var told uint64
		reports := heard[actors.CallsRefused](heardAll)
		for _, e := range reports {
			told += e.Count
		}
		assert.EqualValues(t, 11_500, told, "none is lost")
		assert.LessOrEqual(t, len(reports), 61)
		assert.LessOrEqual(t, len(log.at(slog.LevelWarn)), 61)
	}, supervisor.WithLogger(slog.New(&log)))
}

// A deadline that ends an attempt and frees its caller at the same moment must
// not confuse the two: a race here mixes up their errors.
func TestUsersAsk_DeadlineDuringARetryIsNoRace(t *testing.T) {
	inEachWay(t, oneTarget(t, retried()), func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		for range 30 {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			var runs atomic.Int64
			_, err := call(ctx, gateway, func(ctx context.Context) (int, error) {
				if runs.Add(1) == 1 {
					return 0, errRefused
				}
				<-ctx.Done()
				return 0, ctx.Err()
			})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			var exhausted *supervisor.ExhaustedError
			if assert.True(t, errors.As(err, &exhausted), "%T", err) {
				assert.Contains(t, []int{1, 2}, exhausted.Attempts)
			}
			cancel()
			synctest.Wait()
		}
	})
}
