package supervisor

import (
	"context"
	"maps"
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
	"github.com/holdfast-go/holdfast/policies/retry"
)

// rampUp makes a breaker that trips at the second failure in a row and ramps
// for d.
func rampUp(d time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold, p.Breaker.Ramp = 2, d }
}

// calls100ms records when each call began, since from.
type calls100ms struct {
	from    time.Time
	mu      sync.Mutex
	began   map[int]time.Duration
	running int
}

func (c *calls100ms) run(i int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		c.mu.Lock()
		if c.began == nil {
			c.began = map[int]time.Duration{}
		}
		c.began[i] = time.Since(c.from)
		c.running++
		c.mu.Unlock()
		<-time.After(100 * time.Millisecond)
		c.mu.Lock()
		c.running--
		c.mu.Unlock()
		return i, nil
	}
}

func (c *calls100ms) seen() (began map[int]time.Duration, running int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.began), c.running
}

func fallsIll(s *Supervisor) {
	for s.Breaker("x").State() == breaker.Closed {
		_, _ = Do(bg, s, "x", failWith(errPlain))
	}
}

// closes trips the breaker of x and brings it to the beginning of its ramp.
func closes(t *testing.T, s *Supervisor) {
	t.Helper()
	fallsIll(s)
	pass(30 * time.Second)
	require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	_, err := Do(bg, s, "x", succeed)
	require.NoError(t, err)
	require.Equal(t, breaker.Closed, s.Breaker("x").State())
}

func rampOf(s *Supervisor) (limit, running int) {
	c := s.Breaker("x").Counts()
	return c.RampLimit, c.RampRunning
}

// An outage of 30 s with a thousand operations parked, a ramp of 10 s to 64
// workers, calls of 100 ms. If it failed, the service would be stampeded by all
// of them as soon as it is back, or they would wait for longer than they have to.
func TestAThousandParkedOperationsComeBackByDegrees(t *testing.T) {
	for name, c := range map[string]struct {
		ramp time.Duration
		// At the moment of closing and after each second from there: how
		// many may run at a time, how many do, and how many have begun.
		limits, running, began []int
	}{
		// The limit is 64^(s/10) after s seconds.
		"a ramp of 10 s": {10 * time.Second,
			[]int{1, 1, 2, 3, 5, 8, 12, 18, 27, 42, 0},
			[]int{1, 1, 2, 3, 5, 8, 12, 18, 27, 42, 0},
			[]int{2, 12, 26, 50, 89, 151, 248, 396, 622, 970, 1000}},
		"no ramp": {0,
			[]int{0, 0, 0},
			[]int{64, 64, 0},
			[]int{65, 705, 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, parks, rampUp(c.ramp), workers(64))
				fallsIll(s)
				all := &calls100ms{from: time.Now().Add(30 * time.Second)}
				for i := range 1000 {
					Go(bg, s, "x", all.run(i))
				}
				synctest.Wait()
				require.Equal(t, 1000, snapshotOf(t, s, "x").Parked)
				pass(30*time.Second + 100*time.Millisecond) // the first of them is the probe
				require.Equal(t, breaker.Closed, s.Breaker("x").State())

				for second := range c.began {
					if second > 0 {
						pass(time.Second)
					}
					limit, places := rampOf(s)
					began, running := all.seen()
					assert.Equal(t, c.limits[second], limit, "may run after %d s", second)
					assert.Equal(t, c.running[second], running, "run after %d s", second)
					assert.Len(t, began, c.began[second], "have begun after %d s", second)
					if limit > 0 {
						assert.Equal(t, running, places)
					}
				}
				began, _ := all.seen()
				for i := range 999 {
					assert.LessOrEqual(t, began[i], began[i+1], "operation %d went before %d", i+1, i)
				}
			})
		})
	}
}

// If it failed, a caller could not tell this refusal from one by an open
// breaker, or would sleep to the end of a long ramp for a place that is free.
func TestACallBeyondTheRampIsRefused(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		s := one(t, rampUp(8*time.Second), workers(16))
		j := listen(s)
		closes(t, s)
		g := newGate()
		first := async(func() (int, error) { return run(s, g.run) })
		soon(t, g.begun, "the first")
		_, err := run(s, succeed)
		var refusal *OpenError
		require.ErrorAs(t, err, &refusal)
		require.ErrorIs(t, err, ErrOpen)
		assert.True(t, refusal.Recovering)
		assert.False(t, refusal.Probing)
		assert.Equal(t, time.Second, refusal.RetryAfter())
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Refused)

		pass(2*time.Second + time.Microsecond)
		_, err = run(s, succeed)
		assert.NoError(t, err, "two may run")
		pass(6*time.Second - 300*time.Millisecond - time.Microsecond)
		assert.Equal(t, 300*time.Millisecond, refusal.RetryAfter())
		pass(300 * time.Millisecond)
		g.end <- nil
		assert.NoError(t, soon(t, first, "the first").err)
		assert.Len(t, eventsOf[actors.RampStarted](j), 1)
		assert.Len(t, eventsOf[actors.RampEnded](j), 1)
	})
}

