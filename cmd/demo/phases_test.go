package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
		assert.Contains(t, describe(s.phase), string(s.phase)+": ")
	}
	assert.Equal(t, "other", describe("other"))
}
