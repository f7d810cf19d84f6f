package paths

import (
	"context"
	"testing"

	"github.com/cenkalti/backoff/v4"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// restart is a call whose first attempt fails, and whose second, which succeeds,
// follows without a wait. With Holdfast a worker actor is restarted between them.
// Policies are the defaults but for the wait. No breaker opens: a success follows
// each failure.
func restart() []Path {
	return append(append(append(
		restarting(),
		both("restart", "gobreaker_backoff", func(*testing.B) func() func() error {
			cb := newGobreaker()
			return func() func() error {
				fn := failingFirst()
				return func() error {
					_, err := backoffAround(ctx, cb, &backoff.ZeroBackOff{}, fn)
					return err
				}
			}
		})...),
		both("restart", "gobreaker_retrygo", func(*testing.B) func() func() error {
			cb, retrier := newGobreaker(), newRetryGo(0)
			return func() func() error {
				fn := failingFirst()
				return func() error {
					_, err := retrier.Do(func() (int, error) { return cb.Execute(fn) })
					return err
				}
			}
		})...),
		both("restart", "failsafe", func(*testing.B) func() func() error {
			executor := failsafe.With(failsafeRetry().Build(), circuitbreaker.NewBuilder[int]().
				WithFailureThreshold(failures).WithDelay(openTime).WithSuccessThreshold(successes).Build())
			return func() func() error {
				fn := failingFirst()
				return func() error {
					_, err := executor.Get(fn)
					return err
				}
			}
		})...)
}

func restarting() []Path {
	all := both("restart", "holdfast", func(b *testing.B) func() func() error {
		target := api(b, func(p *policies.Policy) { p.Retry.MinWait, p.Retry.MaxWait = 0, 0 }).Target("api")
		return func() func() error {
			fn := failingFirst()
			attempt := func(context.Context) (int, error) { return fn() }
			return func() error {
				_, err := supervisor.DoOn(ctx, target, attempt)
				return err
			}
		}
	})
	for i := range all {
		all[i].Run = restartsPerSecond(all[i].Run)
	}
	return all
}

func restartsPerSecond(run func(*testing.B)) func(*testing.B) {
	return func(b *testing.B) {
		run(b)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "restarts/s")
	}
}
