package conformance_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// If this fails, an operator has no hold over a breaker.
func TestConformanceLater_ForceOpenAndForceClose(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		b.ForceOpen()
		assert.Equal(t, breaker.ForcedOpen, b.State())
		pass(24 * time.Hour)
		_, err := call(context.Background(), gateway, answering(1))
		assert.ErrorIs(t, err, supervisor.ErrOpen, "until somebody says otherwise")

		b.ForceClose()
		for range 20 {
			_, err := call(context.Background(), gateway, failing(errRefused))
			assert.Same(t, errRefused, err)
		}
		assert.Equal(t, breaker.ForcedClosed, b.State(), "it never trips")

		b.ForceOpenFor(30 * time.Second)
		_, err = call(context.Background(), gateway, answering(1))
		var open *supervisor.OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, 30*time.Second, open.RetryAfter())
		pass(30 * time.Second)
		assert.Equal(t, breaker.HalfOpen, b.State(), "then it probes")

		b.Reset()
		assert.Equal(t, breaker.Closed, b.State())
	})
}

// If this fails, nobody can see what is down.
func TestConformanceLater_TheListOfOpenCircuits(t *testing.T) {
	targets := map[string]policies.Policy{}
	for _, name := range []string{"a", "b", "c", "d"} {
		targets[name] = guarded()
	}
	inBubble(t, setOf(t, targets), func(t *testing.T, sup *supervisor.Supervisor) {
		open := func() []string {
			var names []string
			for _, b := range sup.Breakers() {
				if !b.State().Admits() {
					names = append(names, b.Name())
				}
			}
			return names
		}
		for name := range targets {
			_, _ = supervisor.Do(context.Background(), sup, name, answering(1))
		}
		assert.Empty(t, open())
		assert.Len(t, sup.Breakers(), 4)
		for _, name := range []string{"d", "b"} {
			for range 3 {
				_, _ = supervisor.Do(context.Background(), sup, name, failing(errRefused))
			}
		}
		assert.Equal(t, []string{"b", "d"}, open())
		pass(time.Minute)
		assert.Empty(t, open())
	})
}

// If this fails, the numbers an operator looks at are wrong.
func TestConformanceLater_StatsAndSuccessRate(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		assert.InDelta(t, 1, b.Counts().SuccessRate(), 0, "a target nobody has called")
		for i := range 8 {
			op := answering(1)
			if i%4 == 3 {
				op = failing(errRefused)
			}
			_, _ = call(context.Background(), gateway, op)
		}
		_, _ = call(context.Background(), gateway, failing(classify.Ignore(errUnknown)))
		synctest.Wait() // a detached caller may be told before the counters are
		counts := b.Counts()
		assert.EqualValues(t, 6, counts.Successes)
		assert.EqualValues(t, 2, counts.Failures)
		assert.EqualValues(t, 1, counts.Ignored)
		assert.InDelta(t, 0.75, counts.SuccessRate(), 0)

		target := sup.Snapshot().Targets[0]
		assert.Equal(t, gateway, target.Name)
		assert.EqualValues(t, 6, target.Succeeded)
		assert.EqualValues(t, 3, target.Failed)
		assert.Equal(t, counts, target.Breaker.Counts)

		b.ForceOpen()
		for range 4 {
			_, _ = call(context.Background(), gateway, answering(1))
		}
		assert.EqualValues(t, 4, b.Counts().Rejected)
		assert.EqualValues(t, 4, sup.Snapshot().Targets[0].Refused)
	})
}

// If this fails, nobody can tell since when a target is ill.
func TestConformanceLater_Timestamps(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b, start := sup.Breaker(gateway), time.Now()
		pass(time.Second)
		_, _ = call(context.Background(), gateway, answering(1))
		assert.Zero(t, b.Counts().LastFailure)

		pass(time.Second)
		_, _ = call(context.Background(), gateway, failing(errRefused))
		assert.Equal(t, start.Add(2*time.Second), b.Counts().LastFailure)

		pass(time.Second)
		_, _ = call(context.Background(), gateway, answering(1))
		assert.Equal(t, start.Add(3*time.Second), b.Counts().LastSuccess)
		assert.Equal(t, start.Add(2*time.Second), b.Counts().LastFailure)
		assert.Equal(t, start, b.Counts().LastTransition)

		pass(time.Second)
		trip(t, sup)
		assert.Equal(t, start.Add(4*time.Second), b.Counts().LastTransition)
		assert.Equal(t, start.Add(64*time.Second), b.Counts().OpenUntil)
		pass(time.Hour)
		assert.Equal(t, start.Add(64*time.Second), b.Counts().LastTransition, "the timer's moment, not the caller's")
		shown := sup.Snapshot().Targets[0].Breaker
		assert.Equal(t, start.Add(64*time.Second), shown.Since)
		assert.Zero(t, shown.Until)
	})
}

// If this fails, a log can't be filtered for what matters.
func TestConformance09_BreakerLinesHaveTheirLevels(t *testing.T) {
	var log logbook
	inBubble(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor) {
		trip(t, sup)
		pass(time.Minute)
		_, _ = do(sup, failing(errRefused))
		pass(2 * time.Minute)
		for range 2 {
			_, err := do(sup, answering(1))
			require.NoError(t, err)
		}
		sup.Breaker(gateway).Reset()
	}, supervisor.WithLogger(slog.New(&log)))

	var levels []slog.Level
	var moves []string
	for _, l := range log.naming("breaker " + gateway + ":") {
		levels = append(levels, l.level)
		moves = append(moves, l.attrs["from"].(string)+" -> "+l.attrs["to"].(string))
	}
	assert.Equal(t, []string{"closed -> open", "open -> half_open", "half_open -> open", "open -> half_open",
		"half_open -> closed", "closed -> closed"}, moves)
	assert.Equal(t, []slog.Level{slog.LevelError, slog.LevelInfo, slog.LevelWarn, slog.LevelInfo,
		slog.LevelInfo, slog.LevelInfo}, levels)
	started := log.naming("target " + gateway + " started")
	require.Len(t, started, 1)
	assert.Equal(t, slog.LevelInfo, started[0].level, "that it was initialised")
}
