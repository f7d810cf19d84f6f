package grpcx

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// guard starts a service whose handlers sup guards, and gives a plain client.
func guard(t *testing.T, sup *supervisor.Supervisor, options []ServerOption, replies ...reply) (*service, pb.TestServiceClient) {
	t.Helper()
	s := serveWith(t, []grpc.ServerOption{
		grpc.UnaryInterceptor(UnaryServerInterceptor(sup, options...)),
		grpc.StreamInterceptor(StreamServerInterceptor(sup, options...)),
	}, replies...)
	return s, pb.NewTestServiceClient(s.connect(grpc.WithDisableRetry()))
}

func pool(workers, pending int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Pool.Workers, p.Pool.MaxPending = workers, pending }
}

// lasts answers well after a time.
func lasts(d time.Duration) reply {
	return func(context.Context, grpc.ServerStream) error {
		<-time.After(d)
		return nil
	}
}

// kinds are the ways of calling: unary, and as a stream.
var kinds = map[string]func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error{
	"unary": func(ctx context.Context, c pb.TestServiceClient, options ...grpc.CallOption) error {
		_, err := ask(ctx, c, options...)
		return err
	},
	"stream": func(ctx context.Context, c pb.TestServiceClient, options ...grpc.CallOption) error {
		_, err := read(ctx, c, options...)
		return err
	},
}

func eachKind(t *testing.T, f func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error)) {
	for kind, call := range kinds {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) { f(t, call) })
		})
	}
}

// Broken, a server would take on more than it can bear, or its clients not be told
// when to come back.
func TestAServerShedsLoad(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		s, c := guard(t, one(t, pool(1, 1)), nil, lasts(10*time.Second), lasts(10*time.Second))
		ends := make(chan error, 2)
		for range 2 { // one runs, one waits
			go func() { ends <- call(bg, c) }()
		}
		pass(time.Second)
		var trailer metadata.MD
		err := call(bg, c, grpc.Trailer(&trailer))
		st := status.Convert(err)
		assert.Equal(t, codes.Unavailable, st.Code())
		assert.Equal(t, "too many calls", st.Message())
		assert.Equal(t, time.Second, delayOf(t, st))
		assert.Equal(t, []string{"1000"}, trailer.Get(pushbackTrailer))
		for range 2 {
			require.NoError(t, <-ends)
		}
		assert.Equal(t, seconds(0, 10), s.times())
	})
}

// Broken, a server whose backend is down would call it for every client, or close
// for what clients do wrong.
func TestAServersBreaker(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		replies := []reply{fails(codes.InvalidArgument), fails(codes.NotFound), fails(codes.PermissionDenied),
			fails(codes.ResourceExhausted), fails(codes.Internal), fails(codes.Unavailable)}
		sup := one(t, trips(2))
		s, c := guard(t, sup, nil, replies...)
		for range replies {
			var trailer metadata.MD
			err := call(bg, c, grpc.Trailer(&trailer))
			assert.Equal(t, "as asked", status.Convert(err).Message(), "the handler's own")
			assert.Empty(t, trailer.Get(pushbackTrailer))
		}
		assert.Equal(t, breaker.Open, sup.Breaker(name).State())

		pass(5 * time.Second)
		var trailer metadata.MD
		err := call(bg, c, grpc.Trailer(&trailer))
		st := status.Convert(err)
		assert.Equal(t, codes.Unavailable, st.Code())
		assert.Equal(t, 25*time.Second, delayOf(t, st))
		assert.Equal(t, []string{"25000"}, trailer.Get(pushbackTrailer))
		assert.NotContains(t, st.Message(), "as asked", "what is behind the server is not the client's")
		assert.Len(t, s.seen(), len(replies))

		pass(25 * time.Second)
		require.NoError(t, call(bg, c))
		assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
	})
}

