package supervisor

import (
	"context"
	"net/http"
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
	"github.com/holdfast-go/holdfast/policies/classify"
)

// A service that works on 20 calls of 50 ms at a time is called by a hundred.
// The limit comes to rest where no more than half as many wait in the service
// as it works on, follows when it doubles and when it falls back, and nothing
// is lost of what it can do. If it failed, the limit would let the queue into
// the service, or leave it idle.
func TestALimitFollowsWhatTheServiceCanDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256))
		q := newQueueing(20, 50*time.Millisecond)
		stop := callers(100, func() error {
			_, err := Do(bg, s, "x", q.call)
			return err
		})
		for _, phase := range []struct{ change, least, most int }{{0, 20, 32}, {20, 40, 64}, {-20, 20, 32}} {
			if phase.change > 0 {
				q.grow(phase.change)
			} else {
				q.shrink(-phase.change)
			}
			pass(5 * time.Second)
			before := q.calls.Load()
			for range 50 {
				pass(100 * time.Millisecond)
				c := concurrencyOf(t, s)
				assert.LessOrEqual(t, c.Limit, phase.most, "after %+d", phase.change)
				assert.InDelta(t, 50, c.Base.Milliseconds(), 6)
			}
			served := float64(q.calls.Load()-before) / 5
			possible := float64(phase.least) / 0.05
			assert.GreaterOrEqual(t, served, 0.95*possible, "calls a second")
			c := concurrencyOf(t, s)
			assert.Equal(t, 1, c.Min)
			assert.Equal(t, 256, c.Max)
			assert.LessOrEqual(t, c.Latency, 85*time.Millisecond, "beyond what is tolerated")
		}
		stop()
		snap := snapshotOf(t, s, "x")
		assert.Zero(t, snap.Failed+snap.Rejected+snap.Refused)
		assert.EqualValues(t, q.calls.Load(), snap.Succeeded)
	})
}

// Forty calls of 100 ms that come at once: four run at first; eight when the
// first five were well (with the eighth, after 200 ms), sixteen when eight more
// were (400 ms). If it failed, operations would go on waiting although more may
// run.
func TestAHigherLimitServesThoseThatWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256))
		began := time.Now()
		var ended []time.Duration
		var mu sync.Mutex
		var all []*Future[int]
		for range 40 {
			all = append(all, Go(bg, s, "x", func(context.Context) (int, error) {
				<-time.After(100 * time.Millisecond)
				mu.Lock()
				defer mu.Unlock()
				ended = append(ended, time.Since(began))
				return 42, nil
			}))
		}
		for _, f := range all {
			_, err := f.Wait(bg)
			require.NoError(t, err)
		}
		count := map[time.Duration]int{}
		for _, at := range ended {
			count[at]++
		}
		assert.Equal(t, map[time.Duration]int{
			100 * time.Millisecond: 4, 200 * time.Millisecond: 4, 300 * time.Millisecond: 8, 400 * time.Millisecond: 8, 500 * time.Millisecond: 16,
		}, count)
	})
}

// If it failed, a target that is hardly used would forget its limit, and the
// first rush would go to the service all at once.
func TestALimitThatIsNotNeededStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256))
		pass(time.Second)
		stop := callers(3, func() error {
			_, err := Do(bg, s, "x", func(context.Context) (int, error) {
				<-time.After(50 * time.Millisecond)
				return 42, nil
			})
			return err
		})
		pass(time.Minute)
		stop()
		assert.Equal(t, ConcurrencySnapshot{Limit: 4, Min: 1, Max: 256, Latency: 50 * time.Millisecond, Base: 50 * time.Millisecond},
			concurrencyOf(t, s))
	})
}

