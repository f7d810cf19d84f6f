package paths

import (
	"testing"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

func callGobreaker(*testing.B) func() func() error {
	cb := newGobreaker()
	return func() func() error {
		return func() error {
			_, err := cb.Execute(func() (int, error) { return succeed(ctx) })
			return err
		}
	}
}

func callBackoff(*testing.B) func() func() error {
	cb := newGobreaker()
	return func() func() error {
		return func() error {
			_, err := backoffAround(ctx, cb, newWaits(), func() (int, error) { return succeed(ctx) })
			return err
		}
	}
}

func callFailsafe(*testing.B) func() func() error {
	executor := newFailsafe()
	return func() func() error {
		return func() error {
			_, err := executor.Get(func() (int, error) { return succeed(ctx) })
			return err
		}
	}
}

// doOn is DoOn on a target of a supervisor.
func doOn(sup *supervisor.Supervisor) func() func() error {
	target := sup.Target("api")
	return func() func() error {
		return func() error {
			_, err := supervisor.DoOn(ctx, target, succeed)
			return err
		}
	}
}

// success is a call that succeeds, one after the other.
func success() []Path {
	return []Path{
		{"success/holdfast", func(b *testing.B) { serially(b, doOn(defaults(b))()) }},
		{"success/gobreaker", func(b *testing.B) { serially(b, callGobreaker(b)()) }},
		{"success/gobreaker_backoff", func(b *testing.B) { serially(b, callBackoff(b)()) }},
		{"success/failsafe", func(b *testing.B) { serially(b, callFailsafe(b)()) }},
		{"success/holdfast_by_name", func(b *testing.B) {
			sup := defaults(b)
			serially(b, func() error {
				_, err := supervisor.Do(ctx, sup, "api", succeed)
				return err
			})
		}},
		{"success/eapache", func(b *testing.B) {
			e := newEapache()
			serially(b, func() error {
				_, err := e.do(func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
		{"success/gobreaker_retrygo", func(b *testing.B) {
			cb, retrier := newGobreaker(), newRetryGo(minWait)
			serially(b, func() error {
				_, err := retrier.Do(func() (int, error) {
					return cb.Execute(func() (int, error) { return succeed(ctx) })
				})
				return err
			})
		}},
		{"success/holdfast_adaptive_pool", func(b *testing.B) {
			serially(b, doOn(api(b, func(p *policies.Policy) { p.Pool.Adaptive = true }))())
		}},
	}
}

// parallel is the same from GOMAXPROCS goroutines.
func parallel() []Path {
	return []Path{
		{"success_parallel/holdfast", func(b *testing.B) { atOnce(b, doOn(defaults(b))) }},
		{"success_parallel/gobreaker", func(b *testing.B) { atOnce(b, callGobreaker(b)) }},
		{"success_parallel/gobreaker_backoff", func(b *testing.B) { atOnce(b, callBackoff(b)) }},
		{"success_parallel/failsafe", func(b *testing.B) { atOnce(b, callFailsafe(b)) }},
	}
}
