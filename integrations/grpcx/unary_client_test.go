package grpcx

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, a call would not get through a service's hiccup, or the server would not
// know that it is made again.
func TestUnavailableIsRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, repeated(fails(codes.Unavailable), 2)...)
		answer, err := ask(bg, s.client(one(t), Idempotent(unary)))
		require.NoError(t, err)
		assert.Equal(t, "3", answer)
		assert.Equal(t, []seen{
			{method: "UnaryCall"},
			{method: "UnaryCall", at: time.Second, previous: "1"},
			{method: "UnaryCall", at: 3 * time.Second, previous: "2"},
		}, s.seen())
	})
}

// withRetry answers with a code and a RetryInfo detail.
func withRetry(code codes.Code, after time.Duration) reply {
	return func(context.Context, grpc.ServerStream) error {
		s, err := status.New(code, "as asked").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
		if err != nil {
			return err
		}
		return s.Err()
	}
}

// sendsHeader answers with headers before it fails.
func sendsHeader(ctx context.Context, _ grpc.ServerStream) error {
	if err := grpc.SendHeader(ctx, metadata.Pairs("cart", "7")); err != nil {
		return err
	}
	return status.Error(codes.Unavailable, "as asked")
}

// Broken, a call would be made when the server or the method forbids it, at another
// time than the server asked for, or not although it may be.
func TestWhatIsRepeatedAndWhen(t *testing.T) {
	anyway := func(p *policies.Policy) { p.Retry.RetryOn = []string{"grpc.Unavailable"} }
	for about, c := range map[string]struct {
		first      reply
		idempotent bool
		edit       func(*policies.Policy)
		want       []time.Duration
	}{
		"unavailable":                             {fails(codes.Unavailable), true, nil, seconds(0, 1)},
		"unavailable, not idempotent":             {fails(codes.Unavailable), false, nil, seconds(0)},
		"unavailable until, not idempotent":       {withRetry(codes.Unavailable, 5*time.Second), false, nil, seconds(0, 5)},
		"exhausted":                               {fails(codes.ResourceExhausted), true, nil, seconds(0)},
		"exhausted until, not idempotent":         {withRetry(codes.ResourceExhausted, 5*time.Second), false, nil, seconds(0, 5)},
		"aborted":                                 {fails(codes.Aborted), true, nil, seconds(0)},
		"not found":                               {fails(codes.NotFound), true, nil, seconds(0)},
		"internal":                                {fails(codes.Internal), true, nil, seconds(0)},
		"pushed back":                             {pushesBack(codes.Unavailable, "3000"), true, nil, seconds(0, 3)},
		"pushed back, not idempotent":             {pushesBack(codes.Unavailable, "3000"), false, nil, seconds(0, 3)},
		"pushed back and exhausted":               {pushesBack(codes.ResourceExhausted, "3000"), false, nil, seconds(0, 3)},
		"pushed back by nothing":                  {pushesBack(codes.Unavailable, "0"), true, nil, seconds(0, 1)},
		"pushed back and not found":               {pushesBack(codes.NotFound, "3000"), true, nil, seconds(0)},
		"told not to":                             {pushesBack(codes.Unavailable, "-1"), true, nil, seconds(0)},
		"told not to, whatever the policy says":   {pushesBack(codes.Unavailable, "-1"), true, anyway, seconds(0)},
		"told something else":                     {pushesBack(codes.Unavailable, "soon"), true, nil, seconds(0)},
		"told twice":                              {pushesBack(codes.Unavailable, "1", "2"), true, nil, seconds(0)},
		"after headers":                           {sendsHeader, true, nil, seconds(0)},
		"after headers, whatever the policy says": {sendsHeader, true, anyway, seconds(0)},
	} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var options []ClientOption
				if c.idempotent {
					options = append(options, Idempotent(unary))
				}
				edits := []func(*policies.Policy){}
				if c.edit != nil {
					edits = append(edits, c.edit)
				}
				s := serve(t, c.first)
				_, err := ask(bg, s.client(one(t, edits...), options...))
				assert.Equal(t, c.want, s.times())
				assert.Equal(t, len(c.want) == 1, err != nil, err)
			})
		})
	}
}

// Broken, what failed for good would look like something else to those who read
// gRPC's status, or would not be the supervisor's to those who read that.
func TestTheErrorsOfFailedCalls(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, fails(codes.NotFound), fails(codes.Unavailable), fails(codes.Unavailable), fails(codes.Unavailable), fails(codes.Unavailable))
		c := s.client(one(t))

		_, err := ask(bg, c)
		assert.Equal(t, status.Error(codes.NotFound, "as asked"), err, "it is the server's own")

		_, err = ask(bg, c, CallOptions(supervisor.Idempotent()))
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
		require.True(t, ok)
		assert.Equal(t, 3, exhausted.Attempts)
		assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
		assert.Equal(t, codes.Unavailable, status.Code(err))

		_, err = ask(bg, c)
		exhausted, ok = errors.AsType[*supervisor.ExhaustedError](err)
		require.True(t, ok)
		assert.Equal(t, retry.NotIdempotent, exhausted.Reason)
		assert.Equal(t, codes.Unavailable, status.Code(err))
		assert.Len(t, s.seen(), 5)
	})
}

// Broken, a call that was not sent would be lost because its method is not
// idempotent, or one that was would be made again.
func TestWhatWasNotSentIsRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.network.refuse(1)
		answer, err := ask(bg, s.client(one(t)))
		require.NoError(t, err)
		assert.Equal(t, "1", answer)
		assert.Equal(t, seconds(1), s.times())
	})
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.replies = []reply{func(context.Context, grpc.ServerStream) error {
			go s.server.Stop() // the connection breaks while the call is under way
			<-time.After(time.Second)
			return nil
		}}
		_, err := ask(bg, s.client(one(t)))
		assert.Equal(t, codes.Unavailable, status.Code(err))
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
		require.True(t, ok, err)
		assert.Equal(t, retry.NotIdempotent, exhausted.Reason)
		assert.Len(t, s.seen(), 1)
	})
}