// Broken, a handler would run twice because the policy has retries or hedges.
func TestAHandlerRunsOnce(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		sup := one(t, idempotency(policies.IdempotentYes), hedges(time.Second))
		s, c := guard(t, sup, []ServerOption{WithCallOptions(supervisor.Idempotent())}, func(context.Context, grpc.ServerStream) error {
			<-time.After(5 * time.Second)
			return status.Error(codes.Unavailable, "as asked")
		})
		assert.Equal(t, codes.Unavailable, status.Code(call(bg, c)))
		pass(time.Minute)
		assert.Len(t, s.seen(), 1)
	})
}

// Broken, calls would be limited without a word about when to come back.
func TestAServersRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, c := guard(t, one(t, func(p *policies.Policy) { p.RateLimit.Rate, p.RateLimit.WhenExceeded = 0.1, policies.Refuse }), nil)
		require.NoError(t, kinds["unary"](bg, c))
		var trailer metadata.MD
		err := kinds["unary"](bg, c, grpc.Trailer(&trailer))
		st := status.Convert(err)
		assert.Equal(t, codes.ResourceExhausted, st.Code())
		assert.Equal(t, 10*time.Second, delayOf(t, st))
		assert.Equal(t, []string{"10000"}, trailer.Get(pushbackTrailer))
		assert.Len(t, s.seen(), 1)
	})
}

// Broken, a client that is turned away would not come again, or too early, or would
// think that its order may have been taken.
func TestAClientGetsThroughAnOverload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s, _ := guard(t, one(t, pool(1, 0)), nil, lasts(1500*time.Millisecond))
		c := s.client(one(t))
		first := make(chan error, 1)
		go func() { first <- kinds["unary"](bg, c) }()
		pass(0)
		answer, err := ask(bg, c) // at 0 and 1 s in vain
		require.NoError(t, err)
		assert.Equal(t, "2", answer)
		require.NoError(t, <-first)
		assert.Equal(t, seconds(0, 2), s.times())
	})
}

// Broken, a panic would be swallowed, or not count.
func TestAHandlersPanicGoesOn(t *testing.T) {
	for _, watched := range []bool{false, true} {
		eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
			edits := []func(*policies.Policy){trips(1)}
			if watched {
				edits = append(edits, timesOut(time.Minute))
			}
			sup := one(t, edits...)
			failures := events[actors.AttemptFailed](sup)
			caught := func(err *error) {
				if v := recover(); v != nil {
					*err = status.Error(codes.Internal, fmt.Sprint(v))
				}
			}
			s := serveWith(t, []grpc.ServerOption{
				grpc.ChainUnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (_ any, err error) {
					defer caught(&err)
					return handle(ctx, req)
				}, UnaryServerInterceptor(sup)),
				grpc.ChainStreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) (err error) {
					defer caught(&err)
					return handle(srv, stream)
				}, StreamServerInterceptor(sup)),
			}, func(context.Context, grpc.ServerStream) error { panic("a bug") })
			err := call(bg, pb.NewTestServiceClient(s.connect()))
			assert.Equal(t, status.Error(codes.Internal, "a bug"), err)
			assert.Equal(t, breaker.Open, sup.Breaker(name).State())
			require.Len(t, failures(), 1)
			crash, ok := errors.AsType[*actors.PanicError](failures()[0].Err)
			require.True(t, ok)
			assert.NotEmpty(t, crash.Stack)
		})
	}
}

// Broken, clients that leave would open the breaker for those that stay.
func TestClientsThatLeaveCountForNobody(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		sup := one(t, trips(1))
		_, c := guard(t, sup, nil, func(ctx context.Context, _ grpc.ServerStream) error {
			<-ctx.Done()
			return status.Error(codes.Internal, "the query was interrupted")
		})
		ctx, cancel := context.WithCancel(bg)
		time.AfterFunc(time.Second, cancel)
		assert.Equal(t, codes.Canceled, status.Code(call(ctx, c)))
		pass(time.Second)
		assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
	})
}

