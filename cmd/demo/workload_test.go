package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The two runs are compared, so they must get the same work.
func TestPlanIsTheSameForTheSameSeed(t *testing.T) {
	assert.Equal(t, plan(5, defaultRun), plan(5, defaultRun))
	assert.NotEqual(t, plan(5, defaultRun), plan(6, defaultRun))
}

func TestPlanKeepsToItsRates(t *testing.T) {
	for _, total := range []time.Duration{shortestRun, defaultRun, longestRun} {
		t.Run(total.String(), func(t *testing.T) {
			ops := plan(1, total)
			arrivals := total * arrivalsPercent / 100
			assert.InEpsilon(t, perSecond*arrivals.Seconds(), len(ops), 0.1)
			users, seen := 0, map[int]bool{}
			for i, op := range ops {
				require.Equal(t, i+1, op.id, "ids follow the arrivals")
				require.Less(t, op.arrival, arrivals)
				require.Positive(t, op.patience)
				require.LessOrEqual(t, op.arrival+op.patience, total, "no operation outlasts the run")
				seen[op.agent] = true
				if op.kind == interactive {
					users++
					require.LessOrEqual(t, op.patience, userPatience)
				}
			}
			assert.Len(t, seen, agents)
			assert.InDelta(t, interactiveShare, float64(users)/float64(len(ops)), 0.1)
		})
	}
}
