package grpcx

import (
	"context"
	"errors"
	"io"
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
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// read opens a server stream and reads it to its end.
func read(ctx context.Context, c pb.TestServiceClient, options ...grpc.CallOption) (got []string, err error) {
	stream, err := c.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{}, options...)
	if err != nil {
		return nil, err
	}
	return readOn(stream, nil)
}

func readOn(stream grpc.ServerStreamingClient[pb.StreamingOutputCallResponse], got []string) ([]string, error) {
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got = append(got, string(m.GetPayload().GetBody()))
	}
}

// cut sends so many messages and then breaks off with a code.
func cut(after int, code codes.Code) reply {
	return func(_ context.Context, s grpc.ServerStream) error {
		for range after {
			if err := s.SendMsg(said(0)); err != nil {
				return err
			}
		}
		return status.Error(code, "cut")
	}
}

// sendsHeaderFirst says that there is a stream before it fails.
func sendsHeaderFirst(_ context.Context, s grpc.ServerStream) error {
	if err := s.SendHeader(metadata.Pairs("cart", "7")); err != nil {
		return err
	}
	return status.Error(codes.Unavailable, "cut")
}

// Broken, a stream that has not begun would be lost, or one that has begun would be
// read from its beginning again by somebody who has read half of it.
func TestStreamsThatAreCut(t *testing.T) {
	through := []ClientOption{ThroughFirstMessage(), Idempotent(output)}
	for about, c := range map[string]struct {
		first   reply
		options []ClientOption
		want    []string
		code    codes.Code
		times   []time.Duration
	}{
		"not at all":                                {nil, through, []string{"1", "1"}, codes.OK, seconds(0)},
		"not at all, established at once":           {nil, nil, []string{"1", "1"}, codes.OK, seconds(0)},
		"before the first message":                  {cut(0, codes.Unavailable), through, []string{"2", "2"}, codes.OK, seconds(0, 1)},
		"before the first message, not idempotent":  {cut(0, codes.Unavailable), through[:1], nil, codes.Unavailable, seconds(0)},
		"before the first message, by the request":  {cut(0, codes.InvalidArgument), through, nil, codes.InvalidArgument, seconds(0)},
		"before the first message, and established": {cut(0, codes.Unavailable), through[1:], nil, codes.Unavailable, seconds(0)},
		"after the headers":                         {sendsHeaderFirst, through, nil, codes.Unavailable, seconds(0)},
		"after the first message":                   {cut(1, codes.Unavailable), through, []string{"0"}, codes.Unavailable, seconds(0)},
		"at the end":                                {cut(0, codes.OK), through, nil, codes.OK, seconds(0)},
	} {
		for kind, edits := range map[string][]func(*policies.Policy){"": nil, ", watched": {timesOut(time.Minute)}} {
			t.Run(about+kind, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := serve(t, c.first)
					got, err := read(bg, s.client(one(t, edits...), c.options...))
					assert.Equal(t, c.code, status.Code(err), err)
					assert.Equal(t, c.want, got)
					assert.Equal(t, c.times, s.times())
				})
			})
		}
	}
}

// Broken, a service whose streams break off would look well, or one would be
// blamed for readers who leave.
func TestTheBreakerHearsOfAStreamsEnd(t *testing.T) {
	endless := func(_ context.Context, s grpc.ServerStream) error {
		for {
			if err := s.SendMsg(said(0)); err != nil {
				return err
			}
		}
	}
	for about, c := range map[string]struct {
		reply reply
		leave bool // after the first message
		want  breaker.State
		late  int
	}{
		"cut":                 {cut(1, codes.Unavailable), false, breaker.Open, 2},
		"cut by the request":  {cut(1, codes.OutOfRange), false, breaker.Closed, 2},
		"to its end":          {cut(1, codes.OK), false, breaker.Closed, 0},
		"left by its reader":  {endless, true, breaker.Closed, 0},
		"cut before it began": {cut(0, codes.Internal), false, breaker.Open, 2},
	} {
		for kind, edits := range map[string][]func(*policies.Policy){"": nil, ", watched": {timesOut(time.Minute)}} {
			t.Run(about+kind, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					sup := one(t, append(edits, trips(2))...)
					client := serve(t, c.reply, c.reply).client(sup)
					late := events[actors.LateFailure](sup)
					for range 2 {
						ctx, cancel := context.WithCancel(bg)
						stream, err := client.StreamingOutputCall(ctx, &pb.StreamingOutputCallRequest{})
						require.NoError(t, err)
						if c.leave {
							_, err = stream.Recv()
							require.NoError(t, err)
							cancel()
						}
						_, _ = readOn(stream, nil)
						cancel()
					}
					pass(0)
					assert.Equal(t, c.want, sup.Breaker(name).State())
					assert.Len(t, late(), c.late)
					if c.want == breaker.Open {
						_, err := read(bg, client)
						assert.ErrorIs(t, err, supervisor.ErrOpen)
						assert.Equal(t, codes.Unavailable, status.Code(err))
					}
				})
			})
		}
	}
}