// If it failed, a limit would fall for what has nothing to do with load, or
// stay in spite of an overload.
func TestWhatCountsAsOverload(t *testing.T) {
	status := func(code int) error { return &classify.StatusError{StatusCode: code} }
	for name, c := range map[string]struct {
		err   error
		limit int
	}{
		"throttled":                   {status(http.StatusTooManyRequests), 2},
		"503":                         {status(http.StatusServiceUnavailable), 2},
		"504":                         {status(http.StatusGatewayTimeout), 2},
		"the attempt's own deadline":  {context.DeadlineExceeded, 2},
		"500":                         {status(http.StatusInternalServerError), 4},
		"404":                         {status(http.StatusNotFound), 4},
		"a plain failure":             {errPlain, 4},
		"ignored":                     {classify.Ignore(status(http.StatusServiceUnavailable)), 4},
		"a cancellation of its own":   {context.Canceled, 4},
		"a refusal of another target": {&OpenError{}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, follows(1, 256), attempts(1))
				var all sync.WaitGroup
				for range 4 { // five are needed to say something
					all.Go(func() { _, _ = Do(bg, s, "x", failLater(c.err)) })
				}
				all.Wait()
				assert.Equal(t, 4, concurrencyOf(t, s).Limit)
				for range 4 {
					all.Go(func() { _, _ = Do(bg, s, "x", failLater(c.err)) })
				}
				all.Wait()
				assert.Equal(t, c.limit, concurrencyOf(t, s).Limit)
			})
		})
	}
}

func failLater(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		<-time.After(time.Second)
		return 0, err
	}
}

// Functions that hang are left behind after a second, four at a time; the fifth
// has the limit fall. If it failed, a service that hangs would be asked as much
// as before.
func TestATimeoutIsOverloadEvenIfNothingReturns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256), attempts(1), func(p *policies.Policy) { p.Retry.AttemptTimeout = time.Second })
		hang := make(chan struct{})
		for range 12 {
			Go(bg, s, "x", func(context.Context) (int, error) { <-hang; return 0, nil })
		}
		pass(1500 * time.Millisecond)
		assert.Equal(t, 4, concurrencyOf(t, s).Limit)
		pass(time.Second)
		assert.Equal(t, 2, concurrencyOf(t, s).Limit)
		close(hang)
	})
}

// A caller's deadline may have been used up in the queue: were it a sign of
// overload, the limit would fall, the queue grow, and more deadlines pass.
func TestACallersDeadlineIsNoOverload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256), attempts(1))
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(bg, time.Second)
				defer cancel()
				_, _ = Do(ctx, s, "x", func(ctx context.Context) (int, error) {
					<-ctx.Done()
					return 0, ctx.Err()
				})
			})
		}
		all.Wait()
		assert.Equal(t, 4, concurrencyOf(t, s).Limit)
	})
}

// If it failed, a limit that moves would close and make connections all the
// time, or workers would be left behind at the end.
func TestALowerLimitKeepsItsWorkers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var made, closed atomic.Int64
		s := start(t, targets{"x": policy(follows(1, 64))}, WithWorker("x", func(context.Context) (actors.Worker, error) {
			made.Add(1)
			return &counted{closed: &closed}, nil
		}))
		q := newQueueing(20, 50*time.Millisecond)
		stop := callers(100, func() error {
			_, err := Do(bg, s, "x", q.call)
			return err
		})
		for range 10 {
			pass(3 * time.Second)
			q.shrink(15)
			pass(3 * time.Second)
			q.grow(15)
		}
		stop()
		assert.Zero(t, closed.Load())
		assert.LessOrEqual(t, made.Load(), int64(64))
		workers := snapshotOf(t, s, "x").Workers
		assert.LessOrEqual(t, len(workers), 64)
		for _, w := range workers {
			assert.Equal(t, 1, w.Incarnation)
		}
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, made.Load(), closed.Load())
	})
}

// counted is a worker with state.
type counted struct{ closed *atomic.Int64 }

func (*counted) Handle(context.Context, any) (any, error) { return 42, nil }
func (c *counted) Close() error                           { c.closed.Add(1); return nil }

