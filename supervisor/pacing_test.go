package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

func rated(perSecond float64, burst int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.RateLimit.Rate, p.RateLimit.Burst = perSecond, burst }
}

func refuses(p *policies.Policy) { p.RateLimit.WhenExceeded = policies.Refuse }

// starts notes when attempts begin.
type starts struct {
	mu    sync.Mutex
	began time.Time
	at    []time.Duration
	who   []string
}

func newStarts() *starts { return &starts{began: time.Now()} }

func (s *starts) named(name string, fn func(context.Context) (int, error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		s.mu.Lock()
		s.at = append(s.at, time.Since(s.began))
		s.who = append(s.who, name)
		s.mu.Unlock()
		return fn(ctx)
	}
}

// Broken, a server would get more than its rate: the burst, and then one each
// 100 ms, whatever way the calls come.
func TestAttemptsKeepToTheRate(t *testing.T) {
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, rated(10, 3))
				st := newStarts()
				var all []<-chan outcome
				for range 8 {
					all = append(all, async(func() (int, error) { return call(bg, s, st.named("", succeed)) }))
				}
				for _, ch := range all {
					require.NoError(t, soon(t, ch, "a call").err)
				}
				const ms = time.Millisecond
				assert.Equal(t, []time.Duration{0, 0, 0, 100 * ms, 200 * ms, 300 * ms, 400 * ms, 500 * ms}, st.at)
				pass(time.Second) // the burst is there again, and no more than it
				st = newStarts()
				for range 4 {
					_, err := call(bg, s, st.named("", succeed))
					require.NoError(t, err)
				}
				assert.Equal(t, []time.Duration{0, 0, 0, 100 * ms}, st.at)
			})
		})
	}
}

// Broken, retries would come on top of the rate.
func TestRetriesKeepToTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(0.25, 1), noWaits)
		st := newStarts()
		_, err := Do(bg, s, "x", st.named("", failWith(errTemp)))
		require.ErrorIs(t, err, errTemp)
		assert.Equal(t, []time.Duration{0, 4 * time.Second, 8 * time.Second}, st.at)
	})
}

// Broken, a caller would wait although it asked not to, or not learn for how
// long; a retry would be lost to the rate.
func TestARateThatRefuses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(0.5, 1), refuses, noWaits)
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		pass(500 * time.Millisecond)
		_, err = Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrRateLimited)
		var limited *RateLimitError
		require.ErrorAs(t, err, &limited)
		assert.Equal(t, RateLimitError{RetryAfter: 1500 * time.Millisecond}, *limited)
		assert.EqualError(t, err, `operation on "x" rejected: its rate_limit is used up; come again in 1.5s, or raise rate_limit.rate`)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Rejected)

		pass(1500 * time.Millisecond)
		st := newStarts()
		_, err = Do(bg, s, "x", st.named("", failWith(errTemp)))
		require.ErrorIs(t, err, errTemp)
		assert.Equal(t, []time.Duration{0, 2 * time.Second, 4 * time.Second}, st.at)
	})
}

// Broken, a caller would wait for a turn that can't come in time.
func TestATurnAfterTheDeadlineIsNotWaitedFor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(1, 1))
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(bg, 2500*time.Millisecond)
		defer cancel()
		began := time.Now()
		var waiting []<-chan outcome
		for range 2 { // at 1 s and 2 s
			waiting = append(waiting, async(func() (int, error) { return Do(ctx, s, "x", succeed) }))
			pass(0)
		}
		_, err = Do(ctx, s, "x", succeed) // at 3 s
		require.ErrorIs(t, err, ErrRateLimited)
		assert.Zero(t, time.Since(began))
		for _, ch := range waiting {
			require.NoError(t, soon(t, ch, "a turn in time").err)
		}
		assert.Equal(t, 2*time.Second, time.Since(began))
	})
}

