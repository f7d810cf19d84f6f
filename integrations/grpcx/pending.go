package grpcx

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// pending is a server stream that is established when it is read from: until then
// its one request is kept, to be sent in every attempt.
type pending struct {
	call    *streamCall
	turn    chan struct{} // whoever has it may use the rest
	request any
	asked   bool
	closed  bool

	tried  bool
	stream *stream // nil until established
	err    error   // why it is not
}

func newPending(c *streamCall) *pending {
	p := &pending{call: c, turn: make(chan struct{}, 1)}
	p.turn <- struct{}{}
	return p
}

func (p *pending) take() func() {
	<-p.turn
	return func() { p.turn <- struct{}{} }
}

// SendMsg implements [grpc.ClientStream].
func (p *pending) SendMsg(m any) error {
	defer p.take()()
	if p.asked || p.closed {
		return status.Error(codes.Internal, "grpcx: SendMsg called a second time, or after CloseSend, on a stream with one request")
	}
	p.request, p.asked = m, true
	return nil
}

// CloseSend implements [grpc.ClientStream].
func (p *pending) CloseSend() error {
	defer p.take()()
	p.closed = true
	return nil
}

// RecvMsg implements [grpc.ClientStream].
func (p *pending) RecvMsg(m any) error {
	s, first, err := p.establish(m)
	switch {
	case s == nil:
		return err
	case first:
		return err // or there is a message in m
	}
	return s.RecvMsg(m)
}

// Header implements [grpc.ClientStream].
func (p *pending) Header() (metadata.MD, error) {
	s, _, _ := p.establish(nil)
	if s == nil {
		return nil, nil // as gRPC has it: RecvMsg says why
	}
	return s.Header()
}

// Trailer implements [grpc.ClientStream].
func (p *pending) Trailer() metadata.MD {
	defer p.take()()
	switch {
	case p.stream != nil:
		return p.stream.Trailer()
	case p.call.failed != nil:
		return p.call.failed.trailer
	}
	return nil
}

// Context implements [grpc.ClientStream].
func (p *pending) Context() context.Context {
	defer p.take()()
	if p.stream != nil {
		return p.stream.Context()
	}
	return p.call.ctx
}

// establish establishes the stream, unless that was tried before; with a message,
// if into is not nil, of which first tells. A stream that ended without one gives
// io.EOF.
func (p *pending) establish(into any) (_ *stream, first bool, err error) {
	defer p.take()()
	if p.tried {
		return p.stream, false, p.err
	}
	p.tried, first = true, true
	fresh := maker(into)
	st, err := p.call.establish(func(ctx context.Context, s *stream) (bool, error) {
		if err := p.ask(s); err != nil {
			return false, err
		}
		if into == nil {
			return headers(s)
		}
		s.first = into
		if p.call.apart(ctx) {
			s.first = fresh()
		}
		return receive(s.ClientStream, s.first)
	})
	if err != nil {
		p.err = err
		return nil, first, err
	}
	p.stream = st
	if into == nil {
		return st, first, nil
	}
	if st.settle == nil { // it has ended
		return st, first, io.EOF
	}
	hand(into, st.first)
	st.first = nil
	return st, first, nil
}

// ask sends the request. What the server has to say of it is for RecvMsg; what else
// goes wrong is of the client's making.
func (p *pending) ask(s *stream) error {
	if p.asked {
		if err := s.ClientStream.SendMsg(p.request); err != nil && !errors.Is(err, io.EOF) {
			return classify.Ignore(err)
		}
	}
	return s.ClientStream.CloseSend()
}

// headers waits for those of the answer. A stream without them has ended, for
// which there is an error.
func headers(s *stream) (done bool, err error) {
	md, err := s.ClientStream.Header()
	if md != nil || err != nil {
		return false, err
	}
	return receive(s.ClientStream, &struct{}{})
}

var _ grpc.ClientStream = (*pending)(nil)
