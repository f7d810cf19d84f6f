package httpx

import (
	"crypto/rand"
	"net/http"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// keyHeaders are the headers by which net/http, too, takes a request as safe to
// repeat.
var keyHeaders = [...]string{"Idempotency-Key", "X-Idempotency-Key"}

// methodOf is the request's method, of which the empty one means GET.
func methodOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// idempotent says whether RFC 9110, section 9.2.2, calls the method that.
func idempotent(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return false
}

var (
	safe   = supervisor.Idempotent()
	unsafe = supervisor.NotIdempotent()
	// oneByOne keeps an operation from being hedged, and leaves its waits to the
	// policy: two attempts at a time can't have one body.
	oneByOne = supervisor.BackOff(func() backoff.BackOff { return nil })
)

// repetition finds out what makes the request safe to repeat, and gives the call
// options that say so. own is the header for a key of ours, or "".
func (x *exchange) repetition(own string) []supervisor.CallOption {
	var options []supervisor.CallOption
	key, keyed := x.key(own)
	switch {
	case x.upload.once():
		// Once it was sent, it can't be sent again, and before that it is safe.
		options = append(options, unsafe)
	case keyed && key == "":
		options = append(options, safe)
	case keyed:
		options = append(options, supervisor.IdempotencyKey(key))
	case !idempotent(methodOf(x.request)):
		options = append(options, unsafe)
	case x.hedged():
		options = append(options, safe)
	}
	if !x.upload.rewinds() {
		options = append(options, oneByOne)
	}
	return options
}

// key gives the request's idempotency key: the caller's, or one of ours. An empty
// one says that the request is idempotent and has none, as it does to net/http.
func (x *exchange) key(own string) (key string, keyed bool) {
	for _, name := range []string{keyHeaders[0], keyHeaders[1], own} {
		if values, has := x.request.Header[name]; has {
			if len(values) == 0 {
				return "", true
			}
			return values[0], true
		}
	}
	if own == "" || idempotent(methodOf(x.request)) {
		return "", false
	}
	// Not the operation's id, which is unique among a few supervisors only, where
	// servers keep keys for days and for everybody.
	key = rand.Text()
	x.header = x.request.Header.Clone()
	if x.header == nil {
		x.header = http.Header{}
	}
	x.header.Set(own, key)
	return key, true
}

// hedged says whether the target would hedge the request if it were called
// idempotent, as its method is.
func (x *exchange) hedged() bool {
	p := x.target.Policy()
	return p.Hedge.On() && p.Retry.Idempotent != policies.IdempotentNo
}