// Broken, a caller that has left would keep its turn, and the next would wait
// for nothing.
func TestAWaitingCallerThatLeavesGivesItsTurnUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(1, 1))
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		ctx, leave := context.WithCancel(bg)
		first := async(func() (int, error) { return Do(ctx, s, "x", succeed) })
		pass(0)
		second := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		pass(500 * time.Millisecond)
		leave()
		require.ErrorIs(t, soon(t, first, "the caller that left").err, context.Canceled)
		began := time.Now()
		require.NoError(t, soon(t, second, "the next").err)
		assert.Equal(t, 500*time.Millisecond, time.Since(began))
		assert.Zero(t, snapshotOf(t, s, "x").Queued)
	})
}

// Broken, a change of the rate would wait for the old one's turns, or forget
// what was used of it.
func TestTheRateIsReloaded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(0.001, 1))
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		waiting := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		pass(time.Second)
		began := time.Now()
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(rated(10, 1))})))
		require.NoError(t, soon(t, waiting, "a turn at the new rate").err)
		assert.InDelta(t, 99.9, float64(time.Since(began))/1e6, 0.01, "a thousandth of a token was there")
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy()})))
		for range 5 {
			_, err = Do(bg, s, "x", succeed)
			require.NoError(t, err)
		}
		assert.Less(t, time.Since(began), time.Second)
	})
}

// Broken, every other caller would go on asking a server that asked to be left
// alone: attempts stop for all of them, and go on when it said.
func TestAServersDelayPausesTheWholeTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		j := listen(s)
		st := newStarts()
		busy := classify.RetryableAfter(errPlain, 7*time.Second)
		calls := 0
		first := async(func() (int, error) {
			return Do(bg, s, "x", st.named("first", func(context.Context) (int, error) {
				if calls++; calls == 1 {
					return 0, busy
				}
				return 1, nil
			}))
		})
		pass(time.Second)
		assert.Equal(t, 6*time.Second, time.Until(snapshotOf(t, s, "x").PausedUntil))
		second := async(func() (int, error) { return Do(bg, s, "x", st.named("second", succeed)) })
		ctx, cancel := context.WithTimeout(bg, 5*time.Second)
		defer cancel()
		_, err := Do(ctx, s, "x", st.named("too late", succeed))
		var limited *RateLimitError
		require.ErrorAs(t, err, &limited)
		assert.Equal(t, RateLimitError{RetryAfter: 6 * time.Second, Paused: true}, *limited)
		assert.Contains(t, err.Error(), "its server asked to be left alone; come again in 6s")

		require.NoError(t, soon(t, first, "first").err)
		require.NoError(t, soon(t, second, "second").err)
		assert.Equal(t, []time.Duration{0, 7 * time.Second, 7 * time.Second}, st.at)
		paused := eventsOf[actors.TargetPaused](j)
		require.Len(t, paused, 1)
		assert.Equal(t, 7*time.Second, paused[0].Until.Sub(paused[0].At))
		assert.True(t, snapshotOf(t, s, "x").PausedUntil.IsZero())
		x := s.Target("x")
		assert.False(t, x.pool.held, "the short way is open again")
	})
}

// Broken, a target would be paused that is not to be, or for longer than the
// policy lets a server ask.
func TestTheBoundsOfAPause(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*policies.Policy)
		want time.Duration
	}{
		"off":                  {func(p *policies.Policy) { p.RateLimit.ServerPacing = false }, 0},
		"over max_server_wait": {func(p *policies.Policy) { p.Retry.MaxServerWait = 2 * time.Second }, 2 * time.Second},
		"as asked":             {func(*policies.Policy) {}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(1), c.edit)
				_, err := Do(bg, s, "x", failWith(classify.RetryableAfter(errPlain, 7*time.Second)))
				require.ErrorIs(t, err, errPlain)
				began := time.Now()
				_, err = Do(bg, s, "x", succeed)
				require.NoError(t, err)
				assert.Equal(t, c.want, time.Since(began))
			})
		})
	}
}

