package supervisor

import (
	"context"
	"runtime"
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

func crash(context.Context) (int, error) { panic("crash") }

// crashes runs n operations that crash once each.
func crashes(s *Supervisor, n int) (last error) {
	for range n {
		_, last = Do(bg, s, "x", crash)
	}
	return last
}

// If it failed, a crash loop would go on for ever.
func TestTooManyRestartsTripTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), restartsAt(2, policies.TripBreaker))
		j := listen(s)
		crashes(s, 2)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		crashes(s, 1)
		synctest.Wait()
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		changed := eventsOf[actors.BreakerChanged](j)
		require.Len(t, changed, 1)
		assert.Equal(t, breaker.ReasonRestartIntensity, changed[0].Transition.Reason)
		assert.EqualError(t, changed[0].Cause, "more than 2 worker restarts within 10s, the last for: the function panicked: crash")
		assert.Len(t, eventsOf[actors.WorkerRestarted](j), 3)
		pass(30 * time.Second)
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())

		crashes(s, 3)
		require.Equal(t, breaker.Open, s.Breaker("x").State())
		s.Breaker("x").Reset()
		crashes(s, 2)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "those that tripped it count once")
	})
}

// Crashes that are far apart are not a loop.
func TestRestartsNowAndThenAreFine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), restartsAt(2, policies.StopTarget))
		for range 10 {
			crashes(s, 2)
			pass(11 * time.Second)
		}
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
	})
}

// If it failed, a stopped target would run something, hold somebody, or never
// start again.
func TestTooManyRestartsStopTheTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(attempts(1), workers(1), restartsAt(2, policies.StopTarget)), "y": policy()})
		x := s.Target("x")
		j := listen(s)
		crashes(s, 2)
		var queued <-chan outcome
		_, err := Do(bg, s, "x", func(context.Context) (int, error) {
			queued = async(func() (int, error) { return Do(bg, s, "x", succeed) })
			synctest.Wait()
			panic("crash")
		})
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked, "it ran, and has its own error")
		var rejected *RejectedError
		require.ErrorAs(t, soon(t, queued, "the one that waited").err, &rejected)
		assert.Equal(t, ErrTargetStopped, rejected.Err)
		_, err = Do(bg, s, "x", succeed)
		assert.ErrorIs(t, err, ErrTargetStopped)
		_, err = Do(bg, s, "y", succeed)
		assert.NoError(t, err, "no other target is concerned")
		synctest.Wait()
		require.Len(t, eventsOf[actors.TargetStopped](j), 1)
		assert.ErrorIs(t, eventsOf[actors.TargetStopped](j)[0].Reason, ErrTargetStopped)
		assert.Empty(t, snapshotOf(t, s, "x").Workers)

		s.Breaker("x").ForceOpen()
		require.NoError(t, x.Start())
		require.NoError(t, x.Start(), "once more")
		synctest.Wait()
		assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "it starts with a closed breaker")
		started := eventsOf[actors.TargetStarted](j)
		assert.Equal(t, "x", started[len(started)-1].Target)
		crashes(s, 2)
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err, "the restarts of before are forgotten")
		assert.Len(t, snapshotOf(t, s, "x").Workers, 1, "its workers are kept")
	})
}

// If it failed, an operation that is due for another attempt would wait for a
// target that has stopped.
func TestARetryOnAStoppedTargetEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, restartsAt(1, policies.StopTarget))
		err := crashes(s, 1)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, ReasonTargetStopped, exhausted.Reason)
		assert.Equal(t, 2, exhausted.Attempts)
		assert.ErrorIs(t, err, ErrTargetStopped)
	})
}

