package llm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// maxBuffered is how much of a request's body is kept in memory, in bytes, if
// the request can't give its body a second time. The SDKs' JSON requests can;
// uploads from a reader can't.
const maxBuffered = 4 << 20

// requestBody gives a request's body to each attempt.
type requestBody struct {
	get  func() (io.ReadCloser, error) // nil without a body, or for one that can be had once
	once io.ReadCloser                 // what can be had once
	used atomic.Bool                   // and has been
}

// readBody takes the body over from req.
func readBody(req *http.Request) (*requestBody, error) {
	switch {
	case req.Body == nil, req.Body == http.NoBody:
		return &requestBody{}, nil
	case req.GetBody != nil:
		_ = req.Body.Close()
		return &requestBody{get: req.GetBody}, nil
	}
	start, err := io.ReadAll(io.LimitReader(req.Body, maxBuffered+1))
	if err != nil {
		_ = req.Body.Close()
		return nil, fmt.Errorf("reading the request's body: %w", err)
	}
	if len(start) > maxBuffered {
		return &requestBody{once: joined{io.MultiReader(bytes.NewReader(start), req.Body), req.Body}}, nil
	}
	_ = req.Body.Close()
	return &requestBody{get: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(start)), nil }}, nil
}

// joined reads from one place and closes another.
type joined struct {
	io.Reader
	io.Closer
}

// request is original, with its body, for one attempt.
func (b *requestBody) request(ctx context.Context, original *http.Request) (*http.Request, error) {
	req := original.Clone(ctx)
	switch {
	case b.get != nil:
		body, err := b.get()
		if err != nil {
			return nil, fmt.Errorf("rewinding the request's body: %w", err)
		}
		req.Body, req.GetBody = body, b.get
	case b.once != nil:
		if b.used.Swap(true) {
			return nil, errBodyGone
		}
		req.Body = b.once
	}
	return req, nil
}

var errBodyGone = classify.Ignore(errors.New("another attempt had the request's body"))

// failed is the error of an attempt. One whose body is gone is the last.
func (b *requestBody) failed(err error) error {
	if b.used.Load() {
		return &bodyGoneError{err}
	}
	return err
}

// bodyGoneError is an attempt's error after which there is no body to send.
type bodyGoneError struct{ err error }

func (e *bodyGoneError) Error() string {
	return fmt.Sprintf("%v (not repeated: the request's body is over %d MiB and can't be rewound)", e.err, maxBuffered>>20)
}

func (e *bodyGoneError) Unwrap() error { return e.err }

// Retryable says that there is nothing to send again.
func (e *bodyGoneError) Retryable() bool { return false }