// Broken, urgent operations would stand behind the others, or the others out of
// their order.
func TestThoseOfHigherPriorityGoFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		g := newGate()
		blocker := async(func() (int, error) { return Do(bg, s, "x", g.run) })
		<-g.begun
		st := newStarts()
		var all []<-chan outcome
		for i, p := range []Priority{PriorityNormal, -100, PriorityHigh, PriorityNormal, PriorityLow, 100, PriorityHigh} {
			name := fmt.Sprintf("%d of %d", i, p)
			all = append(all, async(func() (int, error) {
				return Do(WithPriority(bg, p), s, "x", st.named(name, succeed))
			}))
			pass(0)
		}
		assert.Equal(t, 7, snapshotOf(t, s, "x").Queued)
		g.end <- nil
		for _, ch := range append(all, blocker) {
			require.NoError(t, soon(t, ch, "a call").err)
		}
		assert.Equal(t, []string{"5 of 100", "2 of 1", "6 of 1", "0 of 0", "3 of 0", "4 of -1", "1 of -100"}, st.who)
	})
}

// Broken, an operation would wait for a worker for longer than its policy says,
// or one that ran already would come back as never run.
func TestTheWaitForAWorkerIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bounded := func(p *policies.Policy) { p.Pool.MaxQueueWait = 2 * time.Second }
		s := one(t, workers(1), bounded)
		g := newGate()
		_ = async(func() (int, error) { return Do(bg, s, "x", g.run) })
		<-g.begun
		began := time.Now()
		_, err := Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrQueueWait)
		assert.Equal(t, 2*time.Second, time.Since(began))
		var rejected *RejectedError
		require.ErrorAs(t, err, &rejected)
		g.end <- nil
		pass(0)

		// One that waits again after its first attempt.
		_, err = Do(bg, s, "x", func(ctx context.Context) (int, error) {
			_ = async(func() (int, error) { // has the worker when the backoff is over
				pass(500 * time.Millisecond)
				return Do(bg, s, "x", g.run)
			})
			return 0, errTemp
		})
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.ErrorIs(t, err, ErrQueueWait)
		assert.ErrorIs(t, err, errTemp)
		assert.Equal(t, ReasonOverloaded, exhausted.Reason)
		g.end <- nil
	})
}

// Broken, Shutdown would wait for turns.
func TestShutdownRejectsWhoWaitsForATurn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, err := New(setOf(t, targets{"x": policy(rated(0.001, 1))}))
		require.NoError(t, err)
		_, err = Do(bg, s, "x", succeed)
		require.NoError(t, err)
		waiting := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		pass(time.Second)
		require.NoError(t, s.Shutdown(bg))
		require.ErrorIs(t, soon(t, waiting, "the waiting one").err, ErrShutdown)
	})
}

// Broken, an urgent operation would be refused for a queue that it goes before.
func TestATurnIsReckonedByPriority(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rated(1, 1))
		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		var all []<-chan outcome
		for range 20 {
			all = append(all, async(func() (int, error) { return Do(WithPriority(bg, PriorityBackground), s, "x", succeed) }))
		}
		pass(0)
		ctx, cancel := context.WithTimeout(WithPriority(bg, PriorityCritical), 5*time.Second)
		defer cancel()
		began := time.Now()
		_, err = Do(ctx, s, "x", succeed)
		require.NoError(t, err)
		assert.Equal(t, time.Second, time.Since(began))
		for _, ch := range all {
			require.NoError(t, soon(t, ch, "a call in the background").err)
		}
	})
}

// Broken, a refusal would name a time that has passed.
func TestARefusalNamesATimeToCome(t *testing.T) {
	s := one(t, rated(1e6, 1), refuses)
	for range 20_000 {
		_, err := Do(bg, s, "x", succeed)
		var limited *RateLimitError
		if errors.As(err, &limited) {
			require.GreaterOrEqual(t, limited.RetryAfter, time.Duration(0))
			require.Less(t, limited.RetryAfter, time.Second)
		}
	}
}
