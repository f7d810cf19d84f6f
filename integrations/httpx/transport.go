package httpx

import (
	"errors"
	"net/http"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Transport is an http.RoundTripper that sends each request as one operation
// of a supervisor. It keeps to the contract of http.RoundTripper: it changes no
// request, and closes the body of each, also of one that was refused. It is
// safe for concurrent use. Make one with [NewTransport].
type Transport struct {
	sup       *supervisor.Supervisor
	base      http.RoundTripper
	pick      func(*http.Request) string // nil: by host
	fallback  string
	buffer    int64
	keyHeader string
	options   []supervisor.CallOption
}

// NewTransport makes a Transport. It holds nothing of its own that would have to
// be closed, and goes on to refuse requests after the supervisor's Shutdown.
func NewTransport(sup *supervisor.Supervisor, options ...Option) *Transport {
	t := &Transport{sup: sup, base: http.DefaultTransport}
	for _, option := range options {
		if option != nil {
			option(t)
		}
	}
	return t
}

// RoundTrip implements [http.RoundTripper]. The package's comment says what it
// returns.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := &exchange{base: t.base, request: req}
	x.upload.init(req, t.buffer)
	defer x.end()
	if req.URL == nil {
		return nil, errors.New("httpx: the request's URL is nil")
	}
	target, err := t.target(req)
	if err != nil {
		return nil, err
	}
	x.target = target
	options := append(x.repetition(t.keyHeader), t.options...)
	a, err := supervisor.DoOn(req.Context(), target, x.attempt, options...)
	return x.outcome(a, err)
}

// CloseIdleConnections closes those of the transport below, if it has any. It is
// what http.Client.CloseIdleConnections calls.
func (t *Transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
