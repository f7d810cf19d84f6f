package budget

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

var start = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func settings(ratio, perSecond float64, window time.Duration) policies.RetryBudget {
	return policies.RetryBudget{Ratio: ratio, MinPerSecond: perSecond, Window: window}
}

// calls counts that many.
func calls(b *Budget, now time.Time, n int) {
	for range n {
		b.Call(now)
	}
}

// drain takes all there is.
func drain(b *Budget, now time.Time) (taken int) {
	for taken < 1_000_000 && b.Take(now) {
		taken++
	}
	return taken
}

// If it failed, a user would be given more or fewer retries than the numbers
// in the file say.
func TestWhatTheNumbersAllow(t *testing.T) {
	for _, tt := range []struct {
		ratio, perSecond float64
		window           time.Duration
		calls, want      int
	}{
		{0.2, 1, 10 * time.Second, 0, 10}, // the default, when nobody calls
		{0.2, 1, 10 * time.Second, 1, 10},
		{0.2, 1, 10 * time.Second, 5, 11},
		{0.2, 1, 10 * time.Second, 1000, 210},
		{0.2, 10, 10 * time.Second, 100, 120}, // Finagle's
		{0, 0, 10 * time.Second, 1000, 0},
		{0, 0.5, 10 * time.Second, 1000, 5},
		{10, 0, 10 * time.Second, 7, 70},
		{0.2, 0, time.Second, 4, 0}, // four fifths of one
		{0.2, 0, time.Second, 5, 1},
		{0.5, 0.5, time.Second, 1, 1}, // two halves, of both kinds
		// What is not exact in binary.
		{0.29, 0, time.Second, 100, 29},
		{0.1, 0, time.Second, 10, 1},
		{0.7, 0, time.Second, 10, 7},
		{1.1, 0, time.Second, 10, 11},
		{0, 0.1, 30 * time.Second, 0, 3},
		{0.1, 0.2, time.Second, 8, 1}, // 0.8 + 0.2
		{0.3333, 0, time.Second, 3, 0},
		{0.9999999, 0, time.Second, 1, 0}, // less than one is none
		// The ends of the ranges.
		{10, 1_000_000, time.Nanosecond, 1, 10},
		{0, 1_000_000, 500 * time.Millisecond, 0, 500_000},
	} {
		b := New(settings(tt.ratio, tt.perSecond, tt.window), start)
		calls(b, start, tt.calls)
		assert.Equal(t, Balance{Calls: tt.calls, Available: tt.want}, b.Balance(start), "%+v", tt)
		assert.Equal(t, tt.want, drain(b, start), "%+v", tt)
		assert.Equal(t, Balance{Calls: tt.calls, Retries: tt.want}, b.Balance(start), "%+v", tt)
	}
}

// If it failed, calls or retries would count for longer than the window, or
// leave it before their bucket does.
func TestTheEdgesOfBuckets(t *testing.T) {
	const bucket = time.Second
	for name, tt := range map[string]struct {
		at, now time.Duration
		held    bool
	}{
		"at once":                           {0, 0, true},
		"just before its bucket leaves":     {0, 64*bucket - 1, true},
		"when its bucket leaves":            {0, 64 * bucket, false},
		"the end of a bucket is in it":      {bucket - 1, 64*bucket - 1, true},
		"and leaves with it":                {bucket - 1, 64 * bucket, false},
		"an edge is in the later bucket":    {bucket, 65*bucket - 1, true},
		"and leaves with that":              {bucket, 65 * bucket, false},
		"after 300 years":                   {0, 1<<63 - 1, false},
		"a little back in time":             {0, -63 * bucket, true},
		"a clock that was set back":         {0, -1000 * bucket, true},
		"before it was made":                {-10 * bucket, -10 * bucket, true},
		"long before: counts from then on":  {-1000 * bucket, -936*bucket - 1, true},
		"and leaves the window at its time": {-1000 * bucket, -936 * bucket, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(settings(1, 0, buckets*bucket), start)
			b.Call(start.Add(tt.at))
			b.Take(start.Add(tt.at))
			want := Balance{}
			if tt.held {
				want = Balance{Calls: 1, Retries: 1}
			}
			assert.Equal(t, want, b.Balance(start.Add(tt.now)))
			b.window.slide(start.Add(tt.now))
			assert.Equal(t, want, b.Balance(start.Add(tt.now)), "sliding and reading disagree")
		})
	}
}

// If it failed, retries would be owed: those that were allowed by calls which
// have left the window would make a budget negative.
func TestNothingIsOwed(t *testing.T) {
	b := New(settings(1, 0, 64*time.Second), start)
	calls(b, start, 10)
	later := start.Add(60 * time.Second)
	assert.Equal(t, 10, drain(b, later))
	later = start.Add(64 * time.Second)
	assert.Equal(t, Balance{Retries: 10}, b.Balance(later))
	calls(b, later, 10)
	assert.False(t, b.Take(later), "ten calls, ten retries")
	b.Call(later)
	assert.True(t, b.Take(later))
}

// If it failed, a reload would forget what was spent, and a service that is
// down would get the budget all over again.
func TestConfigureKeepsWhatIsCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		to   policies.RetryBudget
		want Balance
	}{
		"nothing new":     {settings(0.5, 0, 64*time.Second), Balance{Calls: 100, Retries: 20, Available: 30}},
		"a higher ratio":  {settings(1, 0, 64*time.Second), Balance{Calls: 100, Retries: 20, Available: 80}},
		"a lower ratio":   {settings(0.1, 0, 64*time.Second), Balance{Calls: 100, Retries: 20}},
		"a reserve":       {settings(0.1, 1, 64*time.Second), Balance{Calls: 100, Retries: 20, Available: 54}},
		"a longer window": {settings(0.5, 0, 640*time.Second), Balance{Calls: 100, Retries: 20, Available: 30}},
		"a shorter one":   {settings(0.5, 0, 16*time.Second), Balance{Calls: 60, Retries: 10, Available: 20}},
		"a shorter still": {settings(0.5, 0, 320*time.Millisecond), Balance{}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(settings(0.5, 0, 64*time.Second), start)
			calls(b, start, 40)
			for range 10 {
				assert.True(t, b.Take(start))
			}
			at := start.Add(50 * time.Second)
			calls(b, at, 60)
			for range 10 {
				assert.True(t, b.Take(at))
			}
			at = at.Add(10 * time.Second)
			b.Configure(tt.to, at)
			assert.Equal(t, tt.want, b.Balance(at))
			assert.Equal(t, Balance{Available: b.allowed(0)}, b.Balance(at.Add(tt.to.Window)), "and leaves the new window in time")
		})
	}
}

// If it failed, a busy target would pay for its budget in garbage.
func TestNoMethodAllocates(t *testing.T) {
	b := New(settings(1, 0, 10*time.Second), start)
	now := start
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		now = now.Add(time.Millisecond)
		b.Call(now)
		b.Take(now)
		b.Balance(now)
		b.Configure(settings(1, 1, 10*time.Second), now)
	}))
}

func BenchmarkCall(b *testing.B) {
	budget := New(settings(0.2, 1, 10*time.Second), start)
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Microsecond)
		budget.Call(now)
	}
}
