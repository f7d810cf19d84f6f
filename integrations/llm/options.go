package llm

import (
	"net/http"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Option changes how a [Middleware] treats its calls.
type Option func(*settings)

type settings struct {
	idle    time.Duration
	options []supervisor.CallOption
}

func gather(options []Option) *settings {
	s := &settings{}
	for _, option := range options {
		if option != nil {
			option(s)
		}
	}
	return s
}

// Idempotent says that every call may be made twice: that the model runs no
// tools on the server and nothing is stored, and a second answer costs no more
// than its tokens. Resets and timeouts after sending are then repeated too.
func Idempotent() Option { return WithCallOptions(supervisor.Idempotent()) }

// WithCallOptions gives every call the supervisor's own options, such as
// [supervisor.ParkWhenOpen].
func WithCallOptions(options ...supervisor.CallOption) Option {
	return func(s *settings) { s.options = append(s.options, options...) }
}

// IdleTimeout bounds how long the reader of a stream waits for its next bytes:
// then the connection is given up and reading fails with an [*IdleError].
// Before the first event that fails the attempt. Pings and comments are signs
// of life: each begins the time anew. Time in which nobody reads doesn't count.
//
// Default 0: no bound. Some models think for minutes without a sign.
func IdleTimeout(d time.Duration) Option {
	return func(s *settings) { s.idle = d }
}

// oneByOne keeps an operation from being hedged, and leaves its waits to the
// policy: two attempts at a time can't have one body.
var oneByOne = supervisor.BackOff(func() backoff.BackOff { return nil })

// callOptions are those of one call. They say of a POST that it is one, for the
// attempts that end without an error of the request: one that is left behind at
// attempt_timeout.
func (s *settings) callOptions(req *http.Request, body *requestBody) []supervisor.CallOption {
	var own []supervisor.CallOption
	if body.once != nil {
		own = append(own, oneByOne)
	}
	if req.Method == http.MethodPost || req.Method == http.MethodPatch {
		own = append(own, supervisor.NotIdempotent())
	}
	if key := req.Header.Get("Idempotency-Key"); key != "" {
		own = append(own, supervisor.IdempotencyKey(key))
	}
	return slices.Concat(own, s.options)
}