// If it failed, a reload would forget what was learnt, not be obeyed, or leave
// operations waiting.
func TestAReloadMovesTheLimitIntoItsBounds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256))
		reload := func(edits ...func(*policies.Policy)) {
			t.Helper()
			require.NoError(t, s.Apply(setOf(t, targets{"x": policy(edits...)})))
			synctest.Wait()
		}
		q := newQueueing(20, 50*time.Millisecond)
		var running, most atomic.Int64
		stop := callers(100, func() error {
			_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
				now := running.Add(1)
				defer running.Add(-1)
				for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
				}
				return q.call(ctx)
			})
			return err
		})
		pass(10 * time.Second)
		before := concurrencyOf(t, s)

		reload(follows(1, 10))
		c := concurrencyOf(t, s)
		assert.Equal(t, 10, c.Limit)
		assert.Equal(t, before.Base, c.Base, "what is known is kept")
		pass(time.Second)
		most.Store(0)
		pass(time.Second)
		assert.EqualValues(t, 10, most.Load())
		assert.Len(t, snapshotOf(t, s, "x").Workers, 10, "those that may never be used again are gone")

		reload(follows(90, 95))
		assert.GreaterOrEqual(t, concurrencyOf(t, s).Limit, 90)
		pass(time.Second)
		most.Store(0)
		pass(time.Second)
		assert.GreaterOrEqual(t, most.Load(), int64(90), "whatever the latency")

		reload(workers(100))
		assert.Zero(t, concurrencyOf(t, s))
		pass(time.Second)
		assert.EqualValues(t, 100, most.Load(), "as fixed")

		reload(follows(2, 30))
		assert.Equal(t, 4, concurrencyOf(t, s).Limit, "it begins anew")
		pass(5 * time.Second)
		assert.GreaterOrEqual(t, concurrencyOf(t, s).Limit, 15)
		assert.LessOrEqual(t, concurrencyOf(t, s).Limit, 30)
		stop()
		assert.Zero(t, snapshotOf(t, s, "x").Queued)
	})
}

// If it failed, a limit that moves often would drown everything else in the
// event stream, or move in silence.
func TestAMovingLimitIsToldOnceASecond(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, follows(1, 256))
		j := listen(s)
		q := newQueueing(20, 50*time.Millisecond)
		stop := callers(100, func() error {
			_, err := Do(bg, s, "x", q.call)
			return err
		})
		pass(20 * time.Second)
		q.grow(40)
		pass(20 * time.Second)
		stop()
		all := eventsOf[actors.ConcurrencyChanged](j)
		require.NotEmpty(t, all)
		assert.Equal(t, 4, all[0].From)
		for i, e := range all {
			assert.Equal(t, "x", e.Target)
			assert.GreaterOrEqual(t, 5*max(e.To-e.From, e.From-e.To), e.From, e.String())
			assert.NotZero(t, e.Latency)
			assert.NotZero(t, e.Base)
			if i > 0 {
				assert.Equal(t, all[i-1].To, e.From)
				assert.GreaterOrEqual(t, e.At.Sub(all[i-1].At), time.Second)
			}
		}
		last := all[len(all)-1].To
		assert.GreaterOrEqual(t, last, 48)
		assert.LessOrEqual(t, len(all), 20)
	})
}

// If it failed, targets that are not adaptive would read the clock for each
// attempt.
func TestOnlyAnAdaptiveTargetTimesItsAttempts(t *testing.T) {
	for _, adaptive := range []bool{false, true} {
		s := one(t, func(p *policies.Policy) { p.Pool.Adaptive = adaptive })
		op := &operation{target: s.Target("x"), policy: s.Target("x").policy.Load()}
		op.admitted(&worker{}, breaker.Permit{}, &actors.View{})
		assert.Equal(t, adaptive, op.began > 0)
	}
}

// If it failed, every call of an adaptive target would make more garbage.
func TestASuccessOfAnAdaptiveTargetIsOneAllocation(t *testing.T) {
	s := one(t, follows(1, 256))
	target := s.Target("x")
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := DoOn(bg, target, succeed); err != nil {
			t.Error(err)
		}
	}), 1.0)
}
