package main

import (
	"context"
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

func answered(status int, retryAfter string) error {
	header := http.Header{}
	if retryAfter != "" {
		header.Set("Retry-After", retryAfter)
	}
	return classify.FromResponse(&http.Response{StatusCode: status, Header: header, Body: http.NoBody})
}

func fourAttempts() policies.Retry {
	r := policies.Default(policies.API).Retry
	r.MaxAttempts, r.MinWait, r.MaxWait = 4, 100*time.Millisecond, time.Second
	return r
}

// A plain loop that behaved worse than a careful programmer's would make the
// comparison unfair to it.
func TestPlainLoop(t *testing.T) {
	refused := syscall.ECONNREFUSED
	for _, tc := range []struct {
		name     string
		policy   func(*policies.Retry)
		errs     []error // of the attempts; the last repeats
		attempts int
		is       error
		least    time.Duration // of all waits together
		most     time.Duration
	}{
		{name: "success is not repeated", errs: []error{nil}, attempts: 1},
		{name: "refused, then well", errs: []error{refused, nil}, attempts: 2,
			least: 100 * time.Millisecond, most: 200 * time.Millisecond},
		{name: "gives up after max_attempts", errs: []error{refused}, attempts: 4, is: refused,
			least: 700 * time.Millisecond, most: 1400 * time.Millisecond},
		{name: "waits within max_wait", errs: []error{refused}, attempts: 9, is: refused,
			policy: func(r *policies.Retry) { r.MaxAttempts = 9 },
			least:  700*time.Millisecond + 5*500*time.Millisecond, most: 8 * time.Second},
		{name: "waits of at least min_wait", errs: []error{refused}, attempts: 4, is: refused,
			policy: func(r *policies.Retry) { r.MinWait = time.Second },
			least:  3 * time.Second, most: 3 * time.Second},
		{name: "no waits at all", errs: []error{refused}, attempts: 4, is: refused,
			policy: func(r *policies.Retry) { r.MinWait, r.MaxWait = 0, 0 }},
		{name: "one attempt allowed", errs: []error{refused}, attempts: 1, is: refused,
			policy: func(r *policies.Retry) { r.MaxAttempts = 1 }},
		{name: "retries disabled", errs: []error{refused}, attempts: 1, is: refused,
			policy: func(r *policies.Retry) { r.Enabled = false }},
		{name: "what can't succeed is not repeated", errs: []error{answered(404, "")}, attempts: 1},
		{name: "the service's delay replaces the wait", errs: []error{answered(429, "7"), nil}, attempts: 2,
			least: 7 * time.Second, most: 7 * time.Second},
		{name: "a delay that is too long ends it", errs: []error{answered(503, "3600")}, attempts: 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start, attempts, notified := time.Now(), 0, 0
				p := &plain{
					policy: fourAttempts(),
					attempt: func(_ context.Context, _ operation, attempt int) error {
						attempts++
						assert.Equal(t, attempts, attempt)
						return tc.errs[min(attempt, len(tc.errs))-1]
					},
					onRetry: func(_ operation, next int, wait time.Duration, err error) {
						notified++
						assert.Equal(t, attempts+1, next)
						assert.GreaterOrEqual(t, wait, time.Duration(0))
						assert.Error(t, err)
					},
				}
				if tc.policy != nil {
					tc.policy(&p.policy)
				}
				err := p.run(t.Context(), operation{id: 1})
				assert.Equal(t, tc.attempts, attempts)
				assert.Equal(t, tc.attempts-1, notified)
				if last := tc.errs[min(attempts, len(tc.errs))-1]; last == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, last)
				}
				if tc.is != nil {
					require.ErrorIs(t, err, tc.is)
				}
				assert.GreaterOrEqual(t, time.Since(start), tc.least)
				assert.LessOrEqual(t, time.Since(start), tc.most)
				require.NoError(t, p.close(t.Context()))
			})
		})
	}
}

// A loop that slept past its caller's deadline would look worse than it need.
func TestPlainLoopEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		p := &plain{policy: fourAttempts(), attempt: func(context.Context, operation, int) error {
			return answered(503, "5")
		}}
		err := p.run(ctx, operation{})
		require.Error(t, err)
		assert.Equal(t, 250*time.Millisecond, time.Since(start))

		p.attempt = func(ctx context.Context, _ operation, _ int) error {
			return errors.Join(errors.New("gone"), ctx.Err())
		}
		require.ErrorIs(t, p.run(ctx, operation{}), context.DeadlineExceeded, "no retry for a caller that is gone")
	})
}
