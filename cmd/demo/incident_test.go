package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If follow skipped or reordered stages, the announced phase would not be
// the one the calls meet.
func TestFollowGoesThroughTheStagesInOrder(t *testing.T) {
	s := started(t)
	var seen []phase
	var downs []bool
	stages := []stage{{phase: slow}, {phase: down}, {phase: overloaded}, {phase: healthy}}
	err := follow(t.Context(), s, time.Now(), stages, func(st stage, _ time.Time) {
		seen = append(seen, st.phase)
		downs = append(downs, s.IsDown())
	})
	require.NoError(t, err)
	assert.Equal(t, []phase{slow, down, overloaded, healthy}, seen)
	assert.Equal(t, []bool{false, true, false, false}, downs)
}

func TestFollowEndsWithItsContext(t *testing.T) {
	s := started(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := follow(ctx, s, time.Now(), []stage{{phase: down, from: time.Hour}}, func(stage, time.Time) {
		assert.Fail(t, "no stage may begin after the end")
	})
	require.NoError(t, err)
}
