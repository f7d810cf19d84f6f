package grpcx

import (
	"context"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/supervisor"
)

// unknownPushback is when to come again where nobody can know.
const unknownPushback = time.Second

// once ends an operation where its policy would try again, and keeps it from being
// hedged.
var once = supervisor.BackOff(func() backoff.BackOff { return &backoff.StopBackOff{} })

// UnaryServerInterceptor guards unary handlers: each call is one operation on the
// target that is called as its method or service, see [WithTarget]. The target's
// pool bounds how many handlers run (pool.workers) and how many calls wait for one
// (pool.max_pending), and its breaker turns calls away while the handlers fail, or
// what is behind them.
//
// A handler runs once and never again, whatever the policy says of retries. What
// its error means to the breaker is said by package classify: Internal, Unknown,
// Unavailable, DataLoss and DeadlineExceeded are failures, InvalidArgument, NotFound
// and their like are not; what happens after the client has left counts for nobody.
// Its error goes to the client as it is. Panics go on to the interceptors before
// this one, and to the server; the event of the failed attempt has their stack.
//
// A call whose handler did not run is answered with codes.Unavailable, or
// ResourceExhausted where the target's rate_limit is used up, with a RetryInfo
// detail and the trailer grpc-retry-pushback-ms, one second where it isn't known
// when to come again. The client is not told more than that, but interceptors
// before this one find the supervisor's error in it. A target that there is not
// is codes.Internal.
//
// The handler's context is the attempt's, so that operations within it are known to
// be that. A handler that attempt_timeout leaves behind is answered for with
// codes.DeadlineExceeded.
func UnaryServerInterceptor(sup *supervisor.Supervisor, options ...ServerOption) grpc.UnaryServerInterceptor {
	s := serverSettings(sup, options)
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		target, err := s.target(ctx, info.FullMethod, nil)
		if target == nil {
			return handle(ctx, req)
		}
		h := &handling{ctx: ctx}
		return h.serve(target, err, s.options, func(md metadata.MD) { _ = grpc.SetTrailer(ctx, md) },
			func(ctx context.Context) (any, error) { return handle(ctx, req) })
	}
}

// StreamServerInterceptor is the same for streams: the operation lasts as long as
// the handler, and so does its hold on one of the target's workers. What a handler
// that was left behind sends fails with codes.DeadlineExceeded.
func StreamServerInterceptor(sup *supervisor.Supervisor, options ...ServerOption) grpc.StreamServerInterceptor {
	s := serverSettings(sup, options)
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
		target, err := s.target(stream.Context(), info.FullMethod, nil)
		if target == nil {
			return handle(srv, stream)
		}
		h := &handling{ctx: stream.Context()}
		_, err = h.serve(target, err, s.options, stream.SetTrailer, func(ctx context.Context) (any, error) {
			return nil, handle(srv, &servedStream{ServerStream: stream, ctx: ctx, handling: h})
		})
		return err
	}
}

// refusal is what the client gets of a call whose handler has not run.
func refusal(err error, trailer func(metadata.MD)) error {
	m := meaningOf(err)
	switch m.code {
	case codes.Unavailable, codes.ResourceExhausted:
		if m.after <= 0 {
			m.after = unknownPushback
		}
		ms := (m.after + time.Millisecond - 1) / time.Millisecond
		trailer(metadata.Pairs(pushbackTrailer, strconv.FormatInt(int64(ms), 10)))
	}
	return &Error{withRetryInfo(status.New(m.code, m.text), m.after), err}
}
