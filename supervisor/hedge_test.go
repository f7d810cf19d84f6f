package supervisor

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

func hedged(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Hedge.Delay = after }
}

// lap is a function whose n-th call runs as long as the n-th step says, or
// until its context ends, and then returns the step's error.
type lap struct {
	steps []step
	calls atomic.Int32
	began time.Time
	ends  [8]atomic.Value // the cause of each call's context when it returned
	at    [8]atomic.Int64
}

type step struct {
	runs time.Duration
	err  error
}

func (s *lap) run(ctx context.Context) (int, error) {
	n := int(s.calls.Add(1))
	s.at[n-1].Store(int64(time.Since(s.began)))
	step := s.steps[n-1]
	select {
	case <-time.After(step.runs):
		return n, step.err
	case <-ctx.Done():
		s.ends[n-1].Store(context.Cause(ctx))
		return 0, ctx.Err()
	}
}

func (s *lap) starts() []time.Duration {
	var all []time.Duration
	for i := range s.calls.Load() {
		all = append(all, time.Duration(s.at[i].Load()))
	}
	return all
}

func scripted(steps ...step) *lap { return &lap{steps: steps, began: time.Now()} }

const (
	sec   = time.Second
	never = time.Hour
)

// Broken, one slow attempt would make the whole call slow; or the attempt that
// lost would go on, or count against the target.
func TestASecondAttemptBeginsBesideASlowOne(t *testing.T) {
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, hedged(sec), trips(1))
				j := listen(s)
				f := scripted(step{never, nil}, step{sec / 2, nil})
				value, err := call(bg, s, f.run, Idempotent())
				require.NoError(t, err)
				assert.Equal(t, 2, value)
				assert.Equal(t, 1500*time.Millisecond, time.Since(f.began))
				assert.Equal(t, []time.Duration{0, sec}, f.starts())
				pass(0)
				assert.Equal(t, ErrHedgeLost, f.ends[0].Load())
				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, 1, snap.Succeeded)
				assert.EqualValues(t, 1, snap.Hedges)
				assert.EqualValues(t, 1, snap.HedgesWon)
				assert.Zero(t, snap.Retries)
				assert.Equal(t, breaker.Closed, snap.Breaker.State)
				begun := eventsOf[actors.HedgeStarted](j)
				require.Len(t, begun, 1)
				assert.Equal(t, 2, begun[0].Attempt)
				for _, w := range snap.Workers {
					assert.False(t, w.Busy)
				}
			})
		})
	}
}

// Broken, a hedge that loses would take its operation's outcome with it.
func TestAHedgeMayLose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec))
		f := scripted(step{2 * sec, nil}, step{never, nil})
		value, err := Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 1, value)
		assert.Equal(t, 2*sec, time.Since(f.began))
		pass(0)
		assert.Equal(t, ErrHedgeLost, f.ends[1].Load())
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Hedges)
		assert.Zero(t, snapshotOf(t, s, "x").HedgesWon)
	})
}

// Broken, a hedge would count as one that has paid off although its operation had its
// outcome when it returned.
func TestAHedgeThatSucceedsTooLateHasNotWon(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec))
		g := newGate()
		var calls atomic.Int32
		value, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			if calls.Add(1) > 1 {
				return g.run(ctx)
			}
			pass(2 * sec)
			return 1, nil
		}, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 1, value)
		g.end <- nil
		pass(0)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Hedges)
		assert.Zero(t, snapshotOf(t, s, "x").HedgesWon)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Succeeded)
	})
}

// Broken, an operation that must not run twice would; or one would be hedged
// where nothing more may begin.
func TestWhatIsNotHedged(t *testing.T) {
	key := []CallOption{IdempotencyKey("k")}
	for name, c := range map[string]struct {
		edit    func(*policies.Policy)
		options []CallOption
		calls   int32
	}{
		"an operation that may not run twice": {func(*policies.Policy) {}, nil, 1},
		"one with a key":                      {func(*policies.Policy) {}, key, 2},
		"one whose policy says it may":        {func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentYes }, nil, 2},
		"without retries":                     {func(p *policies.Policy) { p.Retry.Enabled = false }, key, 1},
		"beyond max_attempts":                 {attempts(1), key, 1},
		"without a worker":                    {workers(1), key, 1},
		"beyond the rate":                     {rated(0.1, 1), key, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, hedged(sec), c.edit)
				f := scripted(step{5 * sec, nil}, step{5 * sec, nil})
				_, err := Do(bg, s, "x", f.run, c.options...)
				require.NoError(t, err)
				assert.Equal(t, c.calls, f.calls.Load())
				assert.Equal(t, 5*sec, time.Since(f.began))
			})
		})
	}
}

// Broken, hedges would multiply: two of them, a second apart, and no more.
func TestHedgesAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec), attempts(9), func(p *policies.Policy) { p.Hedge.MaxHedges = 2 })
		f := scripted(step{10 * sec, nil}, step{10 * sec, nil}, step{10 * sec, nil})
		value, err := Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 1, value)
		assert.Equal(t, []time.Duration{0, sec, 2 * sec}, f.starts())
	})
}

