package paths

import (
	"context"
	"errors"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/holdfast-go/holdfast/supervisor"
)

// refused is a call while the breaker is open, which is not made. The breakers
// have opened by themselves, after failures that are not retried.
func refused() []Path {
	return []Path{
		{"refused/holdfast", func(b *testing.B) {
			target := defaults(b).Target("api")
			trip(func(err error) {
				_, _ = supervisor.DoOn(ctx, target, func(context.Context) (int, error) { return 0, err })
			})
			turnedAway(b, supervisor.ErrOpen, func() error {
				_, err := supervisor.DoOn(ctx, target, succeed)
				return err
			})
		}},
		{"refused/gobreaker", func(b *testing.B) {
			cb := newGobreaker()
			trip(func(err error) { _, _ = cb.Execute(func() (int, error) { return 0, err }) })
			turnedAway(b, gobreaker.ErrOpenState, func() error {
				_, err := cb.Execute(func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
		{"refused/gobreaker_backoff", func(b *testing.B) {
			cb := newGobreaker()
			trip(func(err error) {
				_, _ = backoffAround(ctx, cb, newWaits(), func() (int, error) { return 0, backoff.Permanent(err) })
			})
			turnedAway(b, gobreaker.ErrOpenState, func() error {
				_, err := backoffAround(ctx, cb, newWaits(), func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
		{"refused/failsafe", func(b *testing.B) {
			executor := newFailsafe(errBroken)
			trip(func(err error) { _, _ = executor.Get(func() (int, error) { return 0, err }) })
			turnedAway(b, circuitbreaker.ErrOpen, func() error {
				_, err := executor.Get(func() (int, error) { return succeed(ctx) })
				return err
			})
		}},
	}
}

func trip(call func(error)) {
	for range failures {
		call(errBroken)
	}
}

// turnedAway is a benchmark of a call that gets that error.
func turnedAway(b *testing.B, want error, call func() error) {
	if err := call(); !errors.Is(err, want) {
		b.Fatalf("%v is not %v", err, want)
	}
	b.ReportAllocs()
	for b.Loop() {
		if call() == nil {
			b.Fatal("it was let through")
		}
	}
}
