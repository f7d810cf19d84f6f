package concurrency

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

func pool(least, most int) policies.Pool {
	return policies.Pool{MinWorkers: least, Workers: most, LatencyTolerance: 1.5}
}

// rig drives a limiter with attempts that end one after the other. A window is
// then full with the fifth to tenth of them, as the limit is 5 to 10.
type rig struct {
	*Limiter
	now time.Duration
}

func newRig(p policies.Pool) *rig { return &rig{New(p), time.Hour} }

// run has n attempts end, each of which had as many beside it as may run.
func (r *rig) run(n int, latency time.Duration) {
	for range n {
		r.attempt(latency, r.Limit(), false)
	}
}

func (r *rig) attempt(latency time.Duration, inFlight int, dropped bool) {
	began := r.now
	r.now += latency
	r.Observe(Attempt{Began: began, Ended: r.now, InFlight: inFlight, Dropped: dropped})
}

// window has as many attempts end as make a window, and gives the limit.
func (r *rig) window(latency time.Duration) int {
	r.run(min(10, max(5, r.Limit())), latency)
	return r.Limit()
}

const ms = time.Millisecond

// If this fails, a target begins with more than it may, or less than it must.
func TestTheFirstLimitIsWithinItsBounds(t *testing.T) {
	for _, tc := range []struct{ least, most, want int }{
		{1, 256, 4}, {1, 3, 3}, {1, 1, 1}, {10, 20, 10}, {4, 4, 4},
	} {
		l := New(pool(tc.least, tc.most))
		assert.Equal(t, tc.want, l.Limit(), tc)
		assert.Equal(t, tc.want, l.Estimate(), tc)
		assert.Zero(t, l.Latency())
		assert.Zero(t, l.Base())
	}
}

// If this fails, a service that is well is used less than it could be, or the
// limit passes its bound.
func TestTheLimitDoublesUntilLatencyRises(t *testing.T) {
	r := newRig(pool(1, 50))
	for _, want := range []int{8, 16, 32, 50, 50} {
		assert.Equal(t, want, r.window(100*ms))
	}
	assert.Equal(t, 100*ms, r.Latency())
	assert.Equal(t, 100*ms, r.Base())
}

// at32 is a limiter that has found nothing wrong yet.
func at32() *rig {
	r := newRig(pool(1, 50))
	for range 3 {
		r.window(100 * ms)
	}
	return r
}

// If this fails, the queue stays in the service. With 250 ms in place of 100 the
// limit falls to 32 x 1.5 x 100/250 in one step; what was begun before is not
// held against it; and the base is measured with three quarters of what the
// service is thought to work on, 19.2 x 100/250.
func TestTheLimitFallsWhenLatencyRises(t *testing.T) {
	r := at32()
	r.window(250 * ms)
	assert.Equal(t, 19, r.Estimate())
	assert.Equal(t, 5, r.Limit(), "while the base is measured")
	for range 2 {
		r.attempt(250*ms, 32, false) // those of before are still there
	}
	r.run(2, 250*ms) // now they are gone, and one more that began before that
	r.run(9, 110*ms)
	assert.Equal(t, 5, r.Limit())
	r.run(1, 110*ms)
	assert.Equal(t, 19, r.Limit(), "ten are enough")
	assert.Equal(t, 105*ms, r.Base(), "half the way, for it may be another's queue")

	assert.Equal(t, 21, r.window(126*ms), "by a tenth from now on")
	assert.Equal(t, 23, r.window(126*ms))
	assert.Equal(t, 23, r.window(127*ms), "here it rests")
	assert.Equal(t, 23, r.window(157*ms))
	r.window(158 * ms)
	assert.Equal(t, 23, r.Limit(), "23.2 x 157.5/158")
	r.run(2, 158*ms)
	r.window(220 * ms)
	assert.Equal(t, 16, r.Limit())
}

// If this fails, a service that became slower for good is left with the least
// for ever, because each attempt seems to have queued.
func TestABaseThatRoseIsMeasuredAgain(t *testing.T) {
	r := at32()
	r.window(250 * ms)
	r.run(12, 100*ms)
	require.Equal(t, 19, r.Limit())
	var limits []int
	for range 60 {
		r.run(1, 400*ms)
		if n := len(limits); n == 0 || limits[n-1] != r.Limit() {
			limits = append(limits, r.Limit())
		}
	}
	// Half each time (as three eighths are too steep), to a fifth and less;
	// then it is measured, and the limit (of 1.2 by now) doubles again.
	assert.Equal(t, []int{19, 9, 4, 1, 2, 4, 9, 19}, limits)
	assert.Equal(t, 400*ms, r.Base())
}

// If this fails, a service that became faster is taken for one that may queue.
func TestABaseThatFellIsTakenAtOnce(t *testing.T) {
	r := newRig(pool(1, 4))
	r.window(100 * ms)
	require.Equal(t, 100*ms, r.Base())
	r.window(81 * ms)
	assert.Equal(t, 100*ms, r.Base(), "that may be an accident")
	r.window(79 * ms)
	assert.Equal(t, 79*ms, r.Base())
}