// Retry x hedge. Broken, a failure beside an attempt that still runs would be
// retried a third time at once; or the failure of both would not be: they have
// been two of three attempts, so one more follows, after the second wait.
func TestAFailureBesideAHedge(t *testing.T) {
	for name, c := range map[string]struct {
		steps  []step
		starts []time.Duration
		value  int
		end    time.Duration
		failed int
	}{
		"the first fails, the hedge succeeds": {[]step{{2 * sec, errTemp}, {3 * sec, nil}}, []time.Duration{0, sec}, 2, 4 * sec, 1},
		"the hedge fails, the first succeeds": {[]step{{3 * sec, nil}, {sec, errTemp}}, []time.Duration{0, sec}, 1, 3 * sec, 1},
		"both fail":                           {[]step{{3 * sec, errTemp}, {sec, errTemp}, {sec / 2, nil}}, []time.Duration{0, sec, 5 * sec}, 3, 5500 * time.Millisecond, 2},
		"a failure before the hedge":          {[]step{{sec / 2, errTemp}, {sec / 2, nil}}, []time.Duration{0, 1500 * time.Millisecond}, 2, 2 * sec, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, hedged(sec))
				j := listen(s)
				f := scripted(c.steps...)
				value, err := Do(bg, s, "x", f.run, Idempotent())
				require.NoError(t, err)
				assert.Equal(t, c.value, value)
				assert.Equal(t, c.starts, f.starts())
				assert.Equal(t, c.end, time.Since(f.began))
				pass(never)
				assert.Len(t, eventsOf[actors.AttemptFailed](j), c.failed)
			})
		})
	}
}

// Broken, a failure that no attempt can mend would wait for the other attempt.
func TestADefiniteFailureEndsTheRace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec))
		f := scripted(step{never, nil}, step{sec, errPlain})
		_, err := Do(bg, s, "x", f.run, Idempotent())
		require.Equal(t, errPlain, err)
		assert.Equal(t, 2*sec, time.Since(f.began))
		pass(0)
		assert.Equal(t, ErrHedgeLost, f.ends[0].Load())
	})
}

// Breaker x hedge. Broken, an attempt would begin while its breaker is open or
// half-open.
func TestNoHedgeUnlessTheBreakerIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec))
		f := scripted(step{5 * sec, nil}, step{})
		running := async(func() (int, error) { return Do(bg, s, "x", f.run, Idempotent()) })
		pass(sec / 2)
		s.Breaker("x").ForceOpen()
		require.NoError(t, soon(t, running, "the attempt").err)
		assert.EqualValues(t, 1, f.calls.Load())

		s.Breaker("x").ForceOpenFor(sec)
		pass(2 * sec)
		f = scripted(step{5 * sec, nil}, step{})
		_, err := Do(bg, s, "x", f.run, Idempotent()) // a probe
		require.NoError(t, err)
		assert.EqualValues(t, 1, f.calls.Load())
	})
}

// Timeout x hedge. Broken, an attempt that is left behind would take the race
// with it, or the hedge would not have its own full time.
func TestATimeoutBesideAHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec), timesOut(2*sec))
		g := newGate()
		var calls atomic.Int32
		began := time.Now()
		value, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			if calls.Add(1) == 1 {
				return g.run(ctx) // ignores its context
			}
			time.Sleep(1900 * time.Millisecond)
			return 2, nil
		}, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 2, value)
		assert.Equal(t, 2900*time.Millisecond, time.Since(began))
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 1, snap.Abandoned)
		assert.Zero(t, snap.Retries)
		g.end <- nil
	})
}

// Broken, attempts would go on after their caller has left.
func TestACallerThatLeavesEndsBothAttempts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, hedged(sec))
		ctx, cancel := context.WithTimeout(bg, 2*sec)
		defer cancel()
		f := scripted(step{never, nil}, step{never, nil})
		_, err := Do(ctx, s, "x", f.run, Idempotent())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 2*sec, time.Since(f.began))
		pass(0)
		assert.Equal(t, context.DeadlineExceeded, f.ends[0].Load())
		assert.Equal(t, context.DeadlineExceeded, f.ends[1].Load())
	})
}

// Broken, a hedge would begin by a delay that has nothing to do with how long
// attempts take; or with the learned one below the least.
func TestTheDelayIsLearned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, func(p *policies.Policy) { p.Hedge.Quantile = 0.9 })
		fast := func(context.Context) (int, error) { time.Sleep(100 * time.Millisecond); return 0, nil }
		f := scripted(step{5 * sec, nil}, step{})
		_, err := Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		require.EqualValues(t, 1, f.calls.Load(), "nothing is known yet")
		for range 95 {
			_, err := Do(bg, s, "x", fast, Idempotent())
			require.NoError(t, err)
		}
		f = scripted(step{never, nil}, step{})
		_, err = Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		assert.InDelta(t, 0.1, time.Since(f.began).Seconds(), 0.1/16)

		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(hedged(sec))})))
		f = scripted(step{never, nil}, step{})
		_, err = Do(bg, s, "x", f.run, Idempotent())
		require.NoError(t, err)
		assert.Equal(t, sec, time.Since(f.began), "a reload forgets what is not asked for any more")
	})
}

// A stateful worker's hedge has a worker of its own.
func TestAHedgeOfAStatefulWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var calls atomic.Int32
		s := start(t, targets{"x": policy(hedged(sec))}, WithWorker("x", func(context.Context) (Worker, error) {
			return &clerk{office: &office{answer: func(ctx context.Context, _ any) (any, error) {
				if calls.Add(1) == 1 {
					<-ctx.Done()
					return 0, ctx.Err()
				}
				return 2, nil
			}}}, nil
		}))
		began := time.Now()
		value, err := Ask[int](bg, s, "x", "go", Idempotent())
		require.NoError(t, err)
		assert.Equal(t, 2, value)
		assert.Equal(t, sec, time.Since(began))
	})
}

// Hedge x nested. Broken, a hedge would take the worker that is lent to nested
// operations so that they don't wait for each other for ever.
func TestAHedgeIsLentNoWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(), "y": policy(workers(1), hedged(sec))})
		f := scripted(step{5 * sec, nil}, step{})
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) { return Do(ctx, s, "y", f.run, Idempotent()) })
		require.NoError(t, err)
		assert.EqualValues(t, 1, f.calls.Load())
	})
}
