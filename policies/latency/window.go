// Package latency estimates how long recent calls took. It is pure: it knows no
// clock, no goroutine and no mutex.
package latency

import (
	"math/bits"
	"time"
)

const (
	// perOctave is how many buckets share a power of two, so that a bucket's
	// bounds are at most 1/16 apart.
	perOctaveBits = 4
	perOctave     = 1 << perOctaveBits
	// least and most bound what is told apart: about a microsecond, and about
	// 19 hours.
	leastBits = 10
	mostBits  = 46
	buckets   = (mostBits - leastBits) * perOctave

	// generation is how many durations a generation of counts holds. The
	// estimate is of the present and the last one.
	generation = 512
	// enough is how many durations an estimate needs.
	enough = 64
	// refresh is how many durations pass between two estimates.
	refresh = 32
)

// Window estimates one quantile of the last 512 to 1,024 durations it was
// given. The estimate is the upper bound of a bucket, at most 1/16 above the
// duration that is the quantile. Its memory is fixed, and [Window.Add] costs
// O(1) on average. It is not safe for concurrent use.
type Window struct {
	quantile float64
	counts   [2][buckets]uint16 // of the last and the present generation
	present  int
	held     [2]int
	estimate time.Duration
	known    bool
}

// NewWindow returns an empty window for a quantile over 0 and below 1.
func NewWindow(quantile float64) *Window { return &Window{quantile: quantile} }

// Add takes in how long a call took.
func (w *Window) Add(d time.Duration) {
	if w.held[w.present] == generation {
		w.present = 1 - w.present
		w.counts[w.present] = [buckets]uint16{}
		w.held[w.present] = 0
	}
	w.counts[w.present][bucket(d)]++
	w.held[w.present]++
	if all := w.held[0] + w.held[1]; all >= enough && all%refresh == 0 {
		w.estimate, w.known = w.compute(all), true
	}
}

// Estimate returns the quantile as of the last 32 durations or fewer ago, and
// false as long as there were fewer than 64.
func (w *Window) Estimate() (time.Duration, bool) { return w.estimate, w.known }

func (w *Window) compute(all int) time.Duration {
	rank, seen := w.quantile*float64(all), 0
	for i := range buckets {
		seen += int(w.counts[0][i]) + int(w.counts[1][i])
		if float64(seen) >= rank {
			return upper(i)
		}
	}
	return upper(buckets - 1)
}

// bucket returns the index of the bucket that d falls into.
func bucket(d time.Duration) int {
	n := uint64(max(d, 1<<leastBits))
	octave := bits.Len64(n) - 1
	if octave >= mostBits {
		return buckets - 1
	}
	within := n >> (octave - perOctaveBits) & (perOctave - 1)
	return (octave-leastBits)*perOctave + int(within)
}

// upper is the end of a bucket, which belongs to the next.
func upper(i int) time.Duration {
	octave, within := i/perOctave+leastBits, i%perOctave
	return time.Duration(perOctave+within+1) << (octave - perOctaveBits)
}
