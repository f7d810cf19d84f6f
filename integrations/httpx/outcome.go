package httpx

import (
	"context"
	"net/http"
)

// Err says how the operation ended that resp is the answer of: nil if it
// succeeded, and otherwise the error that supervisor.Do would have returned, such
// as a *supervisor.ExhaustedError with the number of attempts and the reason why
// there was no other, or a *classify.StatusError for a status that is not worth
// one. It is nil for a response that did not come from a [Transport].
func Err(resp *http.Response) error {
	if resp == nil || resp.Request == nil {
		return nil
	}
	if e, ok := resp.Request.Context().Value(endingKey{}).(*ending); ok && e.of == resp {
		return e.err
	}
	return nil
}

// endingKey finds an ending in the context of a response's request. A body or a
// header would not do: http.Client puts its own around the one, and the other is
// the server's.
type endingKey struct{}

type ending struct {
	of  *http.Response // a context is passed on, an ending is not
	err error
}

// note gives the response the request that was sent, in the caller's context and
// no longer in the attempt's.
func (x *exchange) note(resp *http.Response, err error) {
	ctx := x.request.Context()
	switch {
	case err != nil:
		ctx = context.WithValue(ctx, endingKey{}, &ending{of: resp, err: err})
	case x.header == nil:
		resp.Request = x.request
		return
	}
	resp.Request = x.request.WithContext(ctx)
	if x.header != nil {
		resp.Request.Header = x.header
	}
}
