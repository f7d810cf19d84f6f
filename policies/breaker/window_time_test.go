package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"
)

func TestTimeWindowSlides(t *testing.T) {
	const bucket = time.Second
	for name, c := range map[string]struct {
		addAt []time.Duration
		now   time.Duration
		want  int
	}{
		"at once":                              {[]time.Duration{0}, 0, 1},
		"just before its bucket leaves":        {[]time.Duration{0}, 64*bucket - 1, 1},
		"when its bucket leaves":               {[]time.Duration{0}, 64 * bucket, 0},
		"one bucket's width early at worst":    {[]time.Duration{bucket - 1}, 64 * bucket, 0},
		"much later":                           {[]time.Duration{0, 1, 2}, 1e6 * bucket, 0},
		"a part leaves":                        {[]time.Duration{0, 10 * bucket, 63 * bucket}, 70 * bucket, 2},
		"after 300 years":                      {[]time.Duration{0}, 1<<63 - 1, 0},
		"out of order":                         {[]time.Duration{5 * bucket, 0, 5 * bucket}, 5 * bucket, 3},
		"out of order slides no further":       {[]time.Duration{60 * bucket, 0, 60 * bucket, 0, 60 * bucket}, 100 * bucket, 5},
		"a clock that is set back loses none":  {[]time.Duration{1000 * bucket, 0}, 0, 2},
		"and slides again from where it is":    {[]time.Duration{1000 * bucket, 0}, 64 * bucket, 0},
		"and the new calls are counted as new": {[]time.Duration{1000 * bucket, 0, 63 * bucket}, 64 * bucket, 1},
		"set back by little over the window":   {[]time.Duration{100 * bucket, 20 * bucket}, 84 * bucket, 0},
		"set back by the window":               {[]time.Duration{100 * bucket, 36 * bucket}, 100 * bucket, 0},
		"set back by hardly less":              {[]time.Duration{100 * bucket, 36*bucket + 1}, 100 * bucket, 2},
		"before it was made":                   {[]time.Duration{-10 * bucket}, -10 * bucket, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTimeWindow(timeBuckets*bucket, start)
			for _, at := range c.addAt {
				w.add(start.Add(at), true, true)
			}
			assert.Equal(t, tally{c.want, c.want, c.want}, w.totals(start.Add(c.now)))
			w.slide(start.Add(c.now))
			assert.Equal(t, tally{c.want, c.want, c.want}, w.sum, "sliding and reading disagree")
		})
	}
}

// Against a list of every call: none older than the duration is held, and
// none is missing that is younger than the duration less one bucket.
func TestTimeWindowHoldsTheCallsOfItsDuration(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type call struct {
			at time.Time
			tally
		}
		var (
			duration = time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "duration"))
			now      = start
			w        = newTimeWindow(duration, now)
			calls    []call
		)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				var most, least tally
				for _, c := range calls {
					age := now.Sub(c.at)
					if age < duration {
						most.add(c.tally)
					}
					if age <= w.width*time.Duration(len(w.buckets)-1) {
						least.add(c.tally)
					}
				}
				got := w.totals(now)
				assert.True(t, got.calls <= most.calls && got.failures <= most.failures && got.slow <= most.slow, "too old: %v > %v", got, most)
				assert.True(t, got.calls >= least.calls && got.failures >= least.failures && got.slow >= least.slow, "missing: %v < %v", got, least)
			},
			"add": func(t *rapid.T) {
				failed, slow := rapid.Bool().Draw(t, "failed"), rapid.Bool().Draw(t, "slow")
				w.add(now, failed, slow)
				calls = append(calls, call{now, tally{1, flag(failed), flag(slow)}})
			},
			"pass": func(t *rapid.T) {
				most := int64(duration)/8 + 1
				if rapid.IntRange(0, 9).Draw(t, "far") == 0 {
					most = 3 * int64(duration)
				}
				now = now.Add(time.Duration(rapid.Int64Range(0, most).Draw(t, "step")))
			},
			"clear": func(*rapid.T) {
				w.clear()
				calls = nil
			},
		})
	})
}

// Calls that come a little less than two buckets apart must still slide the
// window by their whole distance, or it grows to twice its duration.
func TestTimeWindowLosesNoTimeBetweenBuckets(t *testing.T) {
	w := newTimeWindow(timeBuckets*time.Second, start)
	now := start
	for range 100 {
		now = now.Add(1900 * time.Millisecond)
		w.add(now, false, false)
	}
	assert.InDelta(t, 64/1.9, w.totals(now).calls, 1)
}

func TestTimeWindowTakesOverWhatFits(t *testing.T) {
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		to    time.Duration
		now   int
		least int
		most  int
	}{
		"the same":           {640 * time.Second, 600, 601, 601},
		"a longer one":       {6400 * time.Second, 600, 601, 601},
		"a shorter one":      {64 * time.Second, 600, 50, 64},
		"a much shorter one": {time.Second, 600, 0, 1},
		"later":              {64 * time.Second, 620, 30, 44},
		"much later":         {64 * time.Second, 6000, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			old := newTimeWindow(640*time.Second, start)
			for s := range 601 {
				old.add(at(s), true, false)
			}
			w := newTimeWindow(c.to, at(c.now))
			w.takeOver(old)
			got := w.totals(at(c.now))
			assert.GreaterOrEqual(t, got.calls, c.least)
			assert.LessOrEqual(t, got.calls, c.most)
			assert.Equal(t, got.calls, got.failures)
			w.clear()
			assert.Zero(t, w.totals(at(c.now)))
		})
	}
}
