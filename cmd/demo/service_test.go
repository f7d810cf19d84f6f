package main

import (
	"context"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func started(t *testing.T) *service {
	t.Helper()
	s, err := startService(1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.close()) })
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
	url := s.url()
	response, err := get(t, url)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.False(t, s.isDown())

	require.NoError(t, s.enter(t.Context(), down))
	assert.True(t, s.isDown())
	_, err = get(t, url)
	var refused *net.OpError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "dial", refused.Op)

	require.NoError(t, s.enter(t.Context(), healthy))
	assert.False(t, s.isDown())
	assert.Equal(t, url, s.url())
	response, err = get(t, url)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

// Without the delay in its answers an overloaded service would be retried
// like a broken one.
func TestOverloadedServiceSaysWhenToComeBack(t *testing.T) {
	s := started(t)
	require.NoError(t, s.enter(t.Context(), overloaded))
	for operation := 1; ; operation++ {
		if decide(overloaded, 1, operation, 1).status != http.StatusTooManyRequests {
			continue
		}
		network := connections()
		defer network.CloseIdleConnections()
		e := newEndpoint(s.url(), s.isDown, network)
		err := e.get(t.Context(), plannedAs(operation), 1)
		require.ErrorContains(t, err, "429")
		response, err := getAs(t, s.url(), operation)
		require.NoError(t, err)
		assert.Equal(t, "1", response.Header.Get("Retry-After"))
		assert.Equal(t, "500", response.Header.Get("Retry-After-Ms"))
		return
	}
}

func plannedAs(id int) operation { return operation{id: id, kind: background} }

func getAs(t *testing.T, url string, operation int) (*http.Response, error) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	request.Header.Set(operationHeader, strconv.Itoa(operation))
	request.Header.Set(attemptHeader, "1")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	return response, err
}

// A demo that can't get its port back has nothing to show and must say so.
func TestServiceReportsAPortItCannotOpen(t *testing.T) {
	s := started(t)
	require.NoError(t, s.enter(t.Context(), down))
	s.address = "192.0.2.1:1" // TEST-NET-1: not an address of this machine
	err := follow(t.Context(), s, time.Now(), []stage{{phase: healthy}}, func(stage, time.Time) {})
	require.ErrorContains(t, err, "can't listen on 192.0.2.1:1")
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
		s, err := startService(1)
		require.NoError(t, err)
		require.NoError(t, s.close())
		_, err = get(t, s.url())
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
}
