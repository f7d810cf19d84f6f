package conformance_test

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The weaknesses of the Python implementation's retries, each of which would
// be back if its test failed.

// There, a POST was repeated although the first one may have been carried out.
func TestWeakness_POSTRequestsAreRetriedBlindly(t *testing.T) {
	ctx := context.Background()
	for name, tc := range map[string]struct {
		method   string
		first    http.HandlerFunc
		options  []supervisor.CallOption
		requests int64
	}{
		"POST, bad gateway":         {http.MethodPost, status(502), nil, 1},
		"POST, connection lost":     {http.MethodPost, hangUp, nil, 1},
		"PATCH, bad gateway":        {http.MethodPatch, status(502), nil, 1},
		"POST with a key":           {http.MethodPost, status(502), []supervisor.CallOption{supervisor.IdempotencyKey("order-7")}, 2},
		"POST declared idempotent":  {http.MethodPost, hangUp, []supervisor.CallOption{supervisor.Idempotent()}, 2},
		"POST, turned away unread":  {http.MethodPost, status(429), nil, 2},
		"POST, come back in a bit":  {http.MethodPost, status(503, "Retry-After", "0"), nil, 2},
		"GET, bad gateway":          {http.MethodGet, status(502), nil, 2},
		"GET, connection lost":      {http.MethodGet, hangUp, nil, 2},
		"PUT, connection lost":      {http.MethodPut, hangUp, nil, 2},
		"DELETE, internal error":    {http.MethodDelete, status(500), nil, 2},
		"GET, not found":            {http.MethodGet, status(404), nil, 1},
		"GET, will never be there":  {http.MethodGet, status(501), nil, 1},
		"GET, server says don't":    {http.MethodGet, status(500, "X-Should-Retry", "false"), nil, 1},
		"GET, server says do":       {http.MethodGet, status(403, "X-Should-Retry", "true"), nil, 2},
		"POST, bad request":         {http.MethodPost, status(400), nil, 1},
		"GET, overloaded (529)":     {http.MethodGet, status(529), nil, 2},
		"GET, request timeout":      {http.MethodGet, status(408), nil, 2},
		"GET, conflict":             {http.MethodGet, status(409), nil, 2},
		"GET, too many requests":    {http.MethodGet, status(429), nil, 2},
		"GET, service unavailable":  {http.MethodGet, status(503), nil, 2},
		"GET, unauthorized":         {http.MethodGet, status(401), nil, 1},
		"GET, unprocessable entity": {http.MethodGet, status(422), nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, tc.first)
			sup := onTheRealClock(t, retried())
			_, err := supervisor.Do(ctx, sup, gateway, s.request(tc.method, "{}"), tc.options...)
			assert.Equal(t, tc.requests, s.requests.Load())
			assert.Equal(t, tc.requests == 2, err == nil, "%v", err)
		})
	}
}

// There, and rightly here too, a POST that reached nobody is repeated.
func TestWeakness_POSTThatWasNeverSentIsRetried(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	sup := onTheRealClock(t, retried())
	calls := 0
	_, err := do(sup, func(ctx context.Context) (int, error) {
		calls++
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, gone.URL, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(r)
		if err == nil {
			resp.Body.Close()
		}
		return 0, err
	})
	assert.Error(t, err)
	assert.Equal(t, 4, calls)
}

// There, OSError stood for missing files, permissions and certificates, and
// all of them were retried.
func TestWeakness_LastingFaultsAreRetried(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	_, missing := os.Open("testdata/no_such_file")
	_, untrusted := httpGet(server.URL)
	require.ErrorAs(t, untrusted, new(x509.UnknownAuthorityError))
	set := loaded(t, `{"retry_policy": {"custom_exceptions": ["OSError", "requests.RequestException", "ConnectionError"]}}`)
	for name, lasting := range map[string]error{
		"missing file":      missing,
		"permission":        &os.PathError{Op: "open", Path: "/etc/shadow", Err: os.ErrPermission},
		"certificate":       untrusted,
		"HTTP 4xx":          &classify.StatusError{Method: "GET", StatusCode: 404},
		"quota used up":     &classify.StatusError{Method: "GET", StatusCode: 429, Body: []byte(`{"error": {"code": "insufficient_quota"}}`)},
		"marked permanent":  backoffPermanent(errRefused),
		"nobody has a clue": errUnknown,
	} {
		inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
			op := always(10, lasting)
			_, err := supervisor.Do(context.Background(), sup, "api", op.run)
			assert.Error(t, err)
			assert.Equal(t, 1, op.calls(), name)
		})
	}
}

// There, with a min_wait of a second the first retry always came after exactly
// a second, so callers that failed together came back together.
func TestWeakness_FirstWaitHasNoJitter(t *testing.T) {
	p := policies.Default(policies.Worker)
	p.Breaker.FailureThreshold = policies.Never
	inBubble(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor) {
		heardAll := listen(sup)
		concurrently(50, func(int) error {
			_, err := do(sup, scripted(errRefused).run)
			return err
		}, func() {})
		waits := map[time.Duration]bool{}
		for _, e := range heard[actors.RetryScheduled](heardAll) {
			assertBetween(t, time.Second, 2*time.Second, e.Wait)
			waits[e.Wait] = true
		}
		assert.Greater(t, len(waits), 40, "they come back together")
	})
}

// There, retry and breaker were two things that knew nothing of each other:
// a retry went on against an open breaker, and each attempt had to be guarded
// by hand.
func TestWeakness_RetryAndBreakerAreNotComposed(t *testing.T) {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 4
	p.Breaker.FailureThreshold = 6
	p.Breaker.RecoveryJitter = 0
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op := always(100, errRefused)
		b := sup.Breaker(gateway)
		_, err := call(context.Background(), gateway, op.run)
		assert.ErrorIs(t, err, errRefused)
		assert.Equal(t, 4, b.Counts().ConsecutiveFailures, "every attempt counts, not every operation")

		_, err = call(context.Background(), gateway, op.run)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 2, exhausted.Attempts, "the trip ends the retries")
		assert.ErrorIs(t, err, supervisor.ErrOpen)
		assert.ErrorIs(t, err, errRefused)
		assert.Equal(t, breaker.Open, b.State())
		assert.Equal(t, 6, op.calls())

		pass(time.Minute)
		_, err = call(context.Background(), gateway, op.run)
		require.Error(t, err)
		assert.Equal(t, 7, op.calls(), "a failed probe is not retried against the breaker it reopened")
		assert.Equal(t, breaker.Open, b.State())
	})
}

// The other composition: an operation that may wait outlives the outage.
func TestWeakness_AnOutageEndsEveryOperation(t *testing.T) {
	p := guarded(func(p *policies.Policy) {
		p.Retry.Enabled = true
		p.Retry.MaxAttempts = 6
		p.Retry.WhenOpen = policies.Park
		p.Breaker.SuccessThreshold = 1
	})
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op, before := always(3, errRefused), time.Now()
		v, err := call(context.Background(), gateway, op.run)
		require.NoError(t, err)
		assert.Equal(t, 42, v)
		assert.Equal(t, 4, op.calls())
		assert.GreaterOrEqual(t, time.Since(before), time.Minute, "no attempt while open")
		assert.Equal(t, breaker.Closed, sup.Breaker(gateway).State())
	})
}
