package supervisor

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// budgeted gives a target a retry budget over 10 s.
func budgeted(ratio, perSecond float64) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.RetryBudget = policies.RetryBudget{Enabled: true, Ratio: ratio, MinPerSecond: perSecond, Window: 10 * time.Second}
	}
}

func shares(name string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.RetryBudget.Shared = name }
}

// budgetOf is the budget in a snapshot.
func budgetOf(t testing.TB, s *Supervisor, target string) RetryBudgetSnapshot {
	t.Helper()
	snap := snapshotOf(t, s, target).RetryBudget
	require.NotNil(t, snap)
	return *snap
}

// counting gives how often fn was called.
func counting(fn func(context.Context) (int, error)) (func(context.Context) (int, error), *atomic.Int64) {
	var calls atomic.Int64
	return func(ctx context.Context) (int, error) {
		calls.Add(1)
		return fn(ctx)
	}, &calls
}

// fails has n operations fail at the same time, so that all their first
// attempts are counted before the first retry is asked for.
func fails(t *testing.T, s *Supervisor, target string, n int) (outcomes []outcome) {
	t.Helper()
	var begun sync.WaitGroup
	begun.Add(n)
	var results []<-chan outcome
	for range n {
		results = append(results, async(func() (int, error) {
			return Do(bg, s, target, func(ctx context.Context) (int, error) {
				if a, _ := CurrentAttempt(ctx); a.Number == 1 {
					begun.Done()
					begun.Wait()
				}
				return 0, errTemp
			})
		}))
	}
	for _, r := range results {
		outcomes = append(outcomes, soon(t, r, "an operation"))
	}
	return outcomes
}

// Ten calls at a fifth are two retries, whoever gets them. The other eight
// operations end at once: if they ended a second later, they would have waited
// for an attempt that nobody was going to make.
func TestABudgetBoundsTheRetriesOfAllCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(3), budgeted(0.2, 0))
		began := time.Now()
		ends := map[time.Duration]int{}
		for _, o := range fails(t, s, "x", 10) {
			var exhausted *ExhaustedError
			require.ErrorAs(t, o.err, &exhausted)
			assert.Equal(t, retry.BudgetExhausted, exhausted.Reason)
			assert.ErrorIs(t, o.err, ErrRetryBudget)
			assert.ErrorIs(t, o.err, errTemp, "its own error")
			at := o.at.Sub(began)
			assert.Equal(t, at, exhausted.Waited)
			assert.Equal(t, 1+int(at/time.Second), exhausted.Attempts)
			ends[at]++
		}
		assert.Equal(t, map[time.Duration]int{0: 8, time.Second: 2}, ends)
		assert.Equal(t, RetryBudgetSnapshot{Calls: 10, Retries: 2, Exhausted: 10}, budgetOf(t, s, "x"))
		assert.EqualValues(t, 2, snapshotOf(t, s, "x").Retries)
	})
}

// If it failed, a caller could not tell what to do about it.
func TestAnExhaustedBudgetSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, budgeted(0, 0))
		_, err := Do(bg, s, "x", failWith(errTemp))
		assert.EqualError(t, err, `operation on "x" failed after 1 attempt (budget_exhausted): the retry budget is exhausted: temporary failure`)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Contains(t, exhausted.Reason.Explain(), "retry_budget.ratio")
		assert.Equal(t, ErrRetryBudget, exhausted.Cause)

		_, err = Do(bg, s, "x", failWith(errPlain))
		assert.Equal(t, errPlain, err, "that would not have been retried anyway")
		assert.EqualValues(t, 1, budgetOf(t, s, "x").Exhausted)
	})
}

// If it failed, a target that is called once in a while would not be retried:
// a share of few calls is no retry at all.
func TestTheDefaultBudgetLetsFewCallsRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(4), func(p *policies.Policy) { p.RetryBudget.Enabled = true })
		for range 3 { // at 0 s, 7 s and 14 s
			_, err := Do(bg, s, "x", failWith(errTemp))
			var exhausted *ExhaustedError
			require.ErrorAs(t, err, &exhausted)
			assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
			assert.Equal(t, 4, exhausted.Attempts)
		}
	})
}

