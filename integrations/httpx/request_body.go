package httpx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"sync"
)

// errBodySpent is the error of an attempt that has no body to send. It comes up
// only where attempts overlap.
var errBodySpent = errors.New("httpx: the request's body was sent and cannot be sent again")

// upload is the body of a request on its way through the attempts. No attempt
// gets a body that another has read of, and the caller's own is closed exactly
// once, by whoever reads it last.
type upload struct {
	body  io.ReadCloser // the caller's, nil if there is nothing to send
	limit int64         // how much of it may be kept, 0 for nothing

	mu      sync.Mutex
	get     func() (io.ReadCloser, error) // makes another, nil if nobody can
	lent    bool                          // there is another, and an attempt has the caller's
	holder  *loan                         // there is none, and this attempt has it
	keeping bool                          // an attempt reads it into memory
	read    bool                          // something was read of it
	closed  bool                          // by us or on our behalf
	over    bool                          // there is no further attempt
}

func (u *upload) init(req *http.Request, limit int64) {
	if req.Body == nil || req.Body == http.NoBody {
		return
	}
	u.body, u.get = req.Body, req.GetBody
	if req.GetBody == nil && req.ContentLength <= limit {
		u.limit = min(limit, math.MaxInt64-1) // one more is read, to see whether there is
	}
}

// rewinds says whether attempts that overlap can each have a body.
func (u *upload) rewinds() bool { return u.body == nil || u.get != nil }

// once says that no two attempts can have a body.
func (u *upload) once() bool { return !u.rewinds() && u.limit == 0 }

// open gives an attempt a body to send, nil if there is nothing to send, and the
// function that makes another of it, if there is one.
func (u *upload) open() (io.ReadCloser, func() (io.ReadCloser, error), error) {
	u.mu.Lock()
	if u.body == nil {
		u.mu.Unlock()
		return nil, nil, nil
	}
	if u.limit > 0 && !u.keeping && !u.over {
		u.keeping = true
		u.mu.Unlock()
		if err := u.keep(); err != nil {
			return nil, nil, err
		}
		u.mu.Lock()
	}
	defer u.mu.Unlock()
	get := u.get
	switch {
	case get == nil && (u.read || u.closed || u.over):
		return nil, nil, errBodySpent
	case get == nil:
		u.holder = &loan{u}
		return u.holder, nil, nil
	case !u.lent && !u.closed:
		u.lent = true
		return u.body, get, nil
	}
	u.mu.Unlock() // it is the user's code
	body, err := get()
	u.mu.Lock()
	if err != nil {
		return nil, nil, fmt.Errorf("httpx: the request's body could not be had again: %w", err)
	}
	return body, get, nil
}

// keep reads the body into memory, if it is small enough.
func (u *upload) keep() error {
	u.mu.Lock()
	u.read = true // meanwhile it is nobody else's
	u.mu.Unlock()
	data, err := io.ReadAll(io.LimitReader(u.body, u.limit+1))
	if err != nil {
		return fmt.Errorf("httpx: the request's body could not be read: %w", err)
	}
	whole := int64(len(data)) <= u.limit
	u.mu.Lock()
	defer u.mu.Unlock()
	if whole {
		u.get = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		if !u.closed {
			u.closed = true
			_ = u.body.Close() // nothing of it is missing
		}
		return nil
	}
	u.body = &rejoined{io.MultiReader(bytes.NewReader(data), u.body), u.body}
	u.read = false
	return nil
}

// retake takes the body back from an attempt that has failed. It reports
// whether there can be another.
func (u *upload) retake() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.body == nil || u.get != nil {
		return true
	}
	if u.read || u.closed {
		return false
	}
	u.holder = nil // which can't begin to read it now
	return true
}

// end says that there is no further attempt. A body that nobody has is closed;
// one that is still being sent is closed by who sends it.
func (u *upload) end() {
	u.mu.Lock()
	u.over = true
	idle := u.body != nil && !u.closed && !u.lent && u.holder == nil
	u.closed = u.closed || idle
	body := u.body
	u.mu.Unlock()
	if idle {
		_ = body.Close()
	}
}

// loan is one attempt's hold on a body that there is once. As long as nothing was
// read of it, closing it gives it back for the next attempt.
type loan struct{ u *upload }

// Read implements [io.Reader].
func (l *loan) Read(p []byte) (int, error) {
	u := l.u
	u.mu.Lock()
	if u.holder != l {
		u.mu.Unlock()
		return 0, http.ErrBodyReadAfterClose
	}
	u.read = true
	u.mu.Unlock()
	return u.body.Read(p)
}

// Close implements [io.Closer].
func (l *loan) Close() error {
	u := l.u
	u.mu.Lock()
	if u.holder != l {
		u.mu.Unlock()
		return nil
	}
	u.holder = nil
	last := (u.read || u.over) && !u.closed
	u.closed = u.closed || last
	u.mu.Unlock()
	if last {
		return u.body.Close()
	}
	return nil
}

// rejoined is a body of which the beginning was read before.
type rejoined struct {
	io.Reader
	io.Closer
}
