package httpx

import (
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/holdfast-go/holdfast/supervisor"
)

// exchange is one request on its way to its one answer: an operation with all its
// attempts. Attempts may overlap, and one that was left behind may come back with
// an answer when the caller has gone.
type exchange struct {
	base    http.RoundTripper
	request *http.Request // the caller's, which nobody writes to
	header  http.Header   // to send in place of the request's, nil for that one
	target  *supervisor.Target
	upload  upload

	mu   sync.Mutex
	over bool
	// held are the answers that may yet be the caller's.
	held []*answer
}

// answer is a response, and the error that it means if its status is 400 or more.
type answer struct {
	response *http.Response
	err      error
}

func (a *answer) close() { closeBody(a.response) }

// hold keeps an answer until it is known whose it is. It reports false when the
// operation is over.
func (x *exchange) hold(a *answer) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		x.held = append(x.held, a)
	}
	return !x.over
}

// again drops the answers that led to another attempt.
func (x *exchange) again() {
	x.drop(func(a *answer) bool { return a.err != nil })
}

// end drops what nobody has taken.
func (x *exchange) end() {
	x.upload.end()
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	x.drop(func(*answer) bool { return true })
}

func (x *exchange) drop(dropped func(*answer) bool) {
	x.mu.Lock()
	var rest, bodies []*answer
	for _, a := range x.held {
		if dropped(a) {
			bodies = append(bodies, a)
		} else {
			rest = append(rest, a)
		}
	}
	x.held = rest
	x.mu.Unlock()
	for _, a := range bodies {
		a.close()
	}
}

// take gives the answer to the caller.
func (x *exchange) take(a *answer) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.held = slices.DeleteFunc(x.held, func(held *answer) bool { return held == a })
}

// last is the answer that the operation's error is about, nil if its last attempt
// got none.
func (x *exchange) last(err error) *answer {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, a := range x.held {
		if a.err != nil && errors.Is(err, a.err) {
			return a
		}
	}
	return nil
}

// outcome is what the caller gets when the operation has ended with a, or err.
func (x *exchange) outcome(a *answer, err error) (*http.Response, error) {
	ctx := x.request.Context()
	if err != nil && ctx.Err() == nil {
		a = x.last(err)
	}
	if a == nil {
		return nil, bare(err)
	}
	x.take(a)
	x.note(a.response, err)
	return a.response, nil
}
