package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// The loads that the allocation test and the benchmarks run.
var loads = []struct {
	name   string
	change func(*policies.Breaker)
	half   bool
	call   policies.Outcome
}{
	{"closed", func(*policies.Breaker) {}, false, succeed},
	{"closed_failing", func(s *policies.Breaker) { s.FailureThreshold = policies.Never }, false, fail},
	{"window_calls", func(s *policies.Breaker) { s.FailureRate = 0.5 }, false, succeed},
	{"window_time", func(s *policies.Breaker) { s.FailureRate, s.WindowDuration = 0.5, time.Minute }, false, succeed},
	{"half_open", func(*policies.Breaker) {}, true, ignore},
	{"half_open_10000", func(s *policies.Breaker) { s.HalfOpenMaxCalls = 10_000 }, true, ignore},
}

// prepared returns the load's machine, half of its slots taken where it has
// more than one.
func prepared(change func(*policies.Breaker), half bool) (*Machine, time.Time) {
	now := time.Now() // owners' times have a monotonic reading
	m := New(settings(change), now)
	if half {
		m.Trip(now, 0, ReasonRestartIntensity)
		now, _ = m.NextTick()
		m.Tick(now, 0)
		for range m.Settings().HalfOpenMaxCalls / 2 {
			m.Admit(now)
		}
	}
	return m, now
}

// Admit and Settle are on every call's path; garbage there is everybody's.
func TestAdmitAndSettleDoNotAllocate(t *testing.T) {
	for _, l := range loads {
		t.Run(l.name, func(t *testing.T) {
			m, now := prepared(l.change, l.half)
			assert.Zero(t, testing.AllocsPerRun(1000, func() {
				now = now.Add(time.Second)
				p, _ := m.Admit(now)
				m.Settle(now, 0.5, p, l.call, time.Millisecond)
			}))
		})
	}
	t.Run("trips", func(t *testing.T) {
		m, now := prepared(func(s *policies.Breaker) { s.FailureThreshold = 1 }, false)
		assert.EqualValues(t, 1, testing.AllocsPerRun(1000, func() { // the transition
			p, _ := m.Admit(now)
			m.Settle(now, 0.5, p, fail, 0)
			m.Reset(now)
		}))
	})
}

func BenchmarkAdmitSettle(b *testing.B) {
	for _, l := range loads {
		b.Run(l.name, func(b *testing.B) {
			m, now := prepared(l.change, l.half)
			b.ReportAllocs()
			for b.Loop() {
				p, _ := m.Admit(now)
				m.Settle(now, 0.5, p, l.call, time.Millisecond)
			}
		})
	}
}

func BenchmarkRefuse(b *testing.B) {
	m, now := prepared(func(*policies.Breaker) {}, false)
	m.Trip(now, 0, ReasonRestartIntensity)
	b.ReportAllocs()
	for b.Loop() {
		m.Admit(now)
	}
}
