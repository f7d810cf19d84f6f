package llm

import (
	"bytes"
	"fmt"
	"io"
	"net/http"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// ProviderError is an error that a model API answered with: as a status of 400
// or more, or as an event of a stream. It unwraps to a [*classify.StatusError];
// that of an event has the status that the event stands for.
//
// It is what events and the supervisor's errors hold. Callers of an SDK get the
// SDK's own error for it.
type ProviderError struct {
	// Type, Code and Message are the error object's; empty if the answer has
	// none, as that of a gateway.
	Type, Code, Message string
	// InStream is true for an event of a stream that began with status 200.
	InStream bool

	status *classify.StatusError
	answer *http.Response
}

// newProviderError reads an error's body or event. resp is the answer it came
// in; its body is what the SDK is to read.
func newProviderError(resp *http.Response, status int, body []byte) *ProviderError {
	judged := *resp
	judged.StatusCode = status
	judged.Body = io.NopCloser(bytes.NewReader(body))
	found, _ := classify.FromResponse(&judged).(*classify.StatusError) //nolint:errorlint // it is that type
	s := readError(body)
	if status == resp.StatusCode {
		resp.Body = io.NopCloser(bytes.NewReader(body))
	}
	return &ProviderError{Type: s.kind, Code: s.code, Message: s.message, status: found, answer: resp}
}

// newEventError is the error that an event of a stream is.
func newEventError(resp *http.Response, data []byte) *ProviderError {
	e := newProviderError(resp, readError(data).status(), data)
	e.InStream = true
	return e
}

func (e *ProviderError) Error() string {
	if !e.InStream {
		return e.status.Error()
	}
	word := e.Code
	if word == "" {
		word = e.Type
	}
	return fmt.Sprintf("%s %s reported an error in its stream: %s: %s", e.status.Method, e.status.URL, word, e.Message)
}

// Unwrap gives the status error.
func (e *ProviderError) Unwrap() error { return e.status }

// SafeToRetry is true if the API itself says that the call has failed and may
// be made again, even if it is a POST. A gateway's 502 or 504 says nothing of
// what is behind it, and a 504 of the API itself not how far it came.
func (e *ProviderError) SafeToRetry() bool {
	if !e.InStream && e.status.Header.Get("X-Should-Retry") == "true" {
		return true
	}
	if e.Type == "" && e.Code == "" && e.Message == "" {
		return false
	}
	switch e.status.StatusCode {
	case http.StatusInternalServerError, http.StatusServiceUnavailable, statusOverloaded:
		return true
	}
	return false
}
