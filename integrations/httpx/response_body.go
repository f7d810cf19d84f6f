package httpx

import (
	"bytes"
	"io"
	"net/http"
	"sync/atomic"
)

// carry has the request's lifetime end with the body of its answer: when it is
// closed, or read to its end, or can't be read any more.
func (l *lifetime) carry(resp *http.Response) {
	switch body := resp.Body.(type) {
	case nil:
		l.end()
	case io.ReadWriteCloser: // after 101 Switching Protocols
		resp.Body = &connection{download{body, l}, body}
	default:
		if body == http.NoBody {
			l.end()
			return
		}
		resp.Body = &download{body, l}
	}
}

// download is the body of an answer.
type download struct {
	body io.ReadCloser
	life *lifetime
}

// Read implements [io.Reader].
func (d *download) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if err != nil {
		d.life.end()
	}
	return n, err
}

// Close implements [io.Closer].
func (d *download) Close() error {
	err := d.body.Close()
	d.life.end()
	return err
}

// connection is the body of an answer that can be written to.
type connection struct {
	download
	io.Writer
}

// listener reads a body and remembers how it ended.
type listener struct {
	io.ReadCloser
	ended error // io.EOF when it ended well, nil while it goes on
}

// Read implements [io.Reader].
func (l *listener) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if err != nil {
		l.ended = err
	}
	return n, err
}

// replay is a body of which the beginning was read before: that, and then either
// how it ended or the rest.
type replay struct {
	beginning *bytes.Reader
	ended     error
	rest      io.ReadCloser
	closed    atomic.Bool
}

// Read implements [io.Reader].
func (r *replay) Read(p []byte) (int, error) {
	switch {
	case r.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case r.beginning.Len() > 0:
		return r.beginning.Read(p)
	case r.ended != nil:
		return 0, r.ended
	}
	return r.rest.Read(p)
}

// Close implements [io.Closer].
func (r *replay) Close() error {
	r.closed.Store(true)
	return r.rest.Close()
}
