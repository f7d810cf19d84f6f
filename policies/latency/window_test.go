package latency

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Broken, a hedge would start on the word of a handful of calls.
func TestAnEstimateNeedsEnoughCalls(t *testing.T) {
	w := NewWindow(0.9)
	for range enough - 1 {
		w.Add(time.Millisecond)
		_, known := w.Estimate()
		require.False(t, known)
	}
	w.Add(time.Millisecond)
	d, known := w.Estimate()
	require.True(t, known)
	assert.InDelta(t, float64(time.Millisecond), float64(d), float64(time.Millisecond)/16)
}

// Broken, the estimate would remember a service as it was long ago.
func TestOldCallsAreForgotten(t *testing.T) {
	w := NewWindow(0.5)
	for range 10 * generation {
		w.Add(time.Second)
	}
	for range 2 * generation {
		w.Add(time.Millisecond)
	}
	d, _ := w.Estimate()
	assert.Less(t, d, 2*time.Millisecond)
}

// Broken, a duration would fall outside its bucket, or the buckets overlap.
func TestEveryDurationIsBelowItsBucketsEnd(t *testing.T) {
	for i := 1; i < buckets; i++ {
		require.Greater(t, upper(i), upper(i-1))
		require.Equal(t, i, bucket(upper(i-1)), "the end of a bucket begins the next")
		require.Equal(t, i, bucket(upper(i)-1))
		require.LessOrEqual(t, float64(upper(i)), float64(upper(i-1))*(1+1.0/perOctave))
	}
	for _, d := range []time.Duration{math.MinInt64, -1, 0, 1} {
		assert.Equal(t, 0, bucket(d))
	}
	assert.Equal(t, buckets-1, bucket(math.MaxInt64))
}

// The estimate is held to a sorted list of the same durations.
func TestTheEstimateIsTheQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := rapid.Float64Range(0.01, 0.999).Draw(t, "quantile")
		n := rapid.IntRange(2, 30).Draw(t, "n") * refresh
		w := NewWindow(q)
		var all []time.Duration
		for range n {
			d := time.Duration(rapid.Int64Range(int64(2*time.Microsecond), int64(time.Hour)).Draw(t, "d"))
			w.Add(d)
			all = append(all, d)
		}
		kept := all
		if n > generation { // the last full generation, and what followed it
			kept = all[(n-1)/generation*generation-generation:]
		}
		kept = slices.Sorted(slices.Values(kept))
		want := kept[max(int(math.Ceil(q*float64(len(kept)))), 1)-1]
		got, known := w.Estimate()
		require.True(t, known)
		require.Greater(t, got, want)
		require.LessOrEqual(t, float64(got), float64(want)*(1+1.0/perOctave)+1)
	})
}

func BenchmarkAdd(b *testing.B) {
	w := NewWindow(0.95)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Add(time.Duration(i%1000) * time.Microsecond)
	}
}
