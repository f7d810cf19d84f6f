package llm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// maxHeldBack is how much of a stream is held back while it has not begun,
	// in bytes. One that has sent more counts as begun.
	maxHeldBack = 256 << 10
	// heldBackPiece is how much is read at a time meanwhile, in bytes.
	heldBackPiece = 4 << 10
)

// stream is the body of a stream: it looks at the events that pass, and tells
// the breaker of the end.
type stream struct {
	resp   *http.Response
	source io.ReadCloser
	x      *exchange
	idle   time.Duration
	timer  *time.Timer // nil unless idle

	events  events
	begun   bool
	failed  *ProviderError // by an error event
	ended   bool           // by the event that completes an answer
	held    []byte         // read before it had begun, and not yet by the reader
	pending error          // the end of the source, to be read after held

	once   sync.Once // for settle
	settle func(error)
}

// openStream reads a stream until it has begun. An error ends it: that of an
// event which says that the call has failed, or of reading.
func openStream(x *exchange, resp *http.Response, idle time.Duration) (*http.Response, error) {
	s := &stream{resp: resp, source: resp.Body, x: x, idle: idle}
	if idle > 0 {
		s.timer = time.AfterFunc(idle, func() { x.cancel(&IdleError{Idle: idle}) })
		s.timer.Stop()
	}
	piece := make([]byte, heldBackPiece)
	for !s.begun && len(s.held) < maxHeldBack {
		n, err := s.read(piece)
		s.held = append(s.held, piece[:n]...)
		if s.failed != nil && !s.begun {
			_ = s.source.Close()
			resp.Body = io.NopCloser(bytes.NewReader(s.held))
			return nil, s.failed
		}
		if err != nil && !s.begun {
			_ = s.source.Close()
			if err == io.EOF {
				err = errEmptyStream
			}
			return nil, err
		}
		s.pending = err
	}
	resp.Body = s
	return resp, nil
}

// errEmptyStream is a stream that ended before it had begun. It counts as an
// answer that broke off.
var errEmptyStream = fmt.Errorf("the stream ended before it began: %w", io.ErrUnexpectedEOF)

// Read implements [io.Reader].
func (s *stream) Read(p []byte) (int, error) {
	if len(s.held) > 0 {
		n := copy(p, s.held)
		s.held = s.held[n:]
		return n, nil
	}
	if s.pending == nil {
		n, err := s.read(p)
		s.pending = err
		s.look()
		if n > 0 {
			return n, nil
		}
	}
	_ = s.Close()
	return 0, s.pending
}

// Close implements [io.Closer].
func (s *stream) Close() error {
	err := s.source.Close()
	s.x.release()
	s.once.Do(func() {}) // a reader who leaves early counts for nobody
	return err
}

// look tells the breaker how the stream ended, once it has.
func (s *stream) look() {
	switch {
	case s.failed != nil:
		s.end(s.failed)
	case s.ended, s.pending == io.EOF:
		s.end(nil)
	case s.pending != nil && s.x.caller.Err() == nil:
		s.end(inRequest(s.resp.Request, s.pending))
	}
}

func (s *stream) end(err error) {
	s.once.Do(func() { s.settle(err) })
}

// read reads from the source and looks at what comes.
func (s *stream) read(p []byte) (int, error) {
	if s.timer != nil {
		s.timer.Reset(s.idle)
	}
	n, err := s.source.Read(p)
	if s.timer != nil {
		s.timer.Stop()
	}
	s.events.feed(p[:n], s.saw)
	if err != nil && err != io.EOF {
		err = s.cause(err)
	}
	return n, err
}

// cause is why reading failed: the caller's end or a silence, if it was that.
func (s *stream) cause(err error) error {
	if ended := s.x.caller.Err(); ended != nil {
		return ended
	}
	if cause := context.Cause(s.x.ctx); cause != nil {
		return cause
	}
	return err
}

func (s *stream) saw(e event) {
	switch meaningOf(e) {
	case prelude:
		return
	case failure:
		if s.failed == nil && !s.ended {
			s.failed = newEventError(s.resp, e.data)
		}
		return
	case complete:
		s.ended = s.failed == nil
	}
	if s.failed == nil {
		s.begun = true
	}
}
