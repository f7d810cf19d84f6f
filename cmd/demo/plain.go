package main

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// plain calls the service with a retry loop alone, written with care: it
// stops with its context, doesn't repeat what can't succeed, waits as long
// as the service asks for, and jitters its exponential waits. It judges
// errors as Holdfast does, so that only the supervision makes a difference.
type plain struct {
	attempt func(ctx context.Context, op operation, attempt int) error
	policy  policies.Retry
	// rules are the policy's lists of what is retried too, and what is not.
	rules classify.Rules
	// onRetry, where set, hears of each wait.
	onRetry func(op operation, next int, wait time.Duration, err error)
}

func (p *plain) run(ctx context.Context, op operation) error {
	waits := &waits{BackOff: exponential(p.policy), shortest: p.policy.MinWait, longestAsked: p.policy.MaxServerWait}
	attempt := 0
	call := func() error {
		attempt++
		err := p.attempt(ctx, op, attempt)
		if err == nil {
			return nil
		}
		verdict := classify.Classify(err, ctx.Err(), time.Now(), p.rules)
		if !verdict.Retryable {
			return backoff.Permanent(err)
		}
		waits.asked, waits.hasAsked = verdict.Delay, verdict.HasDelay
		return err
	}
	notify := func(err error, wait time.Duration) {
		if p.onRetry != nil {
			p.onRetry(op, attempt+1, wait, err)
		}
	}
	limited := backoff.WithMaxRetries(waits, uint64(attempts(p.policy)-1))
	return backoff.RetryNotify(call, backoff.WithContext(limited, ctx), notify)
}

func (p *plain) close(context.Context) error { return nil }

func attempts(r policies.Retry) int {
	if !r.Enabled {
		return 1
	}
	return r.MaxAttempts
}

// exponential returns waits that double: wait n, from 1, is drawn from
// [MinWait*2^(n-1), MinWait*2^n], and none exceeds MaxWait. Holdfast's first
// wait is drawn from the same interval. The later ones are longer than
// Holdfast's on average, which carries the loop further through an outage and
// spares the service.
func exponential(r policies.Retry) backoff.BackOff {
	if r.MaxWait <= 0 {
		return &backoff.ZeroBackOff{}
	}
	const spread = 1.0 / 3 // to either side of 1.5 times the lower end
	top := time.Duration(float64(r.MaxWait) / (1 + spread))
	return backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(min(max(r.MinWait*3/2, time.Millisecond), top)),
		backoff.WithRandomizationFactor(spread),
		backoff.WithMultiplier(2),
		backoff.WithMaxInterval(top),
		backoff.WithMaxElapsedTime(0),
	)
}

// waits puts a delay that the service asked for in the place of the computed
// one, and stops when that is longer than longestAsked.
type waits struct {
	backoff.BackOff
	shortest     time.Duration
	longestAsked time.Duration
	asked        time.Duration
	hasAsked     bool
}

func (w *waits) NextBackOff() time.Duration {
	computed := w.BackOff.NextBackOff()
	switch {
	case w.hasAsked && w.asked > w.longestAsked:
		return backoff.Stop
	case w.hasAsked:
		return w.asked
	}
	return max(computed, w.shortest) // it never stops by itself
}