// A retry counts for a window, to the nanosecond, and not longer. If it
// failed, a target would be left without retries after an outage, or have more
// of them during one.
func TestABudgetRecoversWithItsWindow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(2), noWaits, budgeted(0, 0.1)) // one in 10 s
		spent := func() bool {
			_, err := Do(bg, s, "x", failWith(errTemp))
			return errors.Is(err, ErrRetryBudget)
		}
		assert.False(t, spent())
		assert.True(t, spent())
		pass(10*time.Second - 1)
		assert.True(t, spent())
		assert.Equal(t, RetryBudgetSnapshot{Calls: 3, Retries: 1, Exhausted: 2}, budgetOf(t, s, "x"))
		pass(1)
		assert.Equal(t, RetryBudgetSnapshot{Calls: 1, Available: 1, Exhausted: 2}, budgetOf(t, s, "x"))
		assert.False(t, spent())
		assert.True(t, spent())
	})
}

// If it failed, one kind of call would not count, and leave the others fewer
// retries; or calls that were never made would allow some.
func TestWhatCountsAsACall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{
			"x": policy(budgeted(1, 0), workers(1), pending(1), parks),
			"w": policy(budgeted(1, 0)),
		}, WithWorker("w", func(context.Context) (actors.Worker, error) { return echo{}, nil }))
		calls := func(target string) int { return budgetOf(t, s, target).Calls }

		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		assert.Equal(t, 1, calls("x"), "on the caller's goroutine")
		_, err = Go(bg, s, "x", succeed).Wait(bg)
		require.NoError(t, err)
		assert.Equal(t, 2, calls("x"), "on another")
		i := newInbox(t, s)
		i.ask(s.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { return 1, nil }})
		require.NoError(t, i.result().Err)
		assert.Equal(t, 3, calls("x"), "as a message")
		_, err = Ask[string](bg, s, "w", "hello")
		require.NoError(t, err)
		assert.Equal(t, 1, calls("w"), "to a worker with state")

		g := newGate()
		busy := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		waits := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		assert.Equal(t, 4, calls("x"), "what waits for a worker isn't one yet")
		_, err = Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrOverloaded)
		_, err = Do[int](bg, s, "x", nil)
		require.ErrorIs(t, err, ErrNilFunction)
		assert.Equal(t, 4, calls("x"), "what is rejected never is one")
		g.end <- nil
		_, err = busy.Wait(bg)
		require.NoError(t, err)
		require.NoError(t, soon(t, waits, "the one that waited").err)
		assert.Equal(t, 5, calls("x"))

		s.Breaker("x").ForceOpen()
		_, err = Do(bg, s, "x", succeed, FailWhenOpen())
		require.ErrorIs(t, err, ErrOpen)
		parked := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		assert.Equal(t, 5, calls("x"), "nor is what the breaker refuses or keeps waiting")
		s.Breaker("x").Reset()
		require.NoError(t, soon(t, parked, "the parked one").err)
		assert.Equal(t, 6, calls("x"))
	})
}

// If it failed, attempts that time out would be retried beyond the budget, or
// their operations not count as calls.
func TestABudgetBoundsTheRetriesOfTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(4), budgeted(0.5, 0), func(p *policies.Policy) { p.Retry.AttemptTimeout = time.Second })
		for range 3 {
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
		}
		began := time.Now()
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			<-ctx.Done()
			return 0, ctx.Err()
		})
		reason, attempts := reasonOf(t, err)
		assert.Equal(t, retry.BudgetExhausted, reason)
		assert.Equal(t, 3, attempts, "the fourth call allows the second retry")
		assert.Equal(t, 6*time.Second, time.Since(began), "three attempts of 1 s, and waits of 1 s and 2 s")
		assert.Equal(t, RetryBudgetSnapshot{Calls: 4, Retries: 2, Exhausted: 1}, budgetOf(t, s, "x"))
	})
}

// A hedge costs what a retry costs. If it failed, a service that is slow because
// it has too much to do would get every call twice.
func TestABudgetBoundsHedges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(time.Second), budgeted(0.5, 0))
		slow := func() (time.Duration, int32) {
			f := scripted(step{3 * time.Second, nil}, step{time.Second / 2, nil}, step{never, nil})
			_, err := Do(bg, s, "x", f.run, Idempotent())
			require.NoError(t, err)
			return time.Since(f.began), f.calls.Load()
		}
		took, calls := slow()
		assert.Equal(t, 3*time.Second, took, "half a hedge is none")
		assert.EqualValues(t, 1, calls)
		took, calls = slow()
		assert.Equal(t, 1500*time.Millisecond, took, "the second call allows one")
		assert.EqualValues(t, 2, calls)
		pass(0)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, &RetryBudgetSnapshot{Calls: 2, Retries: 1, Exhausted: 1}, snap.RetryBudget)
		assert.EqualValues(t, 1, snap.Hedges)
		for _, w := range snap.Workers {
			assert.False(t, w.Busy, "the worker for a hedge that was not made is free again")
		}
	})
}

