// Package bench measures Holdfast beside its peers, all in one binary and
// each configured for the same work: a circuit breaker and a retry policy
// around a function that succeeds.
//
//	cd tests/bench && go test -bench . -benchmem -count 6
package bench

import (
	"context"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/sony/gobreaker/v2"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

func succeed(context.Context) (int, error) { return 1, nil }

func newSupervisor(b *testing.B) *supervisor.Supervisor {
	set, err := policies.NewSet(nil)
	require.NoError(b, err)
	sup, err := supervisor.New(set)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, sup.Shutdown(context.Background())) })
	return sup
}

func newGobreaker() *gobreaker.CircuitBreaker[int] {
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name:        "api",
		Timeout:     time.Minute,
		MaxRequests: 2,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= 5 },
	})
}

// plainRetry is gobreaker inside cenkalti/backoff, as its users write it.
func plainRetry(ctx context.Context, cb *gobreaker.CircuitBreaker[int]) (int, error) {
	waits := backoff.WithContext(backoff.WithMaxRetries(backoff.NewExponentialBackOff(), 3), ctx)
	return backoff.RetryWithData(func() (int, error) {
		return cb.Execute(func() (int, error) { return succeed(ctx) })
	}, waits)
}

func newFailsafe() failsafe.Executor[int] {
	return failsafe.With(
		retrypolicy.NewBuilder[int]().WithMaxAttempts(4).WithBackoff(time.Second, 15*time.Second).Build(),
		circuitbreaker.NewBuilder[int]().WithFailureThreshold(5).WithDelay(time.Minute).WithSuccessThreshold(2).Build())
}

func BenchmarkSuccess(b *testing.B) {
	ctx := context.Background()
	b.Run("holdfast_DoOn", func(b *testing.B) {
		target := newSupervisor(b).Target("api")
		b.ReportAllocs()
		for b.Loop() {
			_, _ = supervisor.DoOn(ctx, target, succeed)
		}
	})
	b.Run("holdfast_Do", func(b *testing.B) {
		sup := newSupervisor(b)
		b.ReportAllocs()
		for b.Loop() {
			_, _ = supervisor.Do(ctx, sup, "api", succeed)
		}
	})
	b.Run("gobreaker", func(b *testing.B) {
		cb := newGobreaker()
		b.ReportAllocs()
		for b.Loop() {
			_, _ = cb.Execute(func() (int, error) { return succeed(ctx) })
		}
	})
	b.Run("gobreaker_backoff", func(b *testing.B) {
		cb := newGobreaker()
		b.ReportAllocs()
		for b.Loop() {
			_, _ = plainRetry(ctx, cb)
		}
	})
	b.Run("failsafe", func(b *testing.B) {
		executor := newFailsafe()
		b.ReportAllocs()
		for b.Loop() {
			_, _ = executor.Get(func() (int, error) { return succeed(ctx) })
		}
	})
}

func BenchmarkParallel(b *testing.B) {
	ctx := context.Background()
	b.Run("holdfast_DoOn", func(b *testing.B) {
		target := newSupervisor(b).Target("api")
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = supervisor.DoOn(ctx, target, succeed)
			}
		})
	})
	b.Run("gobreaker_backoff", func(b *testing.B) {
		cb := newGobreaker()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = plainRetry(ctx, cb)
			}
		})
	})
	b.Run("failsafe", func(b *testing.B) {
		executor := newFailsafe()
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				_, _ = executor.Get(func() (int, error) { return succeed(ctx) })
			}
		})
	})
}

func BenchmarkRefused(b *testing.B) {
	ctx := context.Background()
	b.Run("holdfast_DoOn", func(b *testing.B) {
		sup := newSupervisor(b)
		target := sup.Target("api")
		sup.Breaker("api").ForceOpen()
		b.ReportAllocs()
		for b.Loop() {
			_, _ = supervisor.DoOn(ctx, target, succeed)
		}
	})
	b.Run("gobreaker", func(b *testing.B) {
		cb := newGobreaker()
		for range 5 {
			_, _ = cb.Execute(func() (int, error) { return 0, context.DeadlineExceeded })
		}
		b.ReportAllocs()
		for b.Loop() {
			_, _ = cb.Execute(func() (int, error) { return succeed(ctx) })
		}
	})
}

func BenchmarkAsync(b *testing.B) {
	ctx := context.Background()
	b.Run("holdfast_Go", func(b *testing.B) {
		target := newSupervisor(b).Target("api")
		b.ReportAllocs()
		for b.Loop() {
			_, _ = supervisor.GoOn(ctx, target, succeed).Wait(ctx)
		}
	})
	b.Run("failsafe_GetAsync", func(b *testing.B) {
		executor := newFailsafe()
		b.ReportAllocs()
		for b.Loop() {
			_, _ = executor.GetAsync(func() (int, error) { return succeed(ctx) }).Get()
		}
	})
}
