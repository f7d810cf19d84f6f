package breaker

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

func TestOpenTimeTable(t *testing.T) {
	for name, c := range map[string]struct {
		recovery   time.Duration
		multiplier float64
		longest    time.Duration
		jitter     float64
		reopens    int
		rnd        float64
		want       time.Duration
	}{
		"the first time":                       {time.Minute, 2, time.Hour, 0, 0, 0, time.Minute},
		"the second":                           {time.Minute, 2, time.Hour, 0, 1, 0, 2 * time.Minute},
		"the fourth":                           {time.Minute, 2, time.Hour, 0, 3, 0, 8 * time.Minute},
		"no growth":                            {time.Minute, 1, time.Hour, 0, 1000, 0, time.Minute},
		"capped":                               {time.Minute, 2, 10 * time.Minute, 0, 4, 0, 10 * time.Minute},
		"the power overflows a Duration":       {time.Minute, 2, 24 * time.Hour, 0, 64, 0, 24 * time.Hour},
		"the power overflows a float":          {time.Minute, 100, 24 * time.Hour, 0, math.MaxInt, 0, 24 * time.Hour},
		"jitter":                               {time.Minute, 2, time.Hour, 0.5, 0, 0.5, 75 * time.Second},
		"jitter of the grown time":             {time.Minute, 2, time.Hour, 0.5, 1, 0.5, 150 * time.Second},
		"jitter keeps room below the cap":      {time.Minute, 2, 10 * time.Minute, 0.25, 9, 0, 8 * time.Minute},
		"Pekko: jitter never passes the cap":   {time.Minute, 2, 10 * time.Minute, 1, 9, 1, 10 * time.Minute},
		"the cap leaves no room below":         {time.Minute, 2, time.Minute, 1, 9, 0, time.Minute},
		"the cap leaves no room above":         {time.Minute, 2, time.Minute, 1, 9, 0.9, time.Minute},
		"the cap leaves room for some jitter":  {time.Minute, 2, 100 * time.Second, 1, 9, 0.5, 90 * time.Second},
		"a random number below its range":      {time.Minute, 2, time.Hour, 1, 0, -3, time.Minute},
		"a random number above its range":      {time.Minute, 2, time.Hour, 1, 0, 1e300, time.Hour},
		"a random number that is none":         {time.Minute, 2, time.Hour, 1, 0, math.NaN(), time.Minute},
		"gobreaker: zero does not become 60 s": {0, 2, time.Hour, 0.1, 5, 0.5, 0},
		"zero, and a power that overflows":     {0, 100, time.Hour, 0.1, math.MaxInt, 0.5, 0},
		"one nanosecond":                       {1, 2, 1, 0.1, 5, 0.5, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := policies.Breaker{
				RecoveryTimeout: c.recovery, RecoveryMultiplier: c.multiplier,
				MaxRecoveryTimeout: c.longest, RecoveryJitter: c.jitter,
			}
			assert.Equal(t, c.want, openTime(&s, c.reopens, c.rnd))
		})
	}
}

// The promise of the settings: every open time lies between the two, and
// does not shrink while recoveries keep failing.
func TestOpenTimeStaysInBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shortest := rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "recovery_timeout")
		longest := rapid.Int64Range(shortest, int64(24*time.Hour)).Draw(t, "max_recovery_timeout")
		s := policies.Breaker{
			RecoveryTimeout:    time.Duration(shortest),
			MaxRecoveryTimeout: time.Duration(longest),
			RecoveryMultiplier: rapid.Float64Range(1, 100).Draw(t, "recovery_multiplier"),
			RecoveryJitter:     rapid.Float64Range(0, 1).Draw(t, "recovery_jitter"),
		}
		k := rapid.IntRange(0, math.MaxInt-1).Draw(t, "reopens")
		rnd := rapid.Float64Range(0, 1).Draw(t, "rnd")
		got := openTime(&s, k, rnd)
		if got < s.RecoveryTimeout || got > s.MaxRecoveryTimeout {
			t.Fatalf("open for %v, not in [%v, %v]", got, s.RecoveryTimeout, s.MaxRecoveryTimeout)
		}
		if next := openTime(&s, k+1, rnd); next < got {
			t.Fatalf("open for %v after reopening %d, for %v after the next", got, k, next)
		}
		if most := openTime(&s, k, 0.999); most < openTime(&s, k, 0) {
			t.Fatalf("jitter shortened the open time to %v", most)
		}
	})
}

func TestFailedRecoveriesWaitLonger(t *testing.T) {
	r := newRig(t).open()
	want := time.Minute
	for k := range 40 {
		assert.Equal(t, k, r.counts().Reopens)
		assert.Equal(t, want, r.Until().Sub(r.now), "reopening %d", k)
		r.tickAtNext()
		r.call(fail)
		want = min(2*want, 10*time.Minute)
	}
}
