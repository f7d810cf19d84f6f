package classify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// speaks says of itself whether it is retryable, as an SDK's error or a
// caught panic does.
type speaks struct {
	error
	yes bool
}

func (s speaks) Retryable() bool { return s.yes }
func (s speaks) Unwrap() error   { return s.error }

// speaksWithStatus also carries a status.
type speaksWithStatus struct {
	speaks
	status int
}

func (s speaksWithStatus) StatusCode() int { return s.status }

type speaksWithHTTPStatus struct {
	speaks
	status int
}

func (s speaksWithHTTPStatus) HTTPStatusCode() int { return s.status }

// Broken, an error's own word would not count, or a panic that carries a
// harmless error would be taken for harmless.
func TestErrorsThatSpeakForThemselves(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  error
		want essence
	}{
		{"yes", speaks{errPlan, true}, essence{Explicit, failedAfter}},
		{"yes, wrapped", fmt.Errorf("run: %w", speaks{errPlan, true}), essence{Explicit, failedAfter}},
		{"yes, with a harmless cause", speaks{fs.ErrNotExist, true}, essence{Explicit, failedAfter}},
		{"yes, with a cancelled cause", speaks{context.Canceled, true}, essence{Explicit, failedAfter}},
		{"yes, with a throttled cause", speaks{&StatusError{StatusCode: 429}, true}, essence{Explicit, failedAfter}},
		{"yes, and a status", speaksWithStatus{speaks{errPlan, true}, 429}, essence{"http.429", throttled}},
		{"yes, and another status", speaksWithHTTPStatus{speaks{errPlan, true}, 404}, essence{"http.404", ignoredPassing}},
		{"yes, and no status yet", speaksWithStatus{speaks{errPlan, true}, 0}, essence{Explicit, failedAfter}},
		{"no", speaks{errPlan, false}, essence{Explicit, unknown}},
		{"no, with a known cause", speaks{syscall.ECONNRESET, false}, essence{NetReset, meaning{policies.Failure, false, true}}},
		{"the outermost is heard", speaks{speaks{errPlan, true}, false}, essence{Explicit, unknown}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)))
		})
	}
}

// Broken, a caller could not tell the supervisor what its errors mean.
func TestMarks(t *testing.T) {
	assert.NoError(t, Ignore(nil))
	assert.NoError(t, Retryable(nil))
	assert.NoError(t, RetryableAfter(nil, time.Second))

	for _, tt := range []struct {
		name string
		err  error
		want essence
	}{
		{"ignored", Ignore(errPlan), essence{Unknown, meaning{policies.Ignored, false, true}}},
		{"an ignored outage is still retried", Ignore(syscall.ECONNREFUSED), essence{NetRefused, ignoredPassing}},
		{"retryable", Retryable(errPlan), essence{Explicit, failedAfter}},
		{"retryable, nothing was sent", Retryable(&StatusError{StatusCode: 429}), essence{"http.429", failedBefore}},
		{"retryable and ignored", Ignore(Retryable(errPlan)), essence{Explicit, meaning{policies.Ignored, true, true}}},
		{"ignored and retryable", Retryable(Ignore(errPlan)), essence{Explicit, meaning{policies.Ignored, true, true}}},
		{"permanent and ignored", backoff.Permanent(Ignore(syscall.ECONNREFUSED)), essence{Permanent, ignored}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, essenceOf(verdictOf(tt.err)))
		})
	}

	for _, err := range []error{Ignore(errPlan), Retryable(errPlan), RetryableAfter(errPlan, time.Second)} {
		assert.ErrorIs(t, err, errPlan)
		assert.EqualError(t, err, errPlan.Error())
		assert.Equal(t, err, verdictOf(err).Err)
	}
	v := verdictOf(RetryableAfter(errPlan, 3*time.Second))
	assert.True(t, v.HasDelay)
	assert.Equal(t, 3*time.Second, v.Delay)
	assert.False(t, verdictOf(RetryableAfter(errPlan, -1)).HasDelay)

	list := uncomparable{errPlan}
	assert.NotPanics(t, func() { _ = errors.Is(Retryable(list), Retryable(list)) })
}

type uncomparable []error

func (uncomparable) Error() string { return "several" }

// Broken, a model API's own word on retries would be ignored.
func TestShouldRetryHeader(t *testing.T) {
	for _, tt := range []struct {
		status int
		header string
		want   bool
	}{
		{503, "false", false}, {503, "true", true}, {404, "true", true}, {404, " true ", true},
		{404, "", false}, {503, "maybe", true},
	} {
		err := &StatusError{StatusCode: tt.status, Header: http.Header{"X-Should-Retry": {tt.header}}}
		assert.Equal(t, tt.want, verdictOf(err).Retryable, "%d with %q", tt.status, tt.header)
	}
}

// Broken, a POST whose effect is unknown would be sent twice.
func TestUnsafeMethods(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{&url.Error{Op: "Post", Err: syscall.ECONNRESET}, true},
		{&url.Error{Op: "Patch", Err: syscall.ECONNRESET}, true},
		{&url.Error{Op: "Put", Err: syscall.ECONNRESET}, false},
		{&url.Error{Op: "Get", Err: syscall.ECONNRESET}, false},
		{&StatusError{Method: "POST", StatusCode: 500}, true},
		{fmt.Errorf("x: %w", &StatusError{Method: "PATCH", StatusCode: 500}), true},
		{&StatusError{Method: "DELETE", StatusCode: 500}, false},
		{errPlan, false},
	} {
		assert.Equal(t, tt.want, verdictOf(tt.err).Unsafe, "%v", tt.err)
	}
}
