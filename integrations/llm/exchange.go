package llm

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// exchange is the context of one request and its answer, which may outlive the
// attempt that made it. Until the answer has begun it ends with the attempt's
// context, and until the answer's end with the caller's.
type exchange struct {
	caller context.Context
	ctx    context.Context
	cancel context.CancelCauseFunc
	// stopAttempt and stopCaller end the watch over those contexts.
	stopAttempt, stopCaller func() bool
}

func newExchange(attempt, caller context.Context) *exchange {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(attempt))
	x := &exchange{caller: caller, ctx: &exchangeContext{ctx, caller}, cancel: cancel}
	x.stopAttempt = x.endsWith(attempt)
	x.stopCaller = x.endsWith(caller)
	return x
}

func (x *exchange) endsWith(parent context.Context) (stop func() bool) {
	return context.AfterFunc(parent, func() { x.cancel(context.Cause(parent)) })
}

// outlive lets the exchange go on without its attempt, and is false if that
// has ended already.
func (x *exchange) outlive(attempt context.Context) bool {
	x.stopAttempt()
	return attempt.Err() == nil
}

// release ends the exchange. It may be called more than once.
func (x *exchange) release() {
	x.stopAttempt()
	x.stopCaller()
	x.cancel(nil)
}

// exchangeContext has the caller's deadline, for those who look at it.
type exchangeContext struct {
	context.Context
	caller context.Context
}

func (c *exchangeContext) Deadline() (time.Time, bool) { return c.caller.Deadline() }

// inRequest puts an error into the form in which net/http has those of a
// request, which says the method: what failed after it was sent is not to be
// taken for something that may be repeated.
func inRequest(req *http.Request, err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*ProviderError](err); ok {
		return err
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	return &url.Error{Op: method[:1] + strings.ToLower(method[1:]), URL: publicURL(req.URL), Err: err}
}

// publicURL is u without user, query and fragment, which may hold secrets.
func publicURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}
