package grpcx

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// stubborn is a unary call that answers after so long, whatever its context says,
// and fails if that has ended.
func stubborn(after time.Duration, user string) grpc.UnaryInvoker {
	return func(ctx context.Context, _ string, _, answer any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		<-time.After(after)
		answer.(*pb.SimpleResponse).Username = user
		return ctx.Err()
	}
}

// Broken, an attempt that was left behind would write to the message of a caller
// who reads it.
func TestALateAttemptWritesToNothingOfTheCallers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		intercept := UnaryClientInterceptor(one(t, hedges(2*time.Second)), Idempotent(unary))
		calls := make(chan grpc.UnaryInvoker, 2)
		calls <- stubborn(5*time.Second, "late")
		calls <- stubborn(0, "2")
		answer := &pb.SimpleResponse{}
		err := intercept(bg, unary, &pb.SimpleRequest{}, answer, nil,
			func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, options ...grpc.CallOption) error {
				next := <-calls
				return next(ctx, method, req, reply, cc, options...)
			})
		require.NoError(t, err)
		assert.Equal(t, "2", answer.GetUsername())
		pass(10 * time.Second)
		assert.Equal(t, "2", answer.GetUsername())
	})
}

// idle is a worker that has nothing to do.
type idle struct{}

func (idle) Handle(context.Context, any) (any, error) { return nil, nil }

func (idle) Close() error { return nil }

// Broken, a caller who has left would have its message written to. On a target with
// stateful workers attempts run on another goroutine than the caller's, with the
// caller's context.
func TestACallerHasItsMessageBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		set, err := policies.NewSet(targets{name: policy()})
		require.NoError(t, err)
		sup, err := supervisor.New(set, supervisor.WithWorker(name, func(context.Context) (supervisor.Worker, error) { return idle{}, nil }))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, sup.Shutdown(bg)) })
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		began := time.Now()
		err = UnaryClientInterceptor(sup)(ctx, unary, &pb.SimpleRequest{}, &pb.SimpleResponse{}, nil, stubborn(3*time.Second, "late"))
		assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
		assert.Equal(t, 3*time.Second, time.Since(began))
	})
}

// Broken, a call that an interceptor answers for gRPC would never be over for those
// who wait for that.
func TestACallThatGRPCDoesNotSeeIsFinishedToo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ends := 0
		err := UnaryClientInterceptor(one(t))(bg, unary, &pb.SimpleRequest{}, &pb.SimpleResponse{}, nil, stubborn(0, "cached"),
			grpc.OnFinish(func(error) { ends++ }))
		require.NoError(t, err)
		assert.Equal(t, 1, ends)
	})
}

// Broken, a stream that came too late, or second, would stay open and be nobody's.
func TestOneStreamIsTheCallers(t *testing.T) {
	c := &call{ctx: bg}
	streams := make([]*stream, 3)
	for i := range streams {
		streams[i] = &stream{life: newLifetime(bg, bg)}
		defer streams[i].life.end()
	}
	require.True(t, c.hold(streams[0]))
	require.True(t, c.hold(streams[1]))
	c.end(streams[1])
	assert.Error(t, streams[0].life.Err())
	assert.NoError(t, streams[1].life.Err())
	assert.False(t, c.hold(streams[2]), "it ends itself")
}
