package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The defects of other libraries in their retries, each of which would be
// here if its test failed.

// answered is an HTTP answer as an error, with headers given as name, value.
func answered(code int, headers ...string) error {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return &classify.StatusError{Method: http.MethodGet, StatusCode: code, Header: h}
}

// failsafe-go's jitter can bring a retry before Retry-After is over, and it
// does not read a date there. A server's delay is kept to the nanosecond.
func TestPeerDefect_FailsafeJitterFiresBeforeRetryAfterAndDatesAreIgnored(t *testing.T) {
	// The clock of a bubble starts at midnight on 1 January 2000, UTC.
	const inNine, inSeven = "Sat, 01 Jan 2000 00:00:09 GMT", "Tue, 15 Nov 1994 08:12:38 GMT"
	for name, tc := range map[string]struct {
		err  error
		want time.Duration
	}{
		"seconds":         {answered(503, "Retry-After", "20"), 20 * time.Second},
		"shorter":         {answered(429, "Retry-After", "1"), time.Second},
		"milliseconds":    {answered(429, "Retry-After-Ms", "1500", "Retry-After", "9"), 1500 * time.Millisecond},
		"date":            {answered(503, "Retry-After", inNine), 9 * time.Second},
		"date and Date":   {answered(503, "Retry-After", inSeven, "Date", "Tue, 15 Nov 1994 08:12:31 GMT"), 7 * time.Second},
		"by the error":    {classify.RetryableAfter(errUnknown, 33*time.Second), 33 * time.Second},
		"wrapped":         {fmt.Errorf("fetch: %w", answered(503, "Retry-After", "20")), 20 * time.Second},
		"over max_wait":   {answered(503, "Retry-After", "59"), 59 * time.Second},
		"on the boundary": {answered(503, "Retry-After", "60"), time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			for _, jitter := range policies.Jitters() {
				p := retried(func(p *policies.Policy) { p.Retry.Jitter = jitter })
				inBubble(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor) {
					heardAll, before := listen(sup), time.Now()
					_, err := do(sup, scripted(tc.err).run)
					require.NoError(t, err)
					assert.Equal(t, tc.want, time.Since(before), jitter)
					pass(0)
					scheduled := heard[actors.RetryScheduled](heardAll)
					require.Len(t, scheduled, 1)
					assert.Equal(t, retry.Server, scheduled[0].Source)
				})
			}
		})
	}
}

// A server that asks for longer than the policy honours is not asked too
// early: the operation ends now, saying so.
func TestPeerDefect_FailsafeRetryAfterBeyondTheBound(t *testing.T) {
	inEachWay(t, oneTarget(t, retried()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op, before := scripted(answered(503, "Retry-After", "61")), time.Now()
		_, err := call(context.Background(), gateway, op.run)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, retry.ServerDelay, exhausted.Reason)
		assert.Equal(t, 1, op.calls())
		assert.Zero(t, time.Since(before))
	})
}

// failsafe-go and gobreaker count context.Canceled as a failure.
func TestPeerDefect_FailsafeAndGobreakerCanceledCountsAsFailure(t *testing.T) {
	inEachWay(t, oneTarget(t, guarded()), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		b := sup.Breaker(gateway)
		for range 10 {
			_, err := call(context.Background(), gateway, failing(fmt.Errorf("fetch: %w", context.Canceled)))
			require.ErrorIs(t, err, context.Canceled)
		}
		assert.Zero(t, b.Counts().Failures)
		assert.Zero(t, b.Counts().ConsecutiveFailures)
		assert.EqualValues(t, 10, b.Counts().Ignored)
	})
}

// failsafe-go checks its budget of time after the sleep: the caller waits for
// nothing.
func TestPeerDefect_FailsafeBudgetIsCheckedAfterTheSleep(t *testing.T) {
	p := retried(func(p *policies.Policy) {
		p.Retry.MaxAttempts = 100
		p.Retry.Jitter = policies.JitterNone
		p.Retry.MinWait, p.Retry.MaxWait = 2*time.Second, 4*time.Second
		p.Retry.MaxElapsed = 9 * time.Second
	})
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op, before := always(100, errRefused), time.Now()
		_, err := call(context.Background(), gateway, op.run)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, retry.MaxElapsed, exhausted.Reason)
		assert.Equal(t, 3, op.calls(), "at 0, 2 and 6 seconds; the next would be at 10")
		assert.Equal(t, 6*time.Second, time.Since(before))
		assert.Equal(t, 6*time.Second, exhausted.Waited)
	})
}