// Broken, an end that is no failure would be counted twice or not at all: the
// opening of a stream is not a success that ends a run of failures.
func TestAFailureWithinAStreamIsCountedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := one(t, trips(3))
		c := serve(t, repeated(cut(1, codes.Unavailable), 2)...).client(sup, ThroughFirstMessage())
		for range 2 {
			_, err := read(bg, c)
			require.Error(t, err)
		}
		pass(0)
		assert.Equal(t, 2, sup.Breaker(name).Counts().ConsecutiveFailures)
		_, err := read(bg, c)
		require.NoError(t, err)
		pass(0)
		assert.Zero(t, sup.Breaker(name).Counts().ConsecutiveFailures)
	})
}

// Broken, a stream would end with the attempt that opened it, or live on although
// its caller's time is over.
func TestAStreamOutlivesItsAttempt(t *testing.T) {
	slow := func(_ context.Context, s grpc.ServerStream) error {
		for range 3 {
			if err := s.SendMsg(said(7)); err != nil {
				return err
			}
			<-time.After(3 * time.Second)
		}
		return nil
	}
	for about, options := range map[string][]ClientOption{"": nil, ", through its first message": {ThroughFirstMessage()}} {
		t.Run("beyond attempt_timeout"+about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := one(t, timesOut(2*time.Second))
				got, err := read(bg, serve(t, slow).client(sup, options...))
				require.NoError(t, err)
				assert.Equal(t, []string{"7", "7", "7"}, got)
			})
		})
		t.Run("until its caller's deadline"+about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := one(t, timesOut(2*time.Second), trips(1))
				ctx, cancel := context.WithTimeout(bg, 5*time.Second)
				defer cancel()
				s := serve(t, slow)
				began := time.Now()
				got, err := read(ctx, s.client(sup, options...))
				assert.Equal(t, 5*time.Second, time.Since(began))
				assert.Equal(t, codes.DeadlineExceeded, status.Code(err))
				assert.Equal(t, []string{"7", "7"}, got)
				assert.Equal(t, 5*time.Second, s.seen()[0].deadline, "and the server knows")
				assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
			})
		})
		t.Run("until its caller leaves"+about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(bg)
				time.AfterFunc(4*time.Second, cancel)
				_, err := read(ctx, serve(t, slow).client(one(t, timesOut(2*time.Second)), options...))
				assert.Equal(t, codes.Canceled, status.Code(err))
			})
		})
	}
}

// Broken, a stream that is not a server's alone would be guarded otherwise.
func TestOtherStreams(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, nil, nil, nil, cut(1, codes.Unavailable))
		s.network.refuse(1)
		sup := one(t, trips(1))
		sup.Breaker(name).Reset()
		c := s.client(sup, ThroughFirstMessage())

		up, err := c.StreamingInputCall(bg) // refused once, and the breaker opens
		assert.Equal(t, codes.Unavailable, status.Code(err))
		assert.Nil(t, up)
		pass(30 * time.Second)

		up, err = c.StreamingInputCall(bg)
		require.NoError(t, err)
		for range 3 {
			require.NoError(t, up.Send(&pb.StreamingInputCallRequest{}))
		}
		sum, err := up.CloseAndRecv()
		require.NoError(t, err)
		assert.EqualValues(t, 3, sum.GetAggregatedPayloadSize())

		both, err := c.FullDuplexCall(bg)
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, both.Send(&pb.StreamingOutputCallRequest{}))
			_, err = both.Recv()
			require.NoError(t, err)
		}
		require.NoError(t, both.CloseSend())
		_, err = both.Recv()
		assert.Equal(t, io.EOF, err)
		pass(0)
		assert.Equal(t, breaker.Closed, sup.Breaker(name).State())

		_, err = c.FullDuplexCall(bg)
		require.NoError(t, err, "the third, which nobody reads: that counts for nobody")
		pass(0)
		both, err = c.FullDuplexCall(bg)
		require.NoError(t, err)
		_, err = both.Recv()
		require.NoError(t, err)
		_, err = both.Recv()
		assert.Equal(t, codes.Unavailable, status.Code(err))
		pass(0)
		assert.Equal(t, breaker.Open, sup.Breaker(name).State())
	})
}

// Broken, a service would be blamed for messages that its clients can't send.
func TestWhatAClientCannotSend(t *testing.T) {
	for about, options := range map[string][]ClientOption{"": nil, "through its first message": {ThroughFirstMessage(), Idempotent(output)}} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := one(t, trips(1))
				conn := serve(t).connect(grpc.WithStreamInterceptor(StreamClientInterceptor(sup, options...)))
				ctx := &counted{Context: bg, done: make(chan struct{})}
				stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, output)
				require.NoError(t, err)
				if err = stream.SendMsg("no message"); err == nil {
					err = stream.RecvMsg(&pb.StreamingOutputCallResponse{})
				}
				assert.Equal(t, codes.Internal, status.Code(err), err)
				pass(0)
				assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
				assert.Zero(t, ctx.live.Load())
			})
		})
	}
}

// Broken, a stream would not get through a connection that is refused once.
func TestEstablishingIsRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.network.refuse(1)
		got, err := read(bg, s.client(one(t)))
		require.NoError(t, err)
		assert.Equal(t, []string{"1", "1"}, got)
		assert.Equal(t, seconds(1), s.times())
	})
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.network.refuse(1_000_000)
		_, err := read(bg, s.client(one(t)))
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
		require.True(t, ok, err)
		assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
		assert.Equal(t, codes.Unavailable, status.Code(err))
		assert.Empty(t, s.seen())
	})
}
