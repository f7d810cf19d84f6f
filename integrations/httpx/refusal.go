package httpx

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/holdfast-go/holdfast/supervisor"
)

// WriteRefusal answers a request whose operation was refused, and reports whether
// err says so: an *OpenError or a *RejectedError is in it. It writes nothing for
// any other error.
//
//	quote, err := supervisor.Do(r.Context(), sup, "quotes", fetch)
//	if httpx.WriteRefusal(w, err) {
//		return
//	}
//
// The answer is 503 with a Retry-After of whole seconds, rounded up and at least
// 1, which is what the error says where it says something; 429 if the target's
// rate_limit is used up; after Shutdown also Connection: close, so that the
// client's next request can go elsewhere; and 500 without either for a target that
// there is not. The body doesn't say what err does: that is for the log.
func WriteRefusal(w http.ResponseWriter, err error) bool {
	if _, open := errors.AsType[*supervisor.OpenError](err); !open {
		if _, rejected := errors.AsType[*supervisor.RejectedError](err); !rejected {
			return false
		}
	}
	writeRefusal(w, err)
	return true
}

func writeRefusal(w http.ResponseWriter, err error) {
	refusalHeader(w.Header(), err)
	status := RefusalStatus(err)
	http.Error(w, http.StatusText(status), status)
}

// RefusalStatus is the status that [WriteRefusal] answers with.
func RefusalStatus(err error) int {
	if errors.Is(err, supervisor.ErrUnknownTarget) {
		return http.StatusInternalServerError
	}
	if limit, ok := errors.AsType[*supervisor.RateLimitError](err); ok && !limit.Paused {
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// refusalHeader says when to come back, and where not to.
func refusalHeader(h http.Header, err error) {
	if RefusalStatus(err) == http.StatusInternalServerError {
		return
	}
	wait := max(1, (retryAfter(err)+time.Second-1)/time.Second)
	h.Set("Retry-After", strconv.FormatInt(int64(wait), 10))
	if errors.Is(err, supervisor.ErrShutdown) {
		h.Set("Connection", "close")
	}
}

func retryAfter(err error) time.Duration {
	if limit, ok := errors.AsType[*supervisor.RateLimitError](err); ok {
		return limit.RetryAfter
	}
	e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err)
	if !ok {
		return 0
	}
	return e.RetryAfter()
}
