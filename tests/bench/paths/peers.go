package paths

import (
	"context"
	"errors"
	"math"
	"time"

	retrygo "github.com/avast/retry-go/v5"
	"github.com/cenkalti/backoff/v4"
	eapache "github.com/eapache/go-resiliency/breaker"
	"github.com/eapache/go-resiliency/retrier"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/sony/gobreaker/v2"

	"github.com/holdfast-go/holdfast/policies"
)

// What every peer is configured for, as Holdfast's api is by default: four
// attempts with waits of 1 s to 15 s, a breaker that opens after five failures in
// a row for 60 s and closes after two successes, and no retry of what an open
// breaker refused. Each is used as its documentation shows.
const (
	attempts  = 4
	minWait   = time.Second
	maxWait   = 15 * time.Second
	failures  = 5
	openTime  = time.Minute
	successes = 2
)

// The rule of a failure rate: half of what was called in the last 10 s, which are
// 20 calls at least.
const (
	rate      = 0.5
	rateSpan  = 10 * time.Second
	rateCalls = 20
)

func newGobreaker() *gobreaker.CircuitBreaker[int] {
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name:        "api",
		Timeout:     openTime,
		MaxRequests: successes,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= failures },
	})
}

// newRateGobreaker trips on a rate over a rolling window.
func newRateGobreaker() *gobreaker.CircuitBreaker[int] {
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name:         "api",
		Timeout:      openTime,
		MaxRequests:  successes,
		Interval:     rateSpan,
		BucketPeriod: time.Second,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= rateCalls && float64(c.TotalFailures) >= rate*float64(c.Requests)
		},
	})
}

// withRate gives a policy the same rule.
func withRate(p *policies.Policy) {
	p.Breaker.FailureRate, p.Breaker.WindowDuration, p.Breaker.MinimumCalls = rate, rateSpan, rateCalls
}

func newWaits() backoff.BackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(minWait), backoff.WithMaxInterval(maxWait))
}

// backoffAround is cenkalti/backoff around gobreaker.
func backoffAround(ctx context.Context, cb *gobreaker.CircuitBreaker[int], waits backoff.BackOff, fn func() (int, error)) (int, error) {
	return backoff.RetryWithData(func() (int, error) {
		n, err := cb.Execute(fn)
		if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
			return 0, backoff.Permanent(err)
		}
		return n, err
	}, backoff.WithContext(backoff.WithMaxRetries(waits, attempts-1), ctx))
}

// newFailsafe is failsafe-go's retry policy around its circuit breaker. Permanent
// errors are not retried.
func newFailsafe(permanent ...error) failsafe.Executor[int] {
	return failsafe.With(failsafeRetry(permanent...).WithBackoff(minWait, maxWait).Build(),
		circuitbreaker.NewBuilder[int]().WithFailureThreshold(failures).WithDelay(openTime).WithSuccessThreshold(successes).Build())
}

func failsafeRetry(permanent ...error) retrypolicy.Builder[int] {
	return retrypolicy.NewBuilder[int]().WithMaxAttempts(attempts).AbortOnErrors(append([]error{circuitbreaker.ErrOpen}, permanent...)...)
}

// eapacheAround is go-resiliency's retrier around its breaker.
type eapacheAround struct {
	retrier *retrier.Retrier
	breaker *eapache.Breaker
}

func newEapache() eapacheAround {
	return eapacheAround{
		retrier.New(retrier.LimitedExponentialBackoff(attempts-1, minWait, maxWait), retrier.BlacklistClassifier{eapache.ErrBreakerOpen}),
		eapache.New(failures, successes, openTime),
	}
}

func (e eapacheAround) do(fn func() (int, error)) (n int, err error) {
	err = e.retrier.Run(func() error {
		return e.breaker.Run(func() (err error) {
			n, err = fn()
			return err
		})
	})
	return n, err
}

// newRetryGo is a retrier of avast/retry-go, which is made once and used by all.
// It stands around gobreaker, since retry-go has no breaker.
func newRetryGo(delay time.Duration) *retrygo.RetrierWithData[int] {
	return retrygo.NewWithData[int](retrygo.Attempts(attempts), retrygo.Delay(delay), retrygo.MaxDelay(maxWait),
		retrygo.DelayType(retrygo.FullJitterBackoffDelay), retrygo.LastErrorOnly(true),
		retrygo.RetryIf(func(err error) bool { return !errors.Is(err, gobreaker.ErrOpenState) }))
}

// What never trips, for paths on which everything fails at first.

func neverTrips(p *policies.Policy) { p.Breaker.FailureThreshold = policies.Never }

func newPatientGobreaker() *gobreaker.CircuitBreaker[int] {
	return gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Name: "api", Timeout: openTime, MaxRequests: successes,
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= math.MaxInt32 },
	})
}

func newPatientFailsafe(wait time.Duration) failsafe.Executor[int] {
	return failsafe.With(failsafeRetry().WithDelay(wait).Build(),
		circuitbreaker.NewBuilder[int]().WithFailureThresholdPeriod(math.MaxInt32, time.Minute).WithDelay(openTime).WithSuccessThreshold(successes).Build())
}
