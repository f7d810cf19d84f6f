package grpcx

import (
	"context"

	"google.golang.org/grpc"

	"github.com/holdfast-go/holdfast/supervisor"
)

// UnaryClientInterceptor makes every unary call an operation of sup's. See the
// package's comment. It is safe for concurrent use.
func UnaryClientInterceptor(sup *supervisor.Supervisor, options ...ClientOption) grpc.UnaryClientInterceptor {
	s := clientSettings(sup, options)
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, options ...grpc.CallOption) error {
		target, err := s.target(ctx, method, cc)
		if target == nil {
			return invoke(ctx, method, req, reply, cc, options...)
		}
		u := &unaryCall{call: s.call(ctx, target, method, cc, options), req: req, reply: reply, fresh: maker(reply), invoke: invoke}
		if err != nil {
			return u.outcome(nil, err)
		}
		got, err := supervisor.DoOn(ctx, target, u.attempt, u.options...)
		u.end(nil)
		if err == nil {
			hand(reply, got.reply)
			got.exchange.finish(nil) // if it was not gRPC that answered
		}
		return u.outcome(got.exchange, err)
	}
}

// unaryCall is one unary call.
type unaryCall struct {
	*call
	req, reply any
	fresh      func() any // a message like reply
	invoke     grpc.UnaryInvoker
}

// answer is what the attempt that succeeded has got.
type answer struct {
	exchange *exchange
	reply    any
}

// attempt makes the call once.
func (u *unaryCall) attempt(ctx context.Context) (answer, error) {
	earlier, ok := u.enter(ctx)
	if !ok {
		return answer{}, errOver
	}
	defer u.leave(ctx)
	got := answer{&exchange{}, u.reply}
	if u.apart(ctx) {
		got.reply = u.fresh()
	}
	err := u.invoke(outgoing(ctx, earlier), u.method, u.req, got.reply, u.cc, got.exchange.options(u.each)...)
	if err != nil {
		return answer{}, got.exchange.failed(ctx, u.ctx, err)
	}
	return got, nil
}
