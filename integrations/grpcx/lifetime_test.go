package grpcx

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies"
)

// counted is a context that never ends and counts those who wait for that.
type counted struct {
	context.Context
	done chan struct{}
	live atomic.Int64
}

func (c *counted) Done() <-chan struct{} { return c.done }

// AfterFunc is what package context looks for.
func (c *counted) AfterFunc(func()) (stop func() bool) {
	c.live.Add(1)
	var once sync.Once
	return func() (stopped bool) {
		once.Do(func() {
			c.live.Add(-1)
			stopped = true
		})
		return stopped
	}
}

// Broken, each call would leave something behind in the context of a caller that
// lives long.
func TestNothingIsLeftInTheCallersContext(t *testing.T) {
	endings := map[string][]reply{
		"success":         nil,
		"another attempt": {fails(codes.Unavailable)},
		"failure":         {fails(codes.NotFound)},
		"too many":        repeated(fails(codes.Unavailable), 3),
	}
	policed := map[string][]func(*policies.Policy){"": nil, ", watched": {timesOut(time.Minute)}, ", hedged": {hedges(time.Second)}}
	for kind, call := range kinds {
		for ending, replies := range endings {
			for about, edits := range policed {
				for _, through := range []bool{false, true} {
					t.Run(kind+", "+ending+about, func(t *testing.T) {
						bubble(t, func(t *testing.T) {
							options := []ClientOption{Idempotent("/" + name + "/")}
							if through {
								options = append(options, ThroughFirstMessage())
							}
							c := serve(t, replies...).client(one(t, edits...), options...)
							ctx := &counted{Context: bg, done: make(chan struct{})}
							_ = call(ctx, c)
							pass(0)
							assert.Zero(t, ctx.live.Load())
						})
					})
				}
			}
		}
	}
}

// Broken, a stream that nobody will ever read would stay open: of a hedge that
// lost, or of an interceptor that panicked.
func TestStreamsThatNobodyGetsAreEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ended := make(chan time.Duration, 1)
		began := time.Now()
		s := serve(t, func(ctx context.Context, s grpc.ServerStream) error {
			<-ctx.Done()
			ended <- time.Since(began)
			return ctx.Err()
		})
		panics := true
		c := pb.NewTestServiceClient(s.connect(grpc.WithChainStreamInterceptor(
			StreamClientInterceptor(one(t), Idempotent(output), ThroughFirstMessage()),
			func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, options ...grpc.CallOption) (grpc.ClientStream, error) {
				stream, err := open(ctx, desc, cc, method, options...)
				return &bug{stream, &panics}, err
			})))
		got, err := read(bg, c)
		require.NoError(t, err)
		assert.Equal(t, []string{"2", "2"}, got)
		assert.Equal(t, time.Duration(0), <-ended)
	})
}

// bug is a stream that panics once, when its server has begun.
type bug struct {
	grpc.ClientStream
	panics *bool
}

func (b *bug) RecvMsg(m any) error {
	if *b.panics {
		*b.panics = false
		pass(0)
		panic("a bug")
	}
	return b.ClientStream.RecvMsg(m)
}

// Broken, a stream's context would have its caller's values, deadline and end, but
// not the attempt's.
func TestTheContextOfAStream(t *testing.T) {
	type key struct{}
	for about, edits := range map[string][]func(*policies.Policy){"": nil, "watched": {timesOut(time.Minute)}} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(context.WithValue(bg, key{}, 7), time.Hour)
				defer cancel()
				stream, err := serve(t).client(one(t, edits...)).FullDuplexCall(ctx)
				require.NoError(t, err)
				of := stream.Context()
				assert.Equal(t, 7, of.Value(key{}))
				want, _ := ctx.Deadline()
				got, _ := of.Deadline()
				assert.Equal(t, want, got)

				pass(2 * time.Minute) // longer than the attempt may last
				require.NoError(t, of.Err())
				require.NoError(t, stream.Send(&pb.StreamingOutputCallRequest{}))
				_, err = stream.Recv()
				require.NoError(t, err)

				pass(time.Hour)
				assert.ErrorIs(t, of.Err(), context.DeadlineExceeded)
				_, err = stream.Recv()
				assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
				assert.NotEqual(t, io.EOF, err)
			})
		})
	}
}
