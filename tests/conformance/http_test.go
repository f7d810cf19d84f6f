package conformance_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// service is a real server that answers its n-th request by the n-th handler,
// and with 200 after them.
type service struct {
	*httptest.Server
	requests atomic.Int64
}

func serve(t *testing.T, handlers ...http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := int(s.requests.Add(1)); n <= len(handlers) {
			handlers[n-1](w, r)
		}
	}))
	// Without keep-alive a request is never repeated by net/http itself.
	s.Config.SetKeepAlivesEnabled(false)
	t.Cleanup(s.Close)
	return s
}

// status answers with a status, and headers given as name, value.
func status(code int, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
	}
}

// hangUp closes the connection without an answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// request is an operation that sends a request and gives the status.
func (s *service) request(method, body string) attempt {
	return func(ctx context.Context) (int, error) {
		r, err := http.NewRequestWithContext(ctx, method, s.URL, strings.NewReader(body))
		if err != nil {
			return 0, err
		}
		resp, err := s.Client().Do(r)
		if err != nil {
			return 0, err
		}
		defer resp.Body.Close()
		return resp.StatusCode, classify.FromResponse(resp)
	}
}

// httpGet gives the error of a plain GET.
func httpGet(url string) (int, error) {
	resp, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

// onTheRealClock is a supervisor whose retries do not wait.
func onTheRealClock(t *testing.T, p policies.Policy) *supervisor.Supervisor {
	t.Helper()
	sup, err := supervisor.New(oneTarget(t, withoutWaits(p)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sup.Shutdown(context.Background())) })
	return sup
}
