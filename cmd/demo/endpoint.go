package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/holdfast-go/holdfast/internal/flaky"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// endpoint calls one URL and counts the calls. Both clients call the service
// through one of their own.
type endpoint struct {
	url    string
	client *http.Client
	isDown func() bool

	// calls left the program, whileDown of them while the service was down;
	// unreachable could not connect.
	calls, whileDown, unreachable atomic.Int64
}

// newEndpoint returns an endpoint that calls through next. isDown says
// whether the service is known to be down at the moment.
func newEndpoint(url string, isDown func() bool, next http.RoundTripper) *endpoint {
	e := &endpoint{url: url, isDown: isDown}
	e.client = &http.Client{Transport: &meter{endpoint: e, next: next}}
	return e
}

// connections returns a transport with enough idle connections for all
// operations of a run.
func connections() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 256,
	}
}

// get is one attempt of an operation: a GET. An answer of 400 or above is an
// error, which carries the answer's Retry-After.
func (e *endpoint) get(ctx context.Context, op operation, attempt int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.url, nil)
	if err != nil {
		return fmt.Errorf("operation %d: %w", op.id, err)
	}
	request.Header.Set(flaky.OperationHeader, strconv.Itoa(op.id))
	request.Header.Set(flaky.AttemptHeader, strconv.Itoa(attempt))
	response, err := e.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if err := classify.FromResponse(response); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

// meter counts calls where they leave the program, because a closed port
// counts nothing.
type meter struct {
	endpoint *endpoint
	next     http.RoundTripper
}

func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	m.endpoint.calls.Add(1)
	if m.endpoint.isDown() {
		m.endpoint.whileDown.Add(1)
	}
	response, err := m.next.RoundTrip(r)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		m.endpoint.unreachable.Add(1)
	}
	return response, err
}
