package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// The probe's context ends when nobody is interested any more, and not before.
func TestAProbesContext(t *testing.T) {
	for name, c := range map[string]struct {
		end   func(s *Supervisor)
		after time.Duration
		err   error
	}{
		"the lease":  {func(*Supervisor) { pass(time.Minute - 30*time.Second) }, time.Minute, context.DeadlineExceeded},
		"Reset":      {func(s *Supervisor) { s.Breaker("x").Reset() }, 30 * time.Second, context.Canceled},
		"ForceOpen":  {func(s *Supervisor) { s.Breaker("x").ForceOpen() }, 30 * time.Second, context.Canceled},
		"ForceClose": {func(s *Supervisor) { s.Breaker("x").ForceClose() }, 30 * time.Second, context.Canceled},
		"a reload that disables the breaker": {func(s *Supervisor) {
			set, _ := policies.NewSet(targets{"x": policy(func(p *policies.Policy) { p.Breaker.Enabled = false })})
			_ = s.Apply(set)
		}, 30 * time.Second, context.Canceled},
		"the target's actor is stopped": {func(s *Supervisor) { s.System().Root.Stop(s.PID("x")) }, 30 * time.Second, context.Canceled},
		"shutdown":                      {func(s *Supervisor) { _ = s.Shutdown(bg) }, 30 * time.Second, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := &pinger{do: func(ctx context.Context, run int) error {
					deadline, ok := ctx.Deadline()
					assert.True(t, ok)
					assert.Equal(t, time.Minute, time.Until(deadline))
					return hang(ctx, run)
				}}
				s := tripped(t, p)
				pass(60 * time.Second)
				errs, _ := p.ends()
				require.Empty(t, errs)
				c.end(s)
				synctest.Wait()
				errs, at := p.ends()
				require.NotEmpty(t, errs)
				assert.Equal(t, c.err, errs[0])
				assert.Equal(t, 30*time.Second+c.after, at[0])
			})
		})
	}
}

// A probe that ignores its context is left behind, alone: a second goroutine
// for each outage would be a leak. When it has returned the next one begins.
func TestAProbeThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		p := &pinger{do: func(context.Context, int) error { <-free; return nil }}
		s := tripped(t, p)
		pass(30 * time.Second)          // it begins
		pass(time.Minute)               // its lease is over
		pass(time.Minute)               // half-open again
		pass(time.Minute - time.Second) // the other one waits
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		assert.Equal(t, []time.Duration{30 * time.Second}, p.times())
		pass(time.Second) // its lease is over too
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, 2, s.Breaker("x").Counts().Reopens)
		shown := snapshotOf(t, s, "x").Probe
		assert.True(t, shown.Running)
		assert.Equal(t, p.from.Add(30*time.Second), shown.Since)

		pass(2*time.Minute + 10*time.Second) // half-open for the third time
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		close(free)
		pass(time.Second)
		assert.Equal(t, []time.Duration{30 * time.Second, 340 * time.Second, 341 * time.Second}, p.times(), "the one that waited begins at once")
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Equal(t, 1, p.peak())
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Stale, "the one that hung counts for nobody")
	})
}

// Opened by hand and probed again while an earlier probe is being cancelled:
// the new one waits for it.
func TestAProbeWaitsForAnEarlierOne(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{do: func(ctx context.Context, run int) error {
			if run == 1 {
				<-ctx.Done()
				<-time.After(3 * time.Second) // to clean up
			}
			return nil
		}}
		s := tripped(t, p)
		pass(40 * time.Second)
		s.Breaker("x").ForceOpenFor(0)
		pass(time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		pass(3 * time.Second)
		assert.Equal(t, []time.Duration{30 * time.Second, 43 * time.Second, 44 * time.Second}, p.times())
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Equal(t, 1, p.peak())
	})
}

// Probe x shutdown: the probe is told to end, and Shutdown waits for it.
func TestShutdownWaitsForAProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		p := &pinger{do: func(context.Context, int) error { <-free; return nil }}
		s := tripped(t, p)
		parked := Go(bg, s, "x", succeed, ParkWhenOpen())
		pass(30 * time.Second)
		over := async(func() (int, error) { return 0, s.Shutdown(bg) })
		_, err := parked.Wait(bg)
		assert.ErrorIs(t, err, ErrShutdown)
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		var stragglers *StragglersError
		require.ErrorAs(t, s.Shutdown(ctx), &stragglers)
		assert.Equal(t, []Straggler{{Target: "x", Operation: "probe"}}, stragglers.Stragglers)
		assert.Empty(t, over)
		close(free)
		assert.NoError(t, soon(t, over, "the shutdown").err)
		errs, _ := p.ends()
		assert.Equal(t, []error{context.Canceled}, errs)
	})
}

// Between two probes there is only a timer, which a shutdown ends.
func TestShutdownBetweenTwoProbes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{}
		s := tripped(t, p)
		pass(30 * time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		require.NoError(t, s.Shutdown(bg))
		pass(time.Hour)
		assert.Len(t, p.times(), 1)
	})
}

