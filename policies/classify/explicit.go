package classify

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Ignore marks err so that a circuit breaker counts it for nobody, whatever
// it is: a mistake of the caller's, an answer that is no fault. Whether it is
// retried still depends on err itself; for an error that must not be, use
// backoff.Permanent. It returns nil for nil; the mark unwraps to err.
func Ignore(err error) error {
	if err == nil {
		return nil
	}
	return &ignoreMark{err}
}

// Retryable marks err as a failure of the target that is worth another
// attempt. The attempt still counts as one that may have taken effect, unless
// err is known to come from before anything was sent. It returns nil for nil;
// the mark unwraps to err.
func Retryable(err error) error {
	if err == nil {
		return nil
	}
	return &retryMark{error: err}
}

// RetryableAfter is [Retryable] with the delay the server asked for. A d of 0
// or less names no delay.
func RetryableAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryMark{error: err, after: d}
}

type ignoreMark struct{ error }

func (m *ignoreMark) Unwrap() error { return m.error }

type retryMark struct {
	error
	after time.Duration
}

func (m *retryMark) Unwrap() error             { return m.error }
func (m *retryMark) Retryable() bool           { return true }
func (m *retryMark) RetryAfter() time.Duration { return m.after }

// explicit is what the error says of another attempt. The outermost error that
// speaks is heard. A "yes" is a failure of the target that may have taken
// effect, unless the same error value also carries a status, or the mark's
// cause is known to have sent nothing: a panic that carries some other error
// is not to be judged by that one. A "no" leaves the outcome as it is.
func explicit(v *Verdict, err error) {
	if lasting(v.Condition) {
		return
	}
	speaks, ok := errors.AsType[speaker](err)
	switch {
	case !ok:
		headerSays(v, err)
	case !speaks.Retryable():
		v.Retryable = false
		if v.Condition == Unknown {
			v.Condition = Explicit
		}
	case carriesStatus(speaks):
		v.Retryable = true
	case isRetryMark(speaks) && v.Condition != Unknown:
		v.Outcome, v.Retryable = policies.Failure, true
	default:
		*v = verdict(Explicit, meanings[Explicit])
	}
}

func isRetryMark(err error) bool {
	_, ok := err.(*retryMark) //nolint:errorlint // the error itself, not what it wraps
	return ok
}

func carriesStatus(err error) bool {
	code := 0
	switch e := err.(type) { //nolint:errorlint // the error itself, not what it wraps
	case statusCoder:
		code = e.StatusCode()
	case httpStatusCoder:
		code = e.HTTPStatusCode()
	}
	_, grpc := grpcStatusOf(err)
	return grpc || isErrorStatus(code)
}

// headerSays heeds x-should-retry, which the model APIs of OpenAI and
// Anthropic send.
func headerSays(v *Verdict, err error) {
	status, ok := errors.AsType[*StatusError](err)
	if !ok {
		return
	}
	word := strings.TrimSpace(status.Header.Get("X-Should-Retry"))
	if word == "" {
		return
	}
	if says, bad := strconv.ParseBool(word); bad == nil {
		v.Retryable = says
	}
}

// unsafe reports whether err shows a method that is not idempotent (RFC 9110,
// section 9.2.2).
func unsafe(err error) bool {
	if e, ok := errors.AsType[*StatusError](err); ok && unsafeMethod(e.Method) {
		return true
	}
	e, ok := errors.AsType[*url.Error](err)
	return ok && unsafeMethod(e.Op)
}

func unsafeMethod(method string) bool {
	return strings.EqualFold(method, http.MethodPost) || strings.EqualFold(method, http.MethodPatch)
}
