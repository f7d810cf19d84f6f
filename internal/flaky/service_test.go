package flaky

import (
	"context"
	"net"
	"net/http"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func started(t *testing.T) *Service {
	t.Helper()
	s, err := Start(Config{Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	return response, err
}

// The outage must be a real one, and end where clients look for the service.
func TestServiceGoesDownAndComesBackOnTheSamePort(t *testing.T) {
	s := started(t)
	url := s.URL()
	response, err := get(t, url)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.False(t, s.IsDown())

	require.NoError(t, s.Enter(t.Context(), Down))
	assert.True(t, s.IsDown())
	_, err = get(t, url)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "dial", refused.Op)

	require.NoError(t, s.Enter(t.Context(), Healthy))
	assert.False(t, s.IsDown())
	assert.Equal(t, url, s.URL())
	response, err = get(t, url)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

// Something else may hold the port for a moment: that must not end the demo.
func TestReopenWaitsForABorrowedPort(t *testing.T) {
	borrower, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := borrower.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = reopen(ctx, address)
	require.Error(t, err)

	reopened := make(chan net.Listener)
	go func() {
		listener, err := reopen(t.Context(), address)
		assert.NoError(t, err)
		reopened <- listener
	}()
	require.NoError(t, borrower.Close())
	listener := <-reopened
	require.NotNil(t, listener)
	require.NoError(t, listener.Close())
}

// A port that closes a little later than the phase says would answer calls
// that are counted as made while the service was down.
func TestServiceIsGoneAsSoonAsItIsClosed(t *testing.T) {
	for range 50 {
		s, err := Start(Config{Seed: 1})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		_, err = get(t, s.URL())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
}

// Whoever starts a service that can't have its port must hear which.
func TestStartReportsAPortItCannotOpen(t *testing.T) {
	_, err := Start(Config{Address: "192.0.2.1:1"}) // TEST-NET-1: not an address of this machine
	require.ErrorContains(t, err, "can't listen on 192.0.2.1:1")
}
