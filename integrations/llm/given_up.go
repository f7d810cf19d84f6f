package llm

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// RetriedError says that an SDK has made a call again whose operation had
// ended, so that it was refused. Anthropic's SDK does so when the time of
// option.WithRequestTimeout has passed, whatever a middleware returns.
type RetriedError struct {
	// Err is the operation's own error.
	Err error
}

func (e *RetriedError) Error() string {
	return fmt.Sprintf("the call had ended and is not made again: %v", e.Err)
}

// Unwrap gives the operation's own error.
func (e *RetriedError) Unwrap() error { return e.Err }

const (
	// retryCountHeader is in which number of its own attempts an SDK makes a
	// request, from 0.
	retryCountHeader = "X-Stainless-Retry-Count"
	// givenUpKept is how long a call is remembered: more than the SDKs wait
	// before they make it again, which is at most 8 s.
	givenUpKept = 20 * time.Second
	// maxGivenUp bounds how many are remembered.
	maxGivenUp = 1024
)

// givenUp remembers calls whose deadline has passed, to know them again when
// an SDK makes them once more. It is safe for concurrent use.
type givenUp struct {
	mu    sync.Mutex
	calls []endedCall // the oldest first
}

type endedCall struct {
	at    time.Time
	print [sha256.Size]byte
	err   error
}

// add remembers a call that ended with err.
func (g *givenUp) add(req *http.Request, body *requestBody, err error) {
	if !errors.Is(req.Context().Err(), context.DeadlineExceeded) {
		return // the caller has left: no SDK goes on after that
	}
	print, ok := fingerprint(req, body)
	if !ok {
		return
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(now)
	if len(g.calls) == maxGivenUp {
		g.calls = g.calls[1:]
	}
	g.calls = append(g.calls, endedCall{now, print, err})
}

// before refuses a request by which an SDK repeats a call that is remembered.
func (g *givenUp) before(req *http.Request, body *requestBody) error {
	if count := req.Header.Get(retryCountHeader); count == "" || count == "0" {
		return nil
	}
	print, ok := fingerprint(req, body)
	if !ok {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(time.Now())
	for i, c := range g.calls {
		if c.print == print {
			g.calls = append(g.calls[:i:i], g.calls[i+1:]...)
			return &RetriedError{Err: c.err}
		}
	}
	return nil
}

func (g *givenUp) forget(now time.Time) {
	for len(g.calls) > 0 && now.Sub(g.calls[0].at) > givenUpKept {
		g.calls = g.calls[1:]
	}
}

// fingerprint is what two attempts of an SDK at one call have in common. A body
// that can't be had again is none: no SDK makes such a call again.
func fingerprint(req *http.Request, body *requestBody) (print [sha256.Size]byte, ok bool) {
	hash := sha256.New()
	fmt.Fprintln(hash, req.Method, req.URL)
	switch {
	case body.once != nil:
		return print, false
	case body.get != nil:
		r, err := body.get()
		if err != nil {
			return print, false
		}
		defer r.Close()
		if _, err := io.Copy(hash, r); err != nil {
			return print, false
		}
	}
	return [sha256.Size]byte(hash.Sum(nil)), true
}
