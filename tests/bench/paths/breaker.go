package paths

import (
	"testing"
	"time"

	eapache "github.com/eapache/go-resiliency/breaker"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// closedBreaker is a breaker alone: leave for one attempt, and its success.
// Holdfast's machine is given the time, eapache's reads no clock on success.
func closedBreaker() []Path {
	return []Path{
		{"closed_breaker/holdfast", func(b *testing.B) {
			now := time.Now()
			m := breaker.New(policies.DefaultBreaker(), now)
			settle(b, m, func() time.Time { return now })
		}},
		{"closed_breaker/eapache", func(b *testing.B) {
			cb := eapache.New(failures, successes, openTime)
			serially(b, func() error { return cb.Run(func() error { return nil }) })
		}},
	}
}

// rateWindow is the same for a breaker that watches the rate of failures over the
// last 10 s, and of Holdfast's over the last 100 calls too. Its machine is given
// a time that goes on, a hundredth of a microsecond a call; with clock it reads
// one for both halves of a call, as gobreaker does.
func rateWindow() []Path {
	timed := policies.Default(policies.API)
	withRate(&timed)
	counted := policies.DefaultBreaker()
	counted.FailureRate, counted.MinimumCalls = rate, rateCalls
	return []Path{
		{"rate_window/holdfast", func(b *testing.B) {
			now := time.Now()
			settle(b, breaker.New(timed.Breaker, now), func() time.Time {
				now = now.Add(10 * time.Nanosecond)
				return now
			})
		}},
		{"rate_window/gobreaker", func(b *testing.B) {
			cb := newRateGobreaker()
			serially(b, func() error {
				_, err := cb.Execute(func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
		{"rate_window/holdfast_calls", func(b *testing.B) {
			now := time.Now()
			settle(b, breaker.New(counted, now), func() time.Time { return now })
		}},
		{"rate_window/holdfast_clock", func(b *testing.B) {
			settle(b, breaker.New(timed.Breaker, time.Now()), time.Now)
		}},
	}
}

// rateRule is a call by DoOn to a target with such a rule.
func rateRule() []Path {
	return append(
		both("rate_rule", "holdfast", func(b *testing.B) func() func() error { return doOn(api(b, withRate)) }),
		both("rate_rule", "gobreaker", func(*testing.B) func() func() error {
			cb := newRateGobreaker()
			return func() func() error {
				return func() error {
					_, err := cb.Execute(func() (int, error) { return succeed(ctx) })
					return err
				}
			}
		})...)
}

func settle(b *testing.B, m *breaker.Machine, now func() time.Time) {
	b.ReportAllocs()
	for b.Loop() {
		permit, ok := m.Admit(now())
		if !ok {
			b.Fatal("it was refused")
		}
		m.Settle(now(), 0.5, permit, policies.Success, 0)
	}
}
