package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A gap between two stages, or another order, would make the service's
// behaviour differ from what the event stream announces.
func TestScheduleHasNoGapsAndAllPhases(t *testing.T) {
	for _, total := range []time.Duration{shortestRun, defaultRun, longestRun, 7*time.Second + 1} {
		t.Run(total.String(), func(t *testing.T) {
			stages := schedule(total)
			var order []phase
			var end time.Duration
			for _, s := range stages {
				assert.Equal(t, end, s.from)
				assert.Greater(t, s.to, s.from)
				end = s.to
				order = append(order, s.phase)
			}
			assert.Equal(t, total, end)
			assert.Equal(t, []phase{healthy, slow, down, overloaded, recovering, healthy}, order)
		})
	}
}

func TestEveryPhaseIsDescribed(t *testing.T) {
	for _, s := range schedule(defaultRun) {
		assert.Contains(t, s.phase.describe(), string(s.phase)+": ")
	}
	assert.Equal(t, "other", phase("other").describe())
}

// If the share of failures were not what the phase's line says, the demo
// would mislead.
func TestDecideKeepsToTheShares(t *testing.T) {
	const draws = 20_000
	for _, tc := range []struct {
		phase phase
		want  map[int]float64
	}{
		{healthy, map[int]float64{200: 1}},
		{slow, map[int]float64{200: 1}},
		{overloaded, map[int]float64{200: .55, 429: .30, 503: .15}},
		{recovering, map[int]float64{200: .80, 500: .20}},
	} {
		t.Run(string(tc.phase), func(t *testing.T) {
			got := map[int]float64{}
			for n := range draws {
				f := decide(tc.phase, 7, n/4+1, n%4+1)
				got[f.status] += 1.0 / draws
				assert.Equal(t, f.status == 429 || f.status == 503, f.retryAfter > 0)
			}
			require.Len(t, got, len(tc.want))
			for status, share := range tc.want {
				assert.InDelta(t, share, got[status], 0.02, status)
			}
		})
	}
}

// Two runs with different luck could not be compared.
func TestDecideDependsOnItsArgumentsOnly(t *testing.T) {
	differ := 0
	for operation := range 100 {
		first := decide(overloaded, 3, operation, 1)
		assert.Equal(t, first, decide(overloaded, 3, operation, 1))
		if first.status != decide(overloaded, 3, operation, 2).status {
			differ++
		}
	}
	assert.Greater(t, differ, 20, "each attempt has its own luck")
}