// The same for the caller's own deadline: no wait starts that can't end
// before it.
func TestPeerDefect_FailsafeSleepsIntoTheDeadline(t *testing.T) {
	p := retried(func(p *policies.Policy) {
		p.Retry.Jitter = policies.JitterNone
		p.Retry.MinWait, p.Retry.MaxWait = 10*time.Second, 10*time.Second
	})
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		for deadline, calls := range map[time.Duration]int{5 * time.Second: 1, 10 * time.Second: 1, 11 * time.Second: 2} {
			ctx, cancel := context.WithTimeout(context.Background(), deadline)
			op, before := always(100, errRefused), time.Now()
			_, err := call(ctx, gateway, op.run)
			var exhausted *supervisor.ExhaustedError
			require.ErrorAs(t, err, &exhausted)
			assert.Equal(t, retry.CallerDeadline, exhausted.Reason)
			assert.ErrorIs(t, err, errRefused)
			assert.Equal(t, calls, op.calls())
			assert.Equal(t, time.Duration(calls-1)*10*time.Second, time.Since(before))
			cancel()
		}
	})
}

// Pekko's delay can exceed its maximum, because the jitter multiplies after
// the cap. Every wait is in [min_wait, max_wait], also the thousandth.
func TestPeerDefect_PekkoDelayExceedsTheMaximum(t *testing.T) {
	for _, jitter := range policies.Jitters() {
		t.Run(string(jitter), func(t *testing.T) {
			p := retried(func(p *policies.Policy) {
				p.Retry.Jitter = jitter
				p.Retry.MaxAttempts = 300
			})
			inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
				var ends []time.Time
				_, err := call(context.Background(), gateway, func(context.Context) (int, error) {
					ends = append(ends, time.Now())
					return 0, errRefused
				})
				require.ErrorIs(t, err, errRefused)
				require.Len(t, ends, 300)
				for i := 1; i < len(ends); i++ {
					assertBetween(t, p.Retry.MinWait, p.Retry.MaxWait, ends[i].Sub(ends[i-1]))
				}
			})
		})
	}
}

// The same for the breaker's open time, whose jitter is left room below the
// cap.
func TestPeerDefect_PekkoOpenTimeExceedsTheMaximum(t *testing.T) {
	for _, shortest := range []time.Duration{time.Minute, 4 * time.Minute} {
		p := guarded(func(p *policies.Policy) {
			p.Breaker.RecoveryTimeout = shortest
			p.Breaker.RecoveryJitter = 1
			p.Breaker.MaxRecoveryTimeout = 5 * time.Minute
		})
		inBubble(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor) {
			b := sup.Breaker(gateway)
			trip(t, sup)
			for range 50 {
				open := time.Until(b.Counts().OpenUntil)
				assertBetween(t, shortest, 5*time.Minute, open)
				pass(open)
				_, err := do(sup, failing(errRefused))
				require.Same(t, errRefused, err)
			}
		})
	}
}

// Dapr retried HTTP 4xx, and agents retried a 429 that says the quota is used
// up. A real server shows both.
func TestUsersAsk_4xxAndUsedUpQuotasAreNotRetried(t *testing.T) {
	quota := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Should-Retry", "true") // no wait mends it, whatever this says
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"error": {"type": "insufficient_quota", "message": "You exceeded your current quota"}}`))
	}
	for name, handler := range map[string]http.HandlerFunc{
		"400": status(400), "401": status(401), "403": status(403), "404": status(404), "410": status(410), "422": status(422),
		"quota": quota,
	} {
		s := serve(t, handler)
		sup := onTheRealClock(t, retried())
		_, err := do(sup, s.request(http.MethodGet, ""))
		var answer *classify.StatusError
		require.ErrorAs(t, err, &answer, name)
		assert.False(t, errors.As(err, new(*supervisor.ExhaustedError)), name)
		assert.EqualValues(t, 1, s.requests.Load(), name)
		assert.Zero(t, sup.Breaker(gateway).Counts().Failures, name)
	}
}
