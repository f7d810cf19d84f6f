package grpcx

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// stream is an established stream: it tells the breaker of the end.
type stream struct {
	grpc.ClientStream
	exchange *exchange
	life     *lifetime
	caller   context.Context
	many     bool // the server sends more than one message
	first    any  // the message that established it, not yet the reader's

	once   sync.Once
	settle func(error) // nil if the end is known
}

// RecvMsg implements [grpc.ClientStream].
func (s *stream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	switch {
	case errors.Is(err, io.EOF), err == nil && !s.many:
		s.end(nil)
	case err != nil:
		s.end(err)
	}
	return err
}

// SendMsg implements [grpc.ClientStream]. Its errors are of the client's making,
// unless it is io.EOF, which leaves the word to RecvMsg.
func (s *stream) SendMsg(m any) error {
	err := s.ClientStream.SendMsg(m)
	if err != nil && !errors.Is(err, io.EOF) {
		s.once.Do(s.life.end)
	}
	return err
}

// Header implements [grpc.ClientStream].
func (s *stream) Header() (metadata.MD, error) {
	md, err := s.ClientStream.Header()
	if err != nil {
		s.end(err)
	}
	return md, err
}

// gone says whether the caller's context is over. A stream may learn of the deadline
// that they share before it does.
func gone(caller context.Context) bool {
	deadline, ok := caller.Deadline()
	return caller.Err() != nil || ok && !time.Now().Before(deadline)
}

// end gives back what the stream holds, and tells the breaker how it went, unless
// it was the caller who left.
func (s *stream) end(err error) {
	s.once.Do(func() {
		left := gone(s.caller)
		s.life.end()
		if s.settle != nil && (err == nil || !left) {
			s.settle(err)
		}
	})
}