// echo is a worker with state that needs none.
type echo struct{}

func (echo) Handle(_ context.Context, payload any) (any, error) { return payload, nil }
func (echo) Close() error                                       { return nil }

// A retry that is refused for another reason takes nothing. If it failed, a
// budget would be used up by attempts that nobody makes.
func TestOnlyARetryThatIsMadeIsTaken(t *testing.T) {
	both := func(edits ...func(*policies.Policy)) func(*policies.Policy) {
		return func(p *policies.Policy) {
			for _, edit := range edits {
				edit(p)
			}
		}
	}
	for name, tt := range map[string]struct {
		edit    func(*policies.Policy)
		timeout time.Duration
		reason  retry.Reason
		taken   int
	}{
		"max_attempts":    {attempts(1), time.Hour, retry.MaxAttempts, 0},
		"the deadline":    {attempts(2), time.Second, retry.CallerDeadline, 0},
		"max_elapsed":     {func(p *policies.Policy) { p.Retry.MaxElapsed = 999 * time.Millisecond }, time.Hour, retry.MaxElapsed, 0},
		"an open breaker": {trips(1), time.Hour, retry.BreakerOpen, 0},
		"no room to wait": {pending(0), time.Hour, ReasonOverloaded, 0},
		"made":            {attempts(2), time.Hour, retry.MaxAttempts, 1},
		"made parked":     {both(attempts(2), trips(1), parks), time.Hour, retry.MaxAttempts, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, budgeted(0, 1), func(p *policies.Policy) { p.RetryBudget.Window = time.Hour }, tt.edit)
				ctx, cancel := context.WithTimeout(bg, tt.timeout)
				defer cancel()
				_, err := Do(ctx, s, "x", failWith(errTemp))
				reason, attempts := reasonOf(t, err)
				assert.Equal(t, tt.reason, reason)
				assert.Equal(t, 1+tt.taken, attempts)
				assert.Equal(t, tt.taken, budgetOf(t, s, "x").Retries)
			})
		})
	}
}

// Whatever the schedule is, retries stay within the budget. If it failed, two
// that decide at once would both take the last one.
func TestABudgetHoldsUnderConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T) {
		both := func(edits ...func(*policies.Policy)) policies.Policy {
			return policy(append(edits, attempts(5), noWaits, budgeted(0.1, 1), shares("provider"))...)
		}
		s := start(t, targets{"x": both(), "y": both()})
		fn, calls := counting(failWith(errTemp))
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				target := []string{"x", "y"}[i%2]
				if i%3 == 0 {
					_, _ = Go(bg, s, target, fn).Wait(bg)
					return
				}
				_, _ = Do(bg, s, target, fn)
			})
		}
		all.Wait()
		b := budgetOf(t, s, "x")
		assert.Equal(t, 200, b.Calls)
		assert.LessOrEqual(t, b.Retries, 30)
		assert.GreaterOrEqual(t, b.Retries, 10)
		assert.EqualValues(t, b.Calls+b.Retries, calls.Load(), "every execution is counted once")
	})
}

// If it failed, a log would be flooded while a service is down, or nobody would
// learn why nothing is retried, or of how much.
func TestAnExhaustedBudgetIsToldOnceASecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, budgeted(0, 0), shares("provider"))
		j := listen(s)
		began := time.Now()
		fails := func(n int) {
			for range n {
				_, err := Do(bg, s, "x", failWith(errTemp))
				require.ErrorIs(t, err, ErrRetryBudget)
			}
		}
		fails(5)
		pass(0)
		told := eventsOf[actors.RetryBudgetExhausted](j)
		require.Len(t, told, 1, "the first at once")
		pass(1500 * time.Millisecond)
		fails(2) // at 1.5 s, told at 2 s
		pass(2 * time.Second)
		fails(3) // at 3.5 s, after a second without any: the first of them at once
		require.NoError(t, s.Shutdown(bg))
		type line struct {
			at    time.Duration
			count uint64
		}
		var lines []line
		sum := uint64(0)
		for _, e := range eventsOf[actors.RetryBudgetExhausted](j) {
			assert.Equal(t, "x", e.Target)
			assert.Equal(t, "provider", e.Budget)
			lines = append(lines, line{e.At.Sub(began), e.Count})
			sum += e.Count
		}
		assert.Equal(t, []line{
			{0, 1}, {time.Second, 4}, {2 * time.Second, 2}, {3500 * time.Millisecond, 1}, {3500 * time.Millisecond, 2},
		}, lines, "the last with the shutdown")
		assert.EqualValues(t, 10, sum)
	})
}