// Broken, the word of an interceptor that answers for gRPC would be taken for a
// call that was not sent.
func TestOnlyGRPCKnowsWhatWasNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		calls := 0
		intercept := UnaryClientInterceptor(one(t))
		err := intercept(bg, unary, &pb.SimpleRequest{}, &pb.SimpleResponse{}, nil,
			func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				calls++
				return status.Error(codes.Unavailable, "who knows")
			})
		assert.Equal(t, codes.Unavailable, status.Code(err))
		assert.Equal(t, 1, calls)
	})
}

// Broken, the server would work on for a caller who has left, or the caller would
// wait for a server that hangs.
func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T) { // the caller's
		s := serve(t, hangs)
		ctx, cancel := context.WithTimeout(bg, 5*time.Second)
		defer cancel()
		began := time.Now()
		_, err := ask(ctx, s.client(one(t), Idempotent(unary)))
		assert.Equal(t, 5*time.Second, time.Since(began))
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
		assert.Equal(t, []seen{{method: "UnaryCall", deadline: 5 * time.Second}}, s.seen())
	})
	bubble(t, func(t *testing.T) { // each attempt's
		s := serve(t, hangs, hangs)
		answer, err := ask(bg, s.client(one(t, timesOut(2*time.Second)), Idempotent(unary)))
		require.NoError(t, err)
		assert.Equal(t, "3", answer)
		assert.Equal(t, seconds(0, 3, 7), s.times())
		assert.Equal(t, 2*time.Second, s.seen()[2].deadline)
	})
	bubble(t, func(t *testing.T) { // of a method that is not idempotent
		s := serve(t, hangs)
		_, err := ask(bg, s.client(one(t, timesOut(2*time.Second))))
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
		_, ok := errors.AsType[*supervisor.AttemptTimeoutError](err)
		assert.True(t, ok, err)
		assert.Len(t, s.seen(), 1)
	})
	bubble(t, func(t *testing.T) { // the caller leaves between two attempts
		s := serve(t, fails(codes.Unavailable))
		ctx, cancel := context.WithCancel(bg)
		time.AfterFunc(500*time.Millisecond, cancel)
		_, err := ask(ctx, s.client(one(t), Idempotent(unary)))
		assert.Equal(t, codes.Canceled, status.Code(err))
		assert.ErrorIs(t, err, context.Canceled)
		assert.Len(t, s.seen(), 1)
	})
	bubble(t, func(t *testing.T) { // the caller has left before
		ctx, cancel := context.WithCancel(bg)
		cancel()
		s := serve(t)
		_, err := ask(ctx, s.client(one(t)))
		assert.Equal(t, codes.Canceled, status.Code(err))
		assert.Empty(t, s.seen())
	})
}

// Broken, two attempts that overlap would write into one message, or the caller get
// the header of one and the answer of another.
func TestHedging(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, hangs)
		conn := s.connect(grpc.WithUnaryInterceptor(UnaryClientInterceptor(one(t, hedges(2*time.Second)), Idempotent(unary))))
		answer := &pb.SimpleResponse{Username: "old", OauthScope: "old"}
		require.NoError(t, conn.Invoke(bg, unary, &pb.SimpleRequest{}, answer))
		assert.Equal(t, "2", answer.GetUsername())
		assert.Empty(t, answer.GetOauthScope())
		assert.Equal(t, seconds(0, 2), s.times())
	})
	bubble(t, func(t *testing.T) {
		s := serve(t, func(ctx context.Context, _ grpc.ServerStream) error {
			<-time.After(3 * time.Second)
			return nil
		})
		answer, err := ask(bg, s.client(one(t, hedges(2*time.Second))))
		require.NoError(t, err)
		assert.Equal(t, "1", answer)
		assert.Len(t, s.seen(), 1, "it is not known to be idempotent")
	})
}

// Broken, a service config's retries would multiply the target's.
func TestRetriesOfTheServiceConfigAreNotAddedToOurs(t *testing.T) {
	const config = `{"methodConfig": [{"name": [{"service": "grpc.testing.TestService"}], "retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.1s", "maxBackoff": "0.1s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`
	bubble(t, func(t *testing.T) {
		s := serve(t, append([]reply{nil}, repeated(fails(codes.Unavailable), 30)...)...)
		c := pb.NewTestServiceClient(s.connect(grpc.WithDefaultServiceConfig(config),
			grpc.WithUnaryInterceptor(UnaryClientInterceptor(one(t), Idempotent(unary)))))
		_, err := ask(bg, c)
		require.NoError(t, err)
		_, err = ask(bg, c)
		assert.Equal(t, codes.Unavailable, status.Code(err))
		assert.Len(t, s.seen(), 1+3)
	})
}

// Broken, a panic of an interceptor would end the program, or look like a failure
// of the service's that is not a status.
func TestPanicsOfInterceptors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		calls := 0
		c := pb.NewTestServiceClient(s.connect(grpc.WithChainUnaryInterceptor(UnaryClientInterceptor(one(t), Idempotent(unary)),
			func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
				calls++
				panic("a bug")
			})))
		_, err := ask(bg, c)
		assert.Equal(t, codes.Internal, status.Code(err))
		crash, ok := errors.AsType[*actors.PanicError](err)
		require.True(t, ok)
		assert.Equal(t, "a bug", crash.Value)
		assert.Equal(t, 3, calls)
	})
}
