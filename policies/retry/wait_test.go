package retry

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	almostOne = 1 - 1.0/(1<<53)
	ms        = time.Millisecond
)

// Broken, a wait would not come from the interval its jitter promises.
func TestWaitIntervals(t *testing.T) {
	for _, tt := range []struct {
		jitter    policies.Jitter
		min, max  time.Duration
		n         int
		previous  time.Duration
		low, high time.Duration
	}{
		{policies.JitterFull, time.Second, 10 * time.Second, 1, 0, time.Second, 2 * time.Second},
		{policies.JitterFull, time.Second, 10 * time.Second, 3, 0, time.Second, 8 * time.Second},
		{policies.JitterFull, time.Second, 10 * time.Second, 4, 0, time.Second, 10 * time.Second},
		{"", time.Second, 10 * time.Second, 2, 0, time.Second, 4 * time.Second},
		{policies.JitterFull, time.Second, 10 * time.Second, 0, 0, time.Second, 2 * time.Second},
		{policies.JitterFull, time.Second, 10 * time.Second, math.MinInt, 0, time.Second, 2 * time.Second},
		{policies.JitterFull, time.Second, 10 * time.Second, math.MaxInt, 0, time.Second, 10 * time.Second},
		{policies.JitterFull, 0, 10 * time.Second, 5, 0, 0, 0},
		{policies.JitterFull, time.Second, time.Second, 5, 0, time.Second, time.Second},
		{policies.JitterFull, 1, 24 * time.Hour, 62, 0, 1, 24 * time.Hour},
		{policies.JitterFull, 24 * time.Hour, 24 * time.Hour, math.MaxInt, 0, 24 * time.Hour, 24 * time.Hour},
		{policies.JitterFull, time.Minute, time.Second, 1, 0, time.Second, time.Second},
		{policies.JitterFull, math.MaxInt64, math.MaxInt64, math.MaxInt, 0, math.MaxInt64, math.MaxInt64},
		{policies.JitterEqual, time.Second, 10 * time.Second, 1, 0, 1500 * ms, 2 * time.Second},
		{policies.JitterEqual, time.Second, 10 * time.Second, 9, 0, 5500 * ms, 10 * time.Second},
		{policies.JitterNone, time.Second, 10 * time.Second, 1, 0, time.Second, time.Second},
		{policies.JitterNone, time.Second, 10 * time.Second, 4, 0, 8 * time.Second, 8 * time.Second},
		{policies.JitterNone, time.Second, 10 * time.Second, 5, 0, 10 * time.Second, 10 * time.Second},
		{policies.JitterNone, time.Second, 10 * time.Second, math.MaxInt, 0, 10 * time.Second, 10 * time.Second},
		{policies.JitterDecorrelated, time.Second, 10 * time.Second, 1, 0, time.Second, 3 * time.Second},
		{policies.JitterDecorrelated, time.Second, 10 * time.Second, 2, 2 * time.Second, time.Second, 6 * time.Second},
		{policies.JitterDecorrelated, time.Second, 10 * time.Second, 2, 4 * time.Second, time.Second, 10 * time.Second},
		{policies.JitterDecorrelated, time.Second, 10 * time.Second, 2, math.MaxInt64, time.Second, 10 * time.Second},
		{policies.JitterDecorrelated, 0, 10 * time.Second, 1, -1, 0, 0},
	} {
		p := &policies.Retry{Jitter: tt.jitter, MinWait: tt.min, MaxWait: tt.max}
		assert.Equal(t, tt.low, Wait(p, tt.n, tt.previous, 0), "low end of %+v", tt)
		assert.Equal(t, tt.high, Wait(p, tt.n, tt.previous, almostOne), "high end of %+v", tt)
	}
}

// Broken, a faulty random source would drive waits out of bounds.
func TestWaitTakesTheNearestEndForJunk(t *testing.T) {
	p := &policies.Retry{MinWait: time.Second, MaxWait: time.Minute}
	assert.Equal(t, time.Second, Wait(p, 1, 0, math.NaN()))
	assert.Equal(t, time.Second, Wait(p, 1, 0, math.Inf(-1)))
	assert.Equal(t, time.Second, Wait(p, 1, 0, -0.5))
	assert.Equal(t, 2*time.Second, Wait(p, 1, 0, 1))
	assert.Equal(t, 2*time.Second, Wait(p, 1, 0, math.Inf(1)))
}

// Broken, small intervals would never see one of their ends.
func TestDrawReachesEveryValueEvenly(t *testing.T) {
	seen := map[time.Duration]int{}
	for i := range 400 {
		seen[draw(10, 13, float64(i)/400)]++
	}
	assert.Equal(t, map[time.Duration]int{10: 100, 11: 100, 12: 100, 13: 100}, seen)
}

// Invariant: every wait is in [MinWait, MaxWait], and no later wait has a
// lower top than an earlier one.
func TestWaitStaysInBounds(t *testing.T) {
	jitters := []policies.Jitter{
		policies.JitterFull, policies.JitterEqual, policies.JitterNone, policies.JitterDecorrelated,
	}
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "max")
		p := &policies.Retry{
			Jitter:  rapid.SampledFrom(jitters).Draw(t, "jitter"),
			MinWait: time.Duration(rapid.Int64Range(0, most).Draw(t, "min")),
			MaxWait: time.Duration(most),
		}
		n := rapid.Int().Draw(t, "n")
		previous := time.Duration(rapid.Int64().Draw(t, "previous"))
		rnd := rapid.OneOf(rapid.Float64Range(0, almostOne), rapid.Float64()).Draw(t, "rnd")
		wait := Wait(p, n, previous, rnd)
		require.GreaterOrEqual(t, wait, p.MinWait)
		require.LessOrEqual(t, wait, p.MaxWait)
		if n < math.MaxInt {
			require.LessOrEqual(t, Wait(p, n, previous, almostOne), Wait(p, n+1, previous, almostOne))
		}
	})
}
