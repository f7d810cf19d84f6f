package flaky

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If the share of failures were not what the phase's line says, the demo
// would mislead.
func TestDecideKeepsToTheShares(t *testing.T) {
	const draws = 20_000
	for _, tc := range []struct {
		phase Phase
		want  map[int]float64
	}{
		{Healthy, map[int]float64{200: 1}},
		{Slow, map[int]float64{200: 1}},
		{Overloaded, map[int]float64{200: .55, 429: .30, 503: .15}},
		{Recovering, map[int]float64{200: .80, 500: .20}},
		{Dripping, map[int]float64{200: 1}},
		{Resetting, map[int]float64{200: 1}},
	} {
		t.Run(string(tc.phase), func(t *testing.T) {
			got := map[int]float64{}
			for n := range draws {
				f := Decide(tc.phase, 7, n/4+1, n%4+1)
				got[f.Status] += 1.0 / draws
				assert.Equal(t, f.Status == 429 || f.Status == 503, f.RetryAfter > 0)
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
		first := Decide(Overloaded, 3, operation, 1)
		assert.Equal(t, first, Decide(Overloaded, 3, operation, 1))
		if first.Status != Decide(Overloaded, 3, operation, 2).Status {
			differ++
		}
	}
	assert.Greater(t, differ, 20, "each attempt has its own luck")
}