// Another actor's message has no short way either.
func TestAMessageBeyondTheRampIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(8*time.Second), workers(16))
		closes(t, s)
		g := newGate()
		Go(bg, s, "x", g.run)
		soon(t, g.begun, "the first")
		in := newInbox(t, s)
		in.ask(s.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { return 1, nil }})
		var refusal *OpenError
		require.ErrorAs(t, in.result().Err, &refusal)
		assert.True(t, refusal.Recovering)
		g.end <- nil
	})
}

// A retry that comes due while as many run as may ends there, as it would at a
// half-open breaker.
func TestARetryBeyondTheRampIsExhausted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, rampUp(time.Minute), workers(16))
		closes(t, s)
		retried := async(func() (int, error) { return Do(bg, s, "x", failWith(errTemp)) })
		synctest.Wait()
		g := newGate()
		Go(bg, s, "x", g.run)
		var exhausted *ExhaustedError
		require.ErrorAs(t, soon(t, retried, "the retry").err, &exhausted)
		assert.Equal(t, retry.BreakerOpen, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
		assert.ErrorIs(t, exhausted, ErrOpen)
		assert.ErrorIs(t, exhausted, errTemp)
		g.end <- nil
	})
}

// Whatever ends an attempt gives its place back, or the ramp would let fewer
// and fewer through.
func TestNoEndingLeaksAPlaceOfTheRamp(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, s *Supervisor){
		"success": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", succeed) },
		"failure": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errPlain)) },
		"ignored": func(_ *testing.T, s *Supervisor) { _, _ = Do(bg, s, "x", failWith(errAside)) },
		"panic":   func(_ *testing.T, s *Supervisor) { _, _ = Go(bg, s, "x", crash).Wait(bg) },
		"Goexit": func(_ *testing.T, s *Supervisor) {
			_, _ = Go(bg, s, "x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }).Wait(bg)
		},
		"a caller ended by Goexit": func(_ *testing.T, s *Supervisor) {
			over := make(chan struct{})
			go func() {
				defer close(over)
				_, _ = Do(bg, s, "x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			}()
			<-over
		},
		"a caller who leaves": func(_ *testing.T, s *Supervisor) {
			ctx, cancel := context.WithCancel(bg)
			g := newGate()
			f := Go(ctx, s, "x", g.run)
			<-g.begun
			cancel()
			_, _ = f.Wait(bg)
			g.end <- context.Canceled
		},
		"a worker that is stopped": func(t *testing.T, s *Supervisor) {
			g := newGate()
			f := Go(bg, s, "x", g.run)
			<-g.begun
			for _, w := range s.Target("x").pool.workers {
				s.System().Root.Stop(w.ref.PID())
			}
			g.end <- nil
			_, _ = f.Wait(bg)
		},
		"a caller who left while it was woken": func(t *testing.T, s *Supervisor) {
			x := s.Target("x")
			ctx, cancel := context.WithCancel(bg)
			op := &detached[int]{fn: succeed}
			op.start(op, x, ctx, x.policy.Load(), &noOptions, true)
			op.trouble()
			x.tell(&admit{op: &op.operation})
			synctest.Wait()
			_, running := rampOf(s)
			require.Equal(t, 1, running)
			cancel()
			assert.Nil(t, x.await(&op.operation))
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(1), rampUp(time.Hour))
				closes(t, s)
				end(t, s)
				synctest.Wait()
				limit, running := rampOf(s)
				assert.Equal(t, 1, limit)
				assert.Zero(t, running)
				_, err := Do(bg, s, "x", succeed)
				assert.NoError(t, err, "the place is free")
			})
		})
	}
}

// If it failed, those that wait would be let at a target that is ill again, or
// the open time would not grow.
func TestATripDuringTheRampParksTheRest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, attempts(1), rampUp(10*time.Second), workers(64))
		fallsIll(s)
		ill := atomic.Bool{}
		for range 100 {
			Go(bg, s, "x", func(context.Context) (int, error) {
				<-time.After(time.Second)
				if ill.Load() {
					return 0, errPlain
				}
				return 42, nil
			})
		}
		pass(31 * time.Second) // the probe
		limit, _ := rampOf(s)
		require.Equal(t, 1, limit)
		pass(4 * time.Second)
		limit, running := rampOf(s)
		assert.Equal(t, 5, limit)
		assert.Equal(t, 5, running)
		ill.Store(true)
		began := 100 - snapshotOf(t, s, "x").Parked
		pass(time.Second) // the first two failures
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		tripped := snapshotOf(t, s, "x")
		assert.Equal(t, 1, tripped.Breaker.Counts.Reopens)
		assert.Equal(t, time.Minute, tripped.Breaker.Until.Sub(tripped.Breaker.Since), "twice the first open time")
		assert.LessOrEqual(t, 100-tripped.Parked, began+3, "what the first endings and steps let through")
		ill.Store(false)
		pass(2 * time.Minute)
		assert.Zero(t, snapshotOf(t, s, "x").Parked)
		assert.Zero(t, snapshotOf(t, s, "x").Breaker.Counts.Reopens)
	})
}
