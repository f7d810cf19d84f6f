package httpx

import (
	"context"
	"errors"
	"net/http"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// errServed is the error of a second attempt, which there is not to be.
var errServed = classify.Ignore(errors.New("httpx: the request was served before"))

// serving is one request and its handler.
type serving struct {
	response
	request *http.Request
	next    http.Handler
	value   any // what the handler panicked with
}

// stage is how far a handler has come.
type stage uint8

const (
	notBegun stage = iota
	running
	returned
	panicked
	leftBehind // it runs, and the request has been answered for it
	refused    // it will not run
)

// run is the operation.
func (s *serving) run(ctx context.Context) (_ struct{}, err error) {
	if !s.begin() {
		return struct{}{}, errServed
	}
	request := s.request.WithContext(ctx)
	defer func() {
		if value := recover(); value != nil {
			s.value = value
			s.finish(panicked, request)
			err = crash(ctx, value)
		}
	}()
	s.next.ServeHTTP(&s.response, request)
	status := s.finish(returned, request)
	if status < http.StatusInternalServerError {
		return struct{}{}, nil
	}
	return struct{}{}, unlessGone(ctx, &classify.StatusError{
		Method: methodOf(request), URL: request.URL.Path, StatusCode: status,
	})
}

// finish is the handler's end. It gives the status of its answer, and the server
// what the handler has found out of the request.
func (s *serving) finish(how stage, request *http.Request) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stage != running {
		if request.MultipartForm != nil {
			_ = request.MultipartForm.RemoveAll() // which the server does for its own
		}
		return http.StatusServiceUnavailable // as the client was answered
	}
	s.stage = how
	s.request.Pattern, s.request.MultipartForm = request.Pattern, request.MultipartForm
	if how == returned {
		s.publish() // trailers, or the header of an answer without a body
	}
	if s.status == 0 {
		return http.StatusOK
	}
	return s.status
}

// crash is the error of a handler that panicked.
func crash(ctx context.Context, value any) error {
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
		return unlessGone(ctx, http.ErrAbortHandler)
	}
	return actors.NewPanicError(value)
}

// unlessGone marks what goes wrong when the client has left: it is what handlers
// do then.
func unlessGone(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return classify.Ignore(err)
	}
	return err
}
