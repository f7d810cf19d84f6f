package main

import (
	"context"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

func started(t *testing.T) *flaky.Service {
	t.Helper()
	s, err := flaky.Start(flaky.Config{Seed: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	return getAs(t, url, 0)
}

// Without the delay in its answers an overloaded service would be retried
// like a broken one.
func TestOverloadedServiceSaysWhenToComeBack(t *testing.T) {
	s := started(t)
	require.NoError(t, s.Enter(t.Context(), overloaded))
	for operation := 1; ; operation++ {
		if flaky.Decide(overloaded, 1, operation, 1).Status != http.StatusTooManyRequests {
			continue
		}
		network := connections()
		defer network.CloseIdleConnections()
		e := newEndpoint(s.URL(), s.IsDown, network)
		err := e.get(t.Context(), plannedAs(operation), 1)
		require.ErrorContains(t, err, "429")
		response, err := getAs(t, s.URL(), operation)
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
	request.Header.Set(flaky.OperationHeader, strconv.Itoa(operation))
	request.Header.Set(flaky.AttemptHeader, "1")
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	return response, err
}

// unopenable is a service whose port somebody else has.
type unopenable struct{ server }

func (unopenable) Enter(context.Context, phase) error { return syscall.EADDRINUSE }

// A demo that can't get its port back has nothing to show and must say so.
func TestFollowReportsAPortItCannotOpen(t *testing.T) {
	err := follow(t.Context(), unopenable{}, time.Now(), []stage{{phase: healthy}}, func(stage, time.Time) {})
	require.ErrorIs(t, err, syscall.EADDRINUSE)
}