// Probe x a stopped breaker actor: the outcome reaches its successor, and
// probing goes on.
func TestTheBreakerActorIsStoppedDuringAProbe(t *testing.T) {
	for name, at := range map[string]time.Duration{
		"before it": 29 * time.Second, "while it runs": 30 * time.Second, "between two": 30*time.Second + 700*time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := &pinger{do: func(context.Context, int) error { <-time.After(500 * time.Millisecond); return nil }}
				s := tripped(t, p)
				pass(at)
				s.System().Root.Stop(s.Breaker("x").PID())
				pass(31*time.Second + 999*time.Millisecond - at)
				require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
				pass(time.Millisecond)
				assert.Equal(t, breaker.Closed, s.Breaker("x").State())
				assert.Equal(t, []time.Duration{30 * time.Second, 31500 * time.Millisecond}, p.times())
			})
		})
	}
}

// A target that its policy stopped probes nobody, and does again when it has
// been started and has tripped.
func TestAStoppedTargetDoesNotProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{do: func(ctx context.Context, run int) error {
			if run > 1 {
				return nil
			}
			return hang(ctx, run)
		}}
		s := start(t, targets{"x": policy(attempts(1), restartsAt(1, policies.StopTarget))}, WithProbe("x", p.probe))
		p.from = time.Now()
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		pass(30 * time.Second)
		require.Len(t, p.times(), 1)
		done := make(chan (<-chan struct{}), 1)
		s.Target("x").tell(&halt{reason: ErrTargetStopped, done: done})
		soon(t, soon(t, done, "the halt"), "the end of the probe")
		errs, _ := p.ends()
		assert.Equal(t, []error{context.Canceled}, errs)
		pass(time.Hour)
		assert.Len(t, p.times(), 1)

		require.NoError(t, s.Target("x").Start())
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		pass(30 * time.Second)
		assert.Len(t, p.times(), 2)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// A target that was stopped from outside starts again with its probe.
func TestAFreshTargetHasItsProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{}
		s := tripped(t, p)
		s.System().Root.Stop(s.PID("x"))
		synctest.Wait()
		_, _ = Do(bg, s, "x", failWith(errPlain))
		pass(31 * time.Second)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Len(t, p.times(), 2)
	})
}

// All of recovery: nobody's call is sacrificed, and who waited through the
// outage goes in order and by degrees.
func TestParkedOperationsWaitForTheProbeAndThenTheRamp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{}
		s := tripped(t, p, parks, func(p *policies.Policy) { p.Breaker.Ramp = 8 * time.Second }, workers(16))
		c := &calls100ms{from: p.from}
		for i := range 5 {
			Go(bg, s, "x", c.run(i))
		}
		pass(31*time.Second - 1)
		began, _ := c.seen()
		assert.Empty(t, began)
		pass(time.Second)
		began, _ = c.seen()
		for i := range 5 {
			assert.Equal(t, 31*time.Second+time.Duration(i)*100*time.Millisecond, began[i], "one at a time")
		}
		assert.EqualValues(t, 5, snapshotOf(t, s, "x").Succeeded)
	})
}

// If it failed, a misspelt name would leave a target without its probe.
func TestWithProbeIsChecked(t *testing.T) {
	set := setOf(t, targets{"x": policy()})
	for _, option := range []Option{WithProbe("y", func(context.Context) error { return nil }), WithProbe("x", nil)} {
		_, err := New(set, option)
		assert.ErrorContains(t, err, "WithProbe")
	}
	_, err := New(set, WithProbe("y", func(context.Context) error { return errors.New("never asked") }))
	assert.ErrorIs(t, err, ErrUnknownTarget)
}

// If it failed, a target's own probe that meets a wall would be run again every
// open time, as nobody would know when the wall ends.
func TestAProbeThatMeetsAWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy()}, WithProbe("x", func(context.Context) error {
			return classify.Wall(errQuota, time.Now().Add(5*time.Hour))
		}))
		s.Breaker("x").ForceOpenFor(time.Second)
		pass(time.Second)
		pass(5*time.Hour - 1)
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, breaker.Open, snap.Breaker.State)
		assert.ErrorIs(t, snap.Breaker.Cause, errQuota)
		assert.EqualValues(t, 1, snap.Probe.Runs)
		pass(1)
		assert.EqualValues(t, 2, snapshotOf(t, s, "x").Probe.Runs)
	})
}

// If it failed, the attempts of an operation that has probed once would count for
// nothing ever after: they would hand back the leave of a probe that is over.
func TestAnAttemptAfterAProbeCountsAsAnyOther(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1), attempts(2))
		b := s.Breaker("x")
		b.ForceOpenFor(time.Second)
		pass(time.Second)
		require.Equal(t, breaker.HalfOpen, b.State())
		calls := 0
		f := Go(bg, s, "x", func(context.Context) (int, error) {
			if calls++; calls == 1 {
				b.Reset()
				return 0, errTemp
			}
			return 0, errPlain
		})
		_, err := f.Wait(bg)
		require.ErrorIs(t, err, errPlain)
		assert.Equal(t, 2, calls)
		assert.Equal(t, breaker.Open, b.State(), "the second attempt has failed")
		assert.EqualValues(t, 1, b.Counts().Failures)
	})
}