// If this fails, a limit grows that the load doesn't need, and the first rush
// finds no limit at all; or it falls for latencies that are not its doing.
func TestALoadThatIsSmallMovesNothing(t *testing.T) {
	r := newRig(pool(1, 256))
	for range 300 {
		r.attempt(100*ms, 3, false)
	}
	assert.Equal(t, 4, r.Limit(), "used, but never up to the limit")
	for range 500 {
		r.attempt(time.Second, 1, false)
	}
	assert.Equal(t, 4, r.Limit())
	assert.Greater(t, r.Base(), 900*ms, "the base follows slowly")
}

// If this fails, latencies that vary less than their mean is known by move the
// limit up and down.
func TestScatteredLatenciesAskForMoreAttempts(t *testing.T) {
	r := newRig(pool(1, 256))
	odd := func(n int) {
		for i := range n { // 20 ms or 180 ms: the variance is 0.64 of the mean's square
			r.attempt(time.Duration(20+160*(i%2))*ms, r.Limit(), false)
		}
	}
	for range 3 {
		r.window(100 * ms)
	}
	odd(10)
	require.Equal(t, 64, r.Limit(), "nobody knew")
	odd(62)
	assert.Equal(t, 64, r.Limit())
	odd(2)
	assert.Equal(t, 128, r.Limit(), "a standard error of a tenth")
}

// If this fails, a service that refuses what is too much is not relieved; or
// one refusal in ten halves what may run.
func TestDroppedAttemptsLowerTheLimitByTheirShare(t *testing.T) {
	r := at32()
	r.run(9, 100*ms)
	r.attempt(ms, r.Limit(), true)
	assert.Equal(t, 28, r.Estimate(), "by a tenth")

	r = at32()
	for range 10 {
		r.attempt(ms, r.Limit(), true)
	}
	assert.Equal(t, 16, r.Limit(), "at once, and by no more than half")

	r = newRig(pool(1, 64))
	for range 50 {
		r.attempt(ms, r.Limit(), true)
	}
	assert.Equal(t, 1, r.Limit(), "even if nothing is known")
	assert.Zero(t, r.Base())
}

// If this fails, a reload loses what was learnt, or leaves the limit outside of
// the new bounds.
func TestConfigureKeepsWhatIsKnown(t *testing.T) {
	r := newRig(pool(1, 256))
	r.window(100 * ms)
	r.window(100 * ms)
	require.Equal(t, 16, r.Limit())
	r.Configure(pool(1, 8))
	assert.Equal(t, 8, r.Limit())
	assert.Equal(t, 100*ms, r.Base())
	r.Configure(pool(20, 30))
	assert.Equal(t, 20, r.Limit())
	assert.Equal(t, 100*ms, r.Latency())

	r.window(250 * ms) // it falls, and measures
	r.Configure(pool(30, 30))
	assert.Equal(t, 30, r.Limit(), "even then")
}

// If this fails, attempts that hang keep the limit down for as long as they do.
func TestMeasuringDoesNotWaitForEver(t *testing.T) {
	r := at32()
	r.window(250 * ms)
	require.Equal(t, 5, r.Limit())
	for range 22 { // thirty more hang
		r.attempt(100*ms, 35, false)
	}
	assert.Equal(t, 19, r.Limit(), "after a second nobody waits for them any more")
}

// Whatever comes, in whatever order, the limit is within its bounds.
func TestTheLimitIsAlwaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bounds := rapid.Custom(func(t *rapid.T) policies.Pool {
			least := rapid.IntRange(1, 100).Draw(t, "least")
			return policies.Pool{MinWorkers: least, Workers: rapid.IntRange(least, 1_000_000).Draw(t, "most"),
				LatencyTolerance: rapid.Float64Range(1.1, 100).Draw(t, "tolerance")}
		})
		p := bounds.Draw(t, "pool")
		l := New(p)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			if rapid.IntRange(0, 30).Draw(t, "step") == 0 {
				p = bounds.Draw(t, "pool")
				l.Configure(p)
			}
			l.Observe(Attempt{
				Began: time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "began")), Ended: time.Duration(rapid.Int64Range(0, 1<<50).Draw(t, "ended")),
				InFlight: rapid.IntRange(0, 2_000).Draw(t, "in flight"), Dropped: rapid.Bool().Draw(t, "dropped"),
			})
			for _, limit := range []int{l.Limit(), l.Estimate()} {
				require.GreaterOrEqual(t, limit, p.MinWorkers)
				require.LessOrEqual(t, limit, p.Workers)
			}
			require.GreaterOrEqual(t, l.Base(), time.Duration(0))
			require.GreaterOrEqual(t, l.Latency(), time.Duration(0))
		}
	})
}

// If this fails, each attempt makes garbage.
func TestObserveAllocatesNothing(t *testing.T) {
	l := New(pool(1, 256))
	now := time.Second
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		now += ms
		l.Observe(Attempt{Began: now - 50*ms, Ended: now, InFlight: l.Limit()})
	}))
}

func BenchmarkObserve(b *testing.B) {
	l := New(pool(1, 256))
	now := time.Second
	b.ReportAllocs()
	for b.Loop() {
		now += ms
		l.Observe(Attempt{Began: now - 50*ms, Ended: now, InFlight: l.Limit()})
	}
}
