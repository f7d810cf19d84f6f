package retry

import (
	"flag"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

var samples = flag.Int("samples", 200_000, "how many waits TestSampledWaits draws")

var everyJitter = []policies.Jitter{policies.JitterFull, policies.JitterEqual, policies.JitterNone, policies.JitterDecorrelated}

// interval is where a wait has to lie, ends included, reckoned with numbers that
// can't overflow.
func interval(p *policies.Retry, n int, previous time.Duration) (low, high time.Duration) {
	most, least := big.NewInt(int64(p.MaxWait)), big.NewInt(int64(p.MinWait))
	capped := func(d *big.Int) *big.Int {
		if d.Cmp(most) > 0 {
			return most
		}
		return d
	}
	// 2^100 nanoseconds are more than there can be, whatever the exponent beyond.
	doubled := func(times int) *big.Int { return capped(new(big.Int).Lsh(least, uint(min(times, 100)))) }
	n = max(n, 1)
	switch p.Jitter {
	case policies.JitterNone:
		return time.Duration(doubled(n - 1).Int64()), time.Duration(doubled(n - 1).Int64())
	case policies.JitterEqual:
		top := doubled(n)
		middle := new(big.Int).Add(top, least)
		middle.Add(middle, big.NewInt(1)).Rsh(middle, 1)
		return time.Duration(middle.Int64()), time.Duration(top.Int64())
	case policies.JitterDecorrelated:
		last := big.NewInt(int64(previous))
		if last.Cmp(least) < 0 {
			last = least
		}
		return p.MinWait, time.Duration(capped(new(big.Int).Mul(last, big.NewInt(3))).Int64())
	}
	return p.MinWait, time.Duration(doubled(n).Int64())
}

// I5. If it failed, a wait would leave the interval that its jitter promises, for
// some number of attempts, bounds or random number.
func FuzzWait(f *testing.F) {
	for jitter := range uint8(4) {
		f.Add(jitter, int64(time.Second), int64(time.Minute), 3, int64(0), 0.5)
		f.Add(jitter, int64(1), int64(24*time.Hour), math.MaxInt, int64(math.MaxInt64), math.Nextafter(1, 0))
		f.Add(jitter, int64(0), int64(0), math.MinInt, int64(math.MinInt64), math.NaN())
		f.Add(jitter, int64(24*time.Hour), int64(0), 62, int64(-1), math.Inf(1))
		f.Add(jitter, int64(3), int64(math.MaxInt64), 63, int64(math.MaxInt64/3+1), math.Copysign(0, -1))
	}
	f.Fuzz(func(t *testing.T, jitter uint8, least, more int64, n int, previous int64, rnd float64) {
		p := &policies.Retry{Jitter: everyJitter[jitter%4], MinWait: time.Duration(max(0, least))}
		p.MaxWait = p.MinWait + time.Duration(min(max(0, more), math.MaxInt64-int64(p.MinWait)))
		wait := Wait(p, n, time.Duration(previous), rnd)
		low, high := interval(p, n, time.Duration(previous))
		if wait < low || wait > high {
			t.Fatalf("%s: Wait(n=%d, previous=%d, rnd=%v) = %d, not in [%d, %d]", p.Jitter, n, previous, rnd, wait, low, high)
		}
	})
}

// I5 in numbers: go test ./policies/retry -run TestSampledWaits -samples 10000000 -v
//
// Each sample is a whole decision under random bounds. If it failed, an operation
// would wait for less or longer than its policy says, or past its deadline.
func TestSampledWaits(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	outside, waits := 0, 0
	for range *samples {
		p := policies.Retry{Enabled: true, MaxAttempts: math.MaxInt, Jitter: everyJitter[r.IntN(4)], Idempotent: policies.IdempotentYes}
		p.MaxWait = time.Duration(r.Int64N(1 << r.IntN(47)))
		p.MinWait = time.Duration(r.Int64N(int64(p.MaxWait) + 1))
		p.MaxServerWait = time.Duration(r.Int64N(1 << r.IntN(47)))
		pr := Progress{Attempt: r.IntN(1 << r.IntN(63)), Previous: time.Duration(r.Int64N(1 << r.IntN(47))), Accepted: start}
		v := refuse
		if r.IntN(4) == 0 {
			v = serverSays(v, time.Duration(r.Int64N(1<<r.IntN(47))))
		}
		now := start.Add(time.Duration(r.Int64N(int64(time.Hour))))
		if r.IntN(4) == 0 {
			pr.Deadline = now.Add(time.Duration(r.Int64N(1 << r.IntN(47))))
		}
		if r.IntN(4) == 0 {
			p.MaxElapsed = time.Duration(r.Int64N(1 << r.IntN(47)))
		}
		d := Decide(&p, v, pr, now, r.Float64())
		if !d.Retry {
			continue
		}
		waits++
		if !inBounds(&p, v, pr, now, d) {
			outside++
			t.Logf("seed %d: %+v for %+v, %+v, %+v at %s", seed, d, p, v, pr, now)
		}
	}
	t.Logf("%d samples, %d waits, %d out of bounds", *samples, waits, outside)
	require.Zero(t, outside)
	require.Greater(t, waits, *samples/3, "most samples must come to a wait, or this shows nothing")
}

func inBounds(p *policies.Retry, v classify.Verdict, pr Progress, now time.Time, d Decision) bool {
	switch {
	case d.Source == Server && (d.Wait != v.Delay || d.Wait > p.MaxServerWait):
		return false
	case d.Source == Computed:
		if low, high := interval(p, pr.Attempt, pr.Previous); d.Wait < low || d.Wait > high || d.Wait < p.MinWait || d.Wait > p.MaxWait {
			return false
		}
	}
	ends := now.Add(d.Wait)
	return (pr.Deadline.IsZero() || ends.Before(pr.Deadline)) && (p.MaxElapsed == 0 || !ends.After(pr.Accepted.Add(p.MaxElapsed)))
}
