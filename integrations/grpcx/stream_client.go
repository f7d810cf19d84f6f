package grpcx

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	"github.com/holdfast-go/holdfast/supervisor"
)

// StreamClientInterceptor makes the establishing of every stream an operation of
// sup's. See the package's comment, and [ThroughFirstMessage]. It is safe for
// concurrent use, and its streams are as other streams are.
func StreamClientInterceptor(sup *supervisor.Supervisor, options ...ClientOption) grpc.StreamClientInterceptor {
	s := clientSettings(sup, options)
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
		target, err := s.target(ctx, method, cc)
		if target == nil {
			return open(ctx, desc, cc, method, options...)
		}
		c := &streamCall{call: s.call(ctx, target, method, cc, options), desc: desc, open: open}
		if err != nil {
			return nil, c.outcome(nil, err)
		}
		if s.firstMessage && !desc.ClientStreams {
			return newPending(c), nil
		}
		st, err := c.establish(nil)
		if err != nil {
			return nil, err
		}
		return st, nil
	}
}

// streamCall is one call of a stream.
type streamCall struct {
	*call
	desc *grpc.StreamDesc
	open grpc.Streamer
}

// opening is how a stream that was opened goes on until it is established. ctx is
// the attempt's. done says that the stream has ended well.
type opening func(ctx context.Context, s *stream) (done bool, err error)

// establish is the operation.
func (c *streamCall) establish(then opening) (*stream, error) {
	st, err := supervisor.DoOn(c.ctx, c.target, func(ctx context.Context) (*stream, error) { return c.attempt(ctx, then) }, c.options...)
	c.end(st)
	if err != nil {
		return nil, c.outcome(nil, err)
	}
	return st, c.outcome(st.exchange, nil)
}

// attempt opens the stream once.
func (c *streamCall) attempt(ctx context.Context, then opening) (_ *stream, err error) {
	earlier, ok := c.enter(ctx)
	if !ok {
		return nil, errOver
	}
	defer c.leave(ctx)
	s := &stream{exchange: &exchange{}, life: newLifetime(outgoing(ctx, earlier), c.ctx), caller: c.ctx, many: c.desc.ServerStreams}
	established := false
	defer func() {
		if !established { // also when an interceptor panics
			s.life.end()
		}
	}()
	s.ClientStream, err = c.open(s.life, c.desc, c.cc, c.method, s.exchange.options(c.each)...)
	done := false
	if err == nil && then != nil {
		done, err = then(ctx, s)
	}
	if err != nil {
		return nil, s.exchange.failed(ctx, c.ctx, err)
	}
	if !s.life.outlive() {
		return nil, ctx.Err()
	}
	if !c.hold(s) {
		return nil, errOver
	}
	established = true
	if done {
		s.end(nil)
	} else {
		s.settle = supervisor.SettleLater(ctx)
	}
	return s, nil
}

// receive receives a message, and says whether the stream has ended well.
func receive(s grpc.ClientStream, into any) (done bool, err error) {
	err = s.RecvMsg(into)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}
