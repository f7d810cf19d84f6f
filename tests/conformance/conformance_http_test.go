package conformance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The lines of conformance that are about a network, over a real one.

// If this fails, a connection that a real server drops is not tried again.
func TestConformance03_OverRealHTTP(t *testing.T) {
	for name, first := range map[string]http.HandlerFunc{
		"hangs up":            hangUp,
		"bad gateway":         status(http.StatusBadGateway),
		"come back right now": status(http.StatusServiceUnavailable, "Retry-After", "0"),
		"in the past":         status(http.StatusTooManyRequests, "Retry-After", "Tue, 15 Nov 1994 08:12:31 GMT"),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, first)
			sup := onTheRealClock(t, retried())
			code, err := do(sup, s.request(http.MethodGet, ""))
			require.NoError(t, err)
			assert.Equal(t, http.StatusOK, code)
			assert.EqualValues(t, 2, s.requests.Load())
		})
	}
}

// If this fails, what a real server said is lost when the attempts are used up.
func TestConformance05_OverRealHTTP(t *testing.T) {
	down := func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("closed for stocktaking"))
	}
	s := serve(t, down, down, down, down, down)
	sup := onTheRealClock(t, retried())
	_, err := do(sup, s.request(http.MethodGet, ""))
	require.ErrorAs(t, err, new(*supervisor.ExhaustedError))
	var answer *classify.StatusError
	require.ErrorAs(t, err, &answer)
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	assert.ErrorContains(t, err, "closed for stocktaking")
	assert.EqualValues(t, 4, s.requests.Load())
}

// If this fails, a server that is down keeps being asked.
func TestConformance23_OverRealHTTP(t *testing.T) {
	s := serve(t, status(500), status(500), status(500))
	sup := onTheRealClock(t, guarded())
	fetch := supervisor.Wrap(sup, gateway, func(ctx context.Context, method string) (int, error) {
		return s.request(method, "")(ctx)
	})
	for range 3 {
		_, err := fetch(context.Background(), http.MethodGet)
		var answer *classify.StatusError
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, 500, answer.StatusCode)
	}
	b := sup.Breaker(gateway)
	assert.Equal(t, breaker.Open, b.State())
	_, err := fetch(context.Background(), http.MethodGet)
	assert.ErrorIs(t, err, supervisor.ErrOpen)
	assert.EqualValues(t, 3, s.requests.Load(), "the server was asked while open")

	b.Reset()
	code, err := fetch(context.Background(), http.MethodGet)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, code)
}

// If this fails, a port that nobody listens on does not count as down.
func TestConformance23_NobodyListens(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	sup := onTheRealClock(t, policies.Default(policies.API))
	op := func(context.Context) (int, error) { return httpGet(gone.URL) }
	_, err := do(sup, op)
	var exhausted *supervisor.ExhaustedError
	require.ErrorAs(t, err, &exhausted)
	assert.Equal(t, 4, exhausted.Attempts)
	_, err = do(sup, op)
	require.ErrorAs(t, err, &exhausted)
	assert.Equal(t, 1, exhausted.Attempts, "the fifth failure trips")
	assert.ErrorIs(t, err, supervisor.ErrOpen)
	assert.Equal(t, breaker.Open, sup.Breaker(gateway).State())
}
