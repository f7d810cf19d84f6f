package budget

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/holdfast-go/holdfast/policies"
)

// model is the budget as one would write it who has all the time and memory in
// the world: the times of everything that happened, and whole numbers.
type model struct {
	hundredths, tenths int64 // the ratio, and the reserve a second
	window, width      time.Duration
	n                  int
	origin             time.Time // an edge of its buckets
	calls, retries     []time.Time
}

func newModel(hundredths, tenths int64, window time.Duration, origin time.Time) *model {
	n := min(buckets, window)
	return &model{hundredths: hundredths, tenths: tenths, window: window, width: window / n, n: int(n), origin: origin}
}

func (m *model) settings() policies.RetryBudget {
	return settings(float64(m.hundredths)/100, float64(m.tenths)/10, m.window)
}

// bucket is the number of the bucket that a time lies in.
func (m *model) bucket(at time.Time) int { return int(at.Sub(m.origin) / m.width) }

// held are those of the current bucket and the n-1 before it.
func (m *model) held(all []time.Time, now time.Time) int64 {
	held := int64(0)
	for _, at := range all {
		if m.bucket(at) > m.bucket(now)-m.n {
			held++
		}
	}
	return held
}

// allowed is the formula without fractions; the window is whole milliseconds.
func (m *model) allowed(now time.Time) int64 {
	return (m.hundredths*m.held(m.calls, now)*100 + m.tenths*m.window.Milliseconds()) / 10_000
}

func (m *model) balance(now time.Time) Balance {
	retries := m.held(m.retries, now)
	return Balance{
		Calls: int(m.held(m.calls, now)), Retries: int(retries), Available: int(max(0, m.allowed(now)-retries)),
	}
}

// configure moves everything to where its bucket began, as somebody does who
// knows only the buckets.
func (m *model) configure(next *model, now time.Time) *model {
	if next.window == m.window {
		next.origin, next.calls, next.retries = m.origin, m.calls, m.retries
		return next
	}
	// An edge of the new buckets is where the oldest bucket began.
	next.origin = m.origin.Add(m.width * time.Duration(m.bucket(now)-m.n+1))
	for _, pair := range []struct{ from, to *[]time.Time }{{&m.calls, &next.calls}, {&m.retries, &next.retries}} {
		for _, at := range *pair.from {
			if m.bucket(at) > m.bucket(now)-m.n {
				*pair.to = append(*pair.to, m.origin.Add(m.width*time.Duration(m.bucket(at))))
			}
		}
	}
	return next
}

// Against a list of every call and every retry, and the formula in whole
// numbers: the budget gives the same answer at every moment, whatever its
// settings are and however they change.
func TestABudgetIsItsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := start
		draw := func(t *rapid.T) *model {
			return newModel(
				rapid.Int64Range(0, 1000).Draw(t, "ratio, hundredths"),
				rapid.Int64Range(0, 40).Draw(t, "reserve, tenths a second"),
				time.Duration(rapid.Int64Range(1, 20_000).Draw(t, "window, ms"))*time.Millisecond, now)
		}
		m := draw(t)
		b := New(m.settings(), now)
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { require.Equal(t, m.balance(now), b.Balance(now)) },
			"call": func(t *rapid.T) {
				for range rapid.IntRange(1, 20).Draw(t, "calls") {
					b.Call(now)
					m.calls = append(m.calls, now)
				}
			},
			"take": func(t *rapid.T) {
				want := m.held(m.retries, now) < m.allowed(now)
				require.Equal(t, want, b.Take(now))
				if want {
					m.retries = append(m.retries, now)
				}
			},
			"drain": func(t *rapid.T) {
				n := m.balance(now).Available
				require.Equal(t, n, drain(b, now))
				m.retries = append(m.retries, slices.Repeat([]time.Time{now}, n)...)
			},
			"pass": func(t *rapid.T) {
				most := int64(m.window)/8 + 1
				if rapid.IntRange(0, 9).Draw(t, "far") == 0 {
					most = 3 * int64(m.window)
				}
				now = now.Add(time.Duration(rapid.Int64Range(0, most).Draw(t, "step")))
			},
			"to an edge": func(t *rapid.T) {
				n := m.bucket(now) + rapid.IntRange(1, m.n+1).Draw(t, "buckets")
				edge := m.origin.Add(m.width * time.Duration(n))
				now = edge.Add(-time.Duration(rapid.IntRange(0, 1).Draw(t, "before it")))
			},
			"configure": func(t *rapid.T) {
				next := draw(t)
				if rapid.Bool().Draw(t, "the same window") {
					next = newModel(next.hundredths, next.tenths, m.window, now)
				}
				m = m.configure(next, now)
				b.Configure(m.settings(), now)
			},
		})
	})
}
