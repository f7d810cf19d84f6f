package httpx

import (
	"net/http"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Option changes how [NewTransport] builds a Transport.
type Option func(*Transport)

// WithBase has attempts made by base. Default: http.DefaultTransport. Whatever
// must happen for each attempt (signing, tracing) goes there; what wraps the
// Transport sees each request once.
func WithBase(base http.RoundTripper) Option {
	return func(t *Transport) {
		if base != nil {
			t.base = base
		}
	}
}

// WithTarget has pick name the target of each request, see also [Named].
// Default: the host of the request's URL in lower case, with its port if there
// is a target of that name, and otherwise without. pick is called on the
// caller's goroutine and must be safe for concurrent use.
func WithTarget(pick func(*http.Request) string) Option {
	return func(t *Transport) { t.pick = pick }
}

// WithFallbackTarget names the target of requests whose own there is not, such
// as "api", the target of that operation type. Default none: such a request
// fails with an error that errors.Is finds [supervisor.ErrUnknownTarget] in.
// All that fall back share one breaker and one pool.
func WithFallbackTarget(name string) Option {
	return func(t *Transport) { t.fallback = name }
}

// Named picks the same target for every request, for [WithTarget] and
// [Middleware].
func Named(target string) func(*http.Request) string {
	return func(*http.Request) string { return target }
}

// WithBufferedBodies keeps the bodies of requests that have no GetBody, if they
// are of at most limit bytes, so that they can be sent again. The first attempt
// then begins when all of the body, or more than limit of it, has been read.
// Default 0, none is kept.
func WithBufferedBodies(limit int64) Option {
	return func(t *Transport) { t.buffer = limit }
}

// WithIdempotencyHeader gives every request of a method that is not idempotent
// and that carries no such key a random one, the same in all its attempts, under
// the header name; "Idempotency-Key" is what most servers know. It thereby makes
// them repeatable: use it only with servers that recognise a repeated request by
// that header. Default none.
func WithIdempotencyHeader(name string) Option {
	return func(t *Transport) { t.keyHeader = http.CanonicalHeaderKey(name) }
}

// WithCallOptions has every request run with these options, such as
// [supervisor.ParkWhenOpen].
func WithCallOptions(options ...supervisor.CallOption) Option {
	return func(t *Transport) { t.options = append(t.options, options...) }
}
