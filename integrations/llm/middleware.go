package llm

import (
	"context"
	"errors"
	"net/http"

	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Middleware supervises model calls as operations on the named target. It is
// what option.WithMiddleware of openai-go and anthropic-sdk-go takes. It is
// safe for concurrent use, and meant to be made once for a client.
//
// It returns a Go error only if the request's context has ended or the request's
// body can't be read; every other end is an answer. See the package's comment.
func Middleware(sup *supervisor.Supervisor, target string, options ...Option) func(*http.Request, func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	s := gather(options)
	given := &givenUp{}
	return func(req *http.Request, next func(*http.Request) (*http.Response, error)) (*http.Response, error) {
		body, err := readBody(req)
		if err != nil {
			return nil, err
		}
		if err := given.before(req, body); err != nil {
			return refusal(req, err), nil
		}
		c := &call{req: req, body: body, next: next, settings: s}
		resp, err := supervisor.Do(req.Context(), sup, target, c.attempt, s.callOptions(req, body)...)
		if err != nil && req.Context().Err() != nil {
			given.add(req, body, err)
		}
		return c.conclude(resp, err)
	}
}

// call is one operation.
type call struct {
	req      *http.Request
	body     *requestBody
	next     func(*http.Request) (*http.Response, error)
	settings *settings
	answers  answers
}

// conclude turns the operation's outcome into what the SDK takes as final.
func (c *call) conclude(resp *http.Response, err error) (*http.Response, error) {
	if err != nil {
		resp = nil
	}
	c.answers.close(resp)
	if err == nil {
		doNotRepeat(resp)
		return resp, nil
	}
	if ended := c.req.Context().Err(); ended != nil {
		return nil, ended
	}
	if said, ok := errors.AsType[*ProviderError](err); ok {
		return said.lastAnswer(err), nil
	}
	return refusal(c.req, err), nil
}

// attempt is one execution of the call.
func (c *call) attempt(ctx context.Context) (*http.Response, error) {
	x := newExchange(ctx, c.req.Context())
	kept := false
	defer func() {
		if !kept { // also when a middleware panics
			x.release()
		}
	}()
	resp, err := c.exchange(x)
	if err == nil {
		err = c.deliver(ctx, x, resp)
	}
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			err = ended
		}
		return nil, c.body.failed(inRequest(c.req, err))
	}
	kept = true
	return resp, nil
}

// deliver makes an answer the attempt's, unless the attempt was left behind.
func (c *call) deliver(ctx context.Context, x *exchange, resp *http.Response) error {
	if !x.outlive(ctx) {
		_ = resp.Body.Close()
		return ctx.Err()
	}
	s, streams := resp.Body.(*stream)
	if streams {
		s.settle = supervisor.SettleLater(ctx)
	}
	if !c.answers.add(resp) {
		_ = resp.Body.Close()
		return errLeftBehind
	}
	if streams {
		s.look()
	}
	return nil
}

// errLeftBehind is for an answer that came when the operation was over.
var errLeftBehind = classify.Ignore(errors.New("the answer came when its operation was over"))

// exchange sends the request once and judges the answer.
func (c *call) exchange(x *exchange) (*http.Response, error) {
	req, err := c.body.request(x.ctx, c.req)
	if err != nil {
		return nil, err
	}
	resp, err := c.next(req)
	switch {
	case err != nil:
		return nil, err
	case resp == nil:
		return nil, errNoAnswer
	}
	if resp.Request == nil {
		resp.Request = req
	}
	return c.judge(x, resp)
}

var errNoAnswer = errors.New("the next middleware returned neither an answer nor an error")
