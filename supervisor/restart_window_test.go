package supervisor

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func second(n int) time.Time { return time.Unix(int64(n), 0) }

func within10(n int) policies.Restart {
	return policies.Restart{MaxRestarts: n, Within: 10 * time.Second}
}

// If it failed, a crash loop would not be noticed, or a few crashes a day
// would be taken for one.
func TestRestartsAreCountedInAPeriod(t *testing.T) {
	for name, c := range map[string]struct {
		limit    int
		at       []int
		exceeded []bool
	}{
		"as many as allowed":         {2, []int{0, 1}, []bool{false, false}},
		"one too many":               {2, []int{0, 1, 10}, []bool{false, false, true}},
		"just too long":              {2, []int{0, 1, 11}, []bool{false, false, false}},
		"a limit of one":             {1, []int{0, 10, 21}, []bool{false, true, false}},
		"the period slides":          {2, []int{0, 9, 11, 18, 19}, []bool{false, false, false, true, true}},
		"steadily within the period": {3, []int{0, 5, 10, 15, 20}, []bool{false, false, false, false, false}},
		"no limit":                   {policies.Never, []int{0, 0, 0}, []bool{false, false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			var w restartWindow
			for i, at := range c.at {
				assert.Equal(t, c.exceeded[i], w.exceeds(second(at), within10(c.limit)), "restart %d", i+1)
			}
		})
	}
}

// If it failed, a reload would trip a breaker for restarts that are allowed,
// or forget those that count.
func TestAnotherLimitCountsTheSameRestarts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var w restartWindow
		var all []int
		now := 0
		for range 40 {
			now += random.IntN(6)
			limit := 1 + random.IntN(5)
			recent := 1
			for _, at := range all {
				if now-at <= 10 {
					recent++
				}
			}
			all = append(all, now)
			// It may have forgotten what a stricter limit had no use for,
			// but never counts what was not there.
			if w.exceeds(second(now), within10(limit)) {
				require.Greater(t, recent, limit)
			}
			require.LessOrEqual(t, len(w.times), limit+1, "it grows without bound")
		}
	}

	var w restartWindow
	for _, at := range []int{0, 100, 200} {
		assert.False(t, w.exceeds(second(at), within10(2)))
	}
	for _, at := range []int{300, 304, 308} {
		assert.False(t, w.exceeds(second(at), within10(3)))
	}
	assert.True(t, w.exceeds(second(310), within10(3)))
	assert.True(t, w.exceeds(second(310), within10(1)), "a stricter limit")
}

// If it failed, a target that was started again would be stopped at its first
// restart.
func TestAClearedWindowStartsAfresh(t *testing.T) {
	var w restartWindow
	assert.False(t, w.exceeds(second(0), within10(1)))
	w.clear()
	assert.False(t, w.exceeds(second(0), within10(1)))
	assert.True(t, w.exceeds(second(0), within10(1)))
}

// If it failed, a target whose restarts nobody limits would keep the time of each,
// or count those of before against a limit that comes back.
func TestRestartsWithoutALimitAreNotKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := &targetActor{Target: one(t).Target("x"), desk: &desk{}}
		require.Equal(t, policies.Never, a.policy.Load().Restart.MaxRestarts)
		a.restarts.times = []time.Time{time.Now()}
		a.countRestart(errPlain)
		assert.Empty(t, a.restarts.times)
	})
}
