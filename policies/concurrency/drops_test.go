package concurrency

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drive has n attempts of 10 ms end, of which the share of(limit) is dropped,
// and gives the mean limit over the last half of them.
func (r *rig) drive(n int, of func(limit int) float64) float64 {
	random := rand.New(rand.NewPCG(1, 2))
	sum, since := 0.0, 0
	for i := range n {
		began := r.now
		r.now += 10 * ms / 64
		limit := r.Limit()
		r.Observe(Attempt{Began: began, Ended: began + 10*ms, InFlight: limit, Dropped: random.Float64() < of(limit)})
		if i >= n/2 {
			sum += float64(limit)
			since++
		}
	}
	return sum / float64(since)
}

func share(of float64) func(int) float64 { return func(int) float64 { return of } }

// If this fails, one broken replica among ten leaves a target with one attempt
// at a time, however well the others are.
func TestDropsThatTheLimitDoesNotPreventAreNotItsDoing(t *testing.T) {
	for _, of := range []float64{0.02, 0.05, 0.1, 0.2, 0.3} {
		r := newRig(pool(1, 64))
		assert.Greater(t, r.drive(200_000, share(of)), 48., "%v", of)
		assert.Less(t, r.drops.usual, 2*of, "%v", of)
	}
}

// If this fails, a service that has too much to do is not relieved: the drops
// that a lower limit prevents are taken for usual, a bit more of them each time.
func TestDropsThatTheLimitPreventsAreItsDoing(t *testing.T) {
	for name, tc := range map[string]struct {
		of   func(limit int) float64
		most float64
	}{
		"as many as run":        {func(limit int) float64 { return float64(limit) / 100 }, 12},
		"all beyond 20":         {func(limit int) float64 { return max(0, float64(limit-20)/float64(limit)) }, 24},
		"beyond 20 and a tenth": {func(limit int) float64 { return 0.1 + max(0, 0.9*float64(limit-20)/float64(limit)) }, 26},
		"most of them":          {share(0.7), 1.5},
	} {
		r := newRig(pool(1, 64))
		assert.Less(t, r.drive(400_000, tc.of), tc.most, name)
	}
}

// If this fails, a target that has recovered from a tenth of drops may be driven
// into an overload that drops as many.
func TestAShareOfDropsThatIsNoMoreIsForgotten(t *testing.T) {
	r := newRig(pool(1, 64))
	r.drive(200_000, share(0.1))
	require.Greater(t, r.drops.usual, 0.05)
	r.drive(2_000, share(0))
	assert.Less(t, r.drops.usual, 0.01)
}
