package invariants_test

import (
	"context"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I14: a wall-clock jump changes nothing. It holds as long as every time that
// is compared carries a monotonic reading and everything that decides takes
// that for the time.

// jumped gives the time that the clock would show at t, had somebody set it
// forward by so many seconds: another wall clock, the same monotonic one. The
// package time offers no way to make one, so this writes to its field: the
// seconds of the wall clock lie above the 30 bits of the nanoseconds.
func jumped(t *testing.T, at time.Time, seconds int64) time.Time {
	t.Helper()
	wall := (*uint64)(unsafe.Pointer(&at))
	before := at
	*wall += uint64(seconds) << 30
	require.Zero(t, at.Sub(before), "the monotonic clock must not have moved")
	require.Equal(t, time.Duration(seconds)*time.Second, at.Round(0).Sub(before.Round(0)))
	return at
}

// monotonic says whether a time carries a monotonic reading: one that doesn't
// is equal, with ==, to itself without.
func monotonic(at time.Time) bool { return at != at.Round(0) } //nolint:staticcheck // == is what shows it

const year = 365 * 24 * 3600

// Broken: a breaker opens or closes for the sake of the wall clock.
func TestI14_AJumpMovesNoBreaker(t *testing.T) {
	for _, jump := range []int64{year, -year, 30, -30} {
		s := policies.DefaultBreaker()
		s.FailureThreshold, s.RecoveryJitter = 1, 0
		now := time.Now()
		m := breaker.New(s, now)
		fail := func(at time.Time) {
			p, ok := m.Admit(at)
			require.True(t, ok)
			m.Settle(at, 0, p, policies.Failure, 0)
		}
		fail(now)
		require.Equal(t, breaker.Open, m.State())
		m.Tick(jumped(t, now.Add(time.Minute-1), jump), 0)
		require.Equal(t, breaker.Open, m.State(), "jump of %d s", jump)
		m.Tick(jumped(t, now.Add(time.Minute), jump), 0)
		require.Equal(t, breaker.HalfOpen, m.State(), "jump of %d s", jump)

		p, ok := m.Admit(jumped(t, now.Add(time.Minute), -jump))
		require.True(t, ok)
		m.Tick(jumped(t, now.Add(2*time.Minute-1), jump), 0)
		require.Equal(t, breaker.HalfOpen, m.State(), "a lease is no wall-clock time")
		m.Settle(now.Add(2*time.Minute-1), 0, p, policies.Success, 0)
	}
}

// Broken: a window of time forgets, or keeps, calls for the sake of the wall
// clock.
func TestI14_AJumpMovesNoWindow(t *testing.T) {
	for _, jump := range []int64{year, -year, 30, -30} {
		s := policies.DefaultBreaker()
		s.FailureThreshold, s.FailureRate = policies.Never, 1
		s.WindowDuration, s.MinimumCalls = 10*time.Second, 3
		now := time.Now()
		m := breaker.New(s, now)
		for i := range 3 {
			require.Equal(t, breaker.Closed, m.State())
			at := jumped(t, now.Add(time.Duration(i)*time.Second), jump*int64(i%2))
			p, _ := m.Admit(at)
			m.Settle(at, 0, p, policies.Failure, 0)
		}
		require.Equal(t, breaker.Open, m.State(), "three failures in ten seconds, jump of %d s", jump)
	}
}

// Broken: max_elapsed, or the caller's deadline, is compared with the wall
// clock.
func TestI14_AJumpMovesNoRetry(t *testing.T) {
	p := target(func(p *policies.Policy) { p.Retry.MaxElapsed = time.Minute }).Retry
	v := classify.Classify(errTemp, nil, time.Now(), classify.Rules{})
	now := time.Now()
	for _, jump := range []int64{year, -year} {
		d := retry.Decide(&p, v, retry.Progress{Attempt: 1, Accepted: now, Deadline: now.Add(time.Minute)},
			jumped(t, now.Add(10*time.Second), jump), 0)
		require.True(t, d.Retry)
		require.Equal(t, time.Second, d.Wait)
		d = retry.Decide(&p, v, retry.Progress{Attempt: 1, Accepted: now}, jumped(t, now.Add(59*time.Second+1), jump), 0)
		require.Equal(t, retry.MaxElapsed, d.Reason)
		d = retry.Decide(&p, v, retry.Progress{Attempt: 1, Deadline: now.Add(time.Minute)}, jumped(t, now.Add(59*time.Second), jump), 0)
		require.Equal(t, retry.CallerDeadline, d.Reason)
	}
}

// Broken: a time that is given out, or that something is compared with, has
// lost its monotonic reading. (In real time: a bubble's clock has none.)
func TestI14_EveryTimeIsMonotonic(t *testing.T) {
	sup := start(t, targets{"x": target(trips(1)), "y": target(noWaits)})
	got := make(chan actors.Event, 1000)
	sup.Subscribe(func(e actors.Event) { got <- e })
	_, err := supervisor.Do(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
	require.Equal(t, errPlain, err)
	_, err = supervisor.Do(context.Background(), sup, "x", succeed)
	var open *supervisor.OpenError
	require.ErrorAs(t, err, &open)
	require.True(t, monotonic(open.Until))
	require.False(t, monotonic(open.Until.Round(0)), "the test's own instrument")
	_, err = supervisor.Do(context.Background(), sup, "y", newClockwork().failing(9, errTemp))
	require.Error(t, err)

	snap := sup.Snapshot()
	require.True(t, monotonic(snap.At))
	b := snap.Targets[0].Breaker
	require.Equal(t, breaker.Open, b.State)
	require.True(t, monotonic(b.Since))
	require.True(t, monotonic(b.Until))
	require.True(t, monotonic(b.Counts.LastFailure))
	require.True(t, monotonic(b.Counts.LastTransition))
	sup.Breaker("y").ForceOpenFor(time.Hour)
	require.True(t, monotonic(sup.Snapshot().Targets[1].Breaker.Until))

	require.NoError(t, sup.Shutdown(context.Background()))
	require.NotEmpty(t, got)
	for len(got) > 0 {
		e := <-got
		require.True(t, monotonic(e.About().At), "%T", e)
		if e, ok := e.(actors.BreakerChanged); ok {
			require.True(t, monotonic(e.Transition.At))
			require.True(t, e.Transition.Until.IsZero() || monotonic(e.Transition.Until))
		}
	}
}
