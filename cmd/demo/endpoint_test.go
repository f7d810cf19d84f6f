package main

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// The demo's main figure is how many calls meet a service that is down, so
// they must be counted where nobody answers them.
func TestEndpointCountsCalls(t *testing.T) {
	var headers http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers = r.Header.Clone()
		if r.URL.Path == "/teapot" {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	var isDown atomic.Bool
	network := connections()
	defer network.CloseIdleConnections()
	e := newEndpoint(server.URL, isDown.Load, network)

	require.NoError(t, e.get(t.Context(), operation{id: 12}, 3))
	assert.Equal(t, "12", headers.Get(flaky.OperationHeader))
	assert.Equal(t, "3", headers.Get(flaky.AttemptHeader))
	e.url = server.URL + "/teapot"
	require.ErrorContains(t, e.get(t.Context(), operation{}, 1), "418")

	server.Close()
	isDown.Store(true)
	require.Error(t, e.get(t.Context(), operation{}, 1))
	assert.EqualValues(t, 3, e.calls.Load())
	assert.EqualValues(t, 1, e.whileDown.Load())
	assert.EqualValues(t, 1, e.unreachable.Load())
}

func TestEndpointReportsAnImpossibleURL(t *testing.T) {
	e := newEndpoint("http://\x7f/", func() bool { return false }, http.DefaultTransport)
	require.ErrorContains(t, e.get(t.Context(), operation{id: 4}, 1), "operation 4")
	assert.Zero(t, e.calls.Load())
}