// Broken, a handler that hangs would hold its client, or write to a stream that has
// been answered.
func TestAHandlerIsLeftBehind(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		sup := one(t, timesOut(2*time.Second), trips(1))
		late := make(chan []error, 1)
		_, c := guard(t, sup, nil, func(_ context.Context, s grpc.ServerStream) error {
			<-time.After(5 * time.Second) // whatever its context says
			if s == nil {
				late <- nil
				return nil
			}
			s.SetTrailer(metadata.Pairs("late", "yes"))
			late <- []error{s.SendMsg(said(1)), s.RecvMsg(said(1)), s.SetHeader(metadata.MD{}), s.SendHeader(metadata.MD{})}
			return nil
		})
		began := time.Now()
		var trailer metadata.MD
		err := call(bg, c, grpc.Trailer(&trailer))
		assert.Equal(t, 2*time.Second, time.Since(began))
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
		assert.Empty(t, trailer.Get(pushbackTrailer), "the handler has run")
		assert.Equal(t, breaker.Open, sup.Breaker(name).State())
		for _, err := range <-late {
			assert.Equal(t, errLeftBehind, err)
		}
	})
}

// Broken, a server would answer after Shutdown as if it had failed.
func TestAServerAfterShutdown(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		sup := one(t)
		s, c := guard(t, sup, nil)
		require.NoError(t, call(bg, c))
		require.NoError(t, sup.Shutdown(bg))
		st := status.Convert(call(bg, c))
		assert.Equal(t, codes.Unavailable, st.Code())
		assert.Equal(t, time.Second, delayOf(t, st))
		assert.Len(t, s.seen(), 1)
	})
}

// Broken, an operation within a handler would not be known to be nested, and wait
// for a worker that its own handler holds.
func TestOperationsWithinAHandlerAreNested(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		sup := one(t, pool(1, 0))
		_, c := guard(t, sup, nil, func(ctx context.Context, _ grpc.ServerStream) error {
			_, err := supervisor.Do(ctx, sup, name, func(ctx context.Context) (int, error) {
				attempt, _ := supervisor.CurrentAttempt(ctx)
				assert.Equal(t, 2, attempt.Depth)
				return 0, nil
			})
			return StatusError(err)
		})
		require.NoError(t, call(bg, c))
	})
}

// Broken, one tenant's calls would be turned away for another's.
func TestKeys(t *testing.T) {
	eachKind(t, func(t *testing.T, call func(context.Context, pb.TestServiceClient, ...grpc.CallOption) error) {
		tenant := func(ctx context.Context, _ string, _ *grpc.ClientConn) []supervisor.Key {
			md, _ := metadata.FromIncomingContext(ctx)
			var keys []supervisor.Key
			for _, of := range md.Get("tenant") {
				keys = append(keys, supervisor.Key(of))
			}
			return keys
		}
		sup := one(t, trips(1))
		s, c := guard(t, sup, []ServerOption{WithKeys(tenant)}, fails(codes.Internal))
		of := func(tenant string) context.Context { return metadata.AppendToOutgoingContext(bg, "tenant", tenant) }
		assert.Equal(t, codes.Internal, status.Code(call(of("a"), c)))
		assert.Equal(t, codes.Unavailable, status.Code(call(of("a"), c)))
		require.NoError(t, call(of("b"), c))
		require.NoError(t, call(bg, c))
		assert.Len(t, s.seen(), 3)
	})
}

// Broken, an interceptor that logs would not know why a call was turned away.
func TestInterceptorsBeforeFindTheSupervisorsError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := one(t)
		sup.Breaker(name).ForceOpen()
		_, err := UnaryServerInterceptor(sup)(bg, nil, &grpc.UnaryServerInfo{FullMethod: unary},
			func(context.Context, any) (any, error) { panic("it is not to run") })
		assert.ErrorIs(t, err, supervisor.ErrOpen)
		assert.Equal(t, codes.Unavailable, status.Code(err))
	})
}
