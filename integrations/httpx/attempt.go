package httpx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// slowestError is how long the beginning of the body of an answer of 400 or more
// may take. One that says that it failed, and then not why, is not waited for.
const slowestError = 10 * time.Second

var (
	errNoResponse = errors.New("httpx: the base RoundTripper returned neither a response nor an error")
	errOver       = classify.Ignore(errors.New("httpx: the request was over when its answer came"))
	errSlow       = fmt.Errorf("httpx: the body of an error's answer did not arrive within %s", slowestError)
)

// attempt sends the request once.
func (x *exchange) attempt(ctx context.Context) (*answer, error) {
	body, getBody, err := x.upload.open()
	if err != nil {
		return nil, backoff.Permanent(err)
	}
	x.again()
	life := newLifetime(ctx, x.request.Context())
	var a *answer // not nil once the lifetime is in its hands
	defer func() {
		if a == nil {
			life.end()
		}
	}()
	sent := x.request.WithContext(life)
	if x.header != nil {
		sent.Header = x.header
	}
	if body != nil {
		sent.Body, sent.GetBody = body, getBody
	}
	response, err := x.base.RoundTrip(sent)
	if err == nil && response == nil {
		err = errNoResponse
	}
	if err != nil {
		return nil, x.failure(ctx, sent, err)
	}
	response.Request = sent
	status := life.read(response)
	if !life.outlive() {
		closeBody(response)
		return nil, x.failure(ctx, sent, life.why())
	}
	life.carry(response)
	a = &answer{response, status}
	if !x.hold(a) {
		a.close()
		return nil, errOver
	}
	if status != nil {
		return nil, x.judged(status)
	}
	return a, nil
}

// read reads the beginning of the body of an answer of 400 or more, and gives
// the error that the answer means. The body can then be read as if it had not
// been.
func (l *lifetime) read(response *http.Response) error {
	if response.StatusCode < http.StatusBadRequest {
		return nil
	}
	if response.Body == nil {
		return classify.FromResponse(response)
	}
	rest := &listener{ReadCloser: response.Body}
	response.Body = rest
	slow := time.AfterFunc(slowestError, func() { l.cancel(errSlow) })
	err := classify.FromResponse(response)
	slow.Stop()
	if status, ok := errors.AsType[*classify.StatusError](err); ok {
		response.Body = &replay{beginning: bytes.NewReader(status.Body), ended: rest.ended, rest: rest}
	}
	return err
}

// failure is the error of an attempt without an answer, in the form of
// http.Client: package classify goes by the method that it shows.
func (x *exchange) failure(ctx context.Context, sent *http.Request, err error) error {
	method := methodOf(sent)
	shown := *sent.URL
	shown.User, shown.RawQuery, shown.ForceQuery, shown.Fragment, shown.RawFragment = nil, "", false, "", ""
	wrapped := &url.Error{Op: method[:1] + strings.ToLower(method[1:]), URL: shown.String(), Err: err}
	if gone := ctx.Err(); gone != nil && !errors.Is(err, gone) { // but the cause that its context was given
		wrapped.Err = fmt.Errorf("%w (%w)", err, gone)
	}
	if x.request.Context().Err() != nil {
		return wrapped // it is not repeated anyway
	}
	return x.judged(wrapped)
}

// judged sees to it that a body which can't be sent again isn't, whatever the
// policy says of err.
func (x *exchange) judged(err error) error {
	if x.upload.retake() {
		return err
	}
	return backoff.Permanent(&unrepeatable{err})
}

// unrepeatable is the error of a request whose body was sent.
type unrepeatable struct{ error }

func (e *unrepeatable) Error() string {
	return e.error.Error() + " (not repeated, its body was sent and cannot be sent again: give the request a GetBody, or use WithBufferedBodies)"
}

func (e *unrepeatable) Unwrap() error { return e.error }

// Retryable keeps an error that nobody knows a failure, which the permanent mark
// alone would have ignored.
func (e *unrepeatable) Retryable() bool { return false }

// bare takes off what http.Client puts on again.
func bare(err error) error {
	if e, ok := err.(*url.Error); ok { //nolint:errorlint // only the top is taken off
		return e.Err
	}
	return err
}

func closeBody(response *http.Response) {
	if response.Body != nil {
		_ = response.Body.Close()
	}
}
