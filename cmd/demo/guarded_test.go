package main

import (
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The demo's promise in small: while the breaker is open a user's operation
// fails at once, background work waits and then succeeds, and each attempt
// knows its number.
func TestGuardedFailsUsersFastAndParksBackgroundWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		set, err := loadSet(nil)
		require.NoError(t, err)
		var isDown atomic.Bool
		isDown.Store(true)
		var record record
		g, err := newGuarded(set, func(_ context.Context, _ operation, attempt int) error {
			assert.GreaterOrEqual(t, attempt, 1)
			if isDown.Load() {
				return syscall.ECONNREFUSED
			}
			return nil
		}, record.add)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		for id := range 2 { // four attempts each: the second meets the threshold of five
			require.Error(t, g.run(ctx, operation{id: id, kind: interactive}))
		}

		start := time.Now()
		require.ErrorIs(t, g.run(ctx, operation{kind: interactive}), supervisor.ErrOpen)
		assert.Zero(t, time.Since(start))
		parked := make(chan error, 1)
		go func() { parked <- g.run(ctx, operation{kind: background}) }()
		isDown.Store(false)
		require.NoError(t, <-parked)
		assert.Positive(t, time.Since(start))
		require.NoError(t, g.run(ctx, operation{kind: interactive}))

		require.NoError(t, g.close(ctx))
		require.NoError(t, fullCycle(record.transitions))
	})
}

// Events that got lost must be said to be lost.
func TestGuardedReportsDroppedEvents(t *testing.T) {
	set, err := policies.NewSet(map[string]policies.Policy{modelAPI: impatient()})
	require.NoError(t, err)
	release := make(chan struct{})
	g, err := newGuarded(set, func(context.Context, operation, int) error { return errors.New("broken") },
		func(actors.Event) { <-release })
	require.NoError(t, err)
	var dropped uint64
	g.onDropped = func(n uint64) { dropped = n }
	for g.events.Dropped() == 0 {
		require.Error(t, g.run(t.Context(), operation{kind: interactive}))
	}
	close(release)
	require.NoError(t, g.close(t.Context()))
	assert.Positive(t, dropped)
}

// impatient is a policy under which each operation is one attempt, and the
// breaker lets all of them through.
func impatient() policies.Policy {
	p := policies.Default(policies.API)
	p.Retry.Enabled, p.Breaker.Enabled = false, false
	return p
}