// If it failed, the parent would lose what waits, or the target its place.
func TestTooManyRestartsAreHandedToTheParent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), workers(2), restartsAt(2, policies.Escalate))
		j := listen(s)
		g := newGate()
		busy := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		old := snapshotOf(t, s, "x").Workers[0].PID
		crashes(s, 2)
		waits := make(chan outcome, 1)
		_, err := Do(bg, s, "x", func(context.Context) (int, error) {
			go func() {
				value, err := Do(bg, s, "x", succeed)
				waits <- outcome{value: value, err: err}
			}()
			synctest.Wait()
			panic("crash")
		})
		var panicked *PanicError
		assert.ErrorAs(t, err, &panicked)
		o := soon(t, waits, "the one that waited")
		assert.NoError(t, o.err)
		assert.Equal(t, 42, o.value)
		synctest.Wait()
		require.Len(t, eventsOf[actors.TargetStopped](j), 1)
		assert.ErrorContains(t, eventsOf[actors.TargetStopped](j)[0].Reason, "more than 2 worker restarts within 10s")
		assert.NotEmpty(t, eventsOf[actors.TargetStarted](j))
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())

		g.end <- nil
		_, err = busy.Wait(bg)
		assert.NoError(t, err, "what ran comes to its end")
		synctest.Wait()
		for _, w := range snapshotOf(t, s, "x").Workers {
			assert.NotEqual(t, old, w.PID, "every worker is replaced")
		}
	})
}

// A panic and a Goexit are failed attempts like any other.
func TestACrashIsAFailedAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		for name, fail := range map[string]func(){"a panic": func() { panic(errPlain) }, "a Goexit": runtime.Goexit} {
			calls := 0
			fn := func(context.Context) (int, error) {
				if calls++; calls < 3 {
					fail()
				}
				return 42, nil
			}
			value, err := Go(bg, s, "x", fn).Wait(bg)
			assert.NoError(t, err, name)
			assert.Equal(t, 42, value)
			assert.Equal(t, 3, calls)
		}
		_, err := Do(bg, s, "x", func(context.Context) (int, error) { panic(errPlain) })
		var panicked *PanicError
		require.ErrorAs(t, err, &panicked)
		assert.ErrorIs(t, err, errPlain)
		assert.Contains(t, string(panicked.Stack), "TestACrashIsAFailedAttempt")
	})
}

// An inline caller whose goroutine is ended can't be given another attempt.
func TestACallerWhoseGoroutineEndsIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		j := listen(s)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = Do(bg, s, "x", func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			assert.Fail(t, "the goroutine went on")
		}()
		soon(t, ended, "the goroutine")
		synctest.Wait()
		failed := eventsOf[actors.OperationFailed](j)
		require.Len(t, failed, 1)
		assert.ErrorIs(t, failed[0].Err, ErrGoexit)
		assert.Equal(t, 1, failed[0].Attempts)
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err, "the worker is back")
	})
}

// If it failed, an operation would run longer than its policy allows.
func TestMaxElapsedBoundsTheWholeOperation(t *testing.T) {
	elapsed := func(p *policies.Policy) { p.Retry.MaxElapsed = 2500 * time.Millisecond }
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(10), elapsed, workers(1), parks)
		began := time.Now()
		_, err := Do(bg, s, "x", failWith(errTemp))
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, retry.MaxElapsed, exhausted.Reason)
		assert.Equal(t, 2, exhausted.Attempts)
		assert.Equal(t, time.Second, time.Since(began), "no wait begins that is too long")

		g := newGate()
		Go(bg, s, "x", g.run)
		synctest.Wait()
		began = time.Now()
		_, err = Do(bg, s, "x", succeed) // stands in the queue
		assert.ErrorIs(t, err, ErrMaxElapsed)
		assert.Equal(t, 2500*time.Millisecond, time.Since(began))
		g.end <- nil
		synctest.Wait()

		s.Breaker("x").ForceOpen()
		began = time.Now()
		_, err = Go(bg, s, "x", succeed).Wait(bg) // is parked
		assert.ErrorIs(t, err, ErrMaxElapsed)
		assert.Equal(t, 2500*time.Millisecond, time.Since(began))
	})
}
