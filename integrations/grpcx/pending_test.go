package grpcx

import (
	"context"
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

	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, a server that accepts a stream and says nothing would hold its reader for
// ever.
func TestTheFirstMessageIsWithinAttemptTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, hangs, hangs)
		got, err := read(bg, s.client(one(t, timesOut(2*time.Second)), ThroughFirstMessage(), Idempotent(output)))
		require.NoError(t, err)
		assert.Equal(t, []string{"3", "3"}, got)
		assert.Equal(t, seconds(0, 3, 7), s.times())
		pass(0)
		assert.Equal(t, "2", s.seen()[2].previous)
	})
}

// Broken, the stream of a hedge that lost would stay open, or be read by nobody's
// leave.
func TestAHedgedStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		over := make(chan time.Duration, 1)
		began := time.Now()
		s := serve(t, func(ctx context.Context, s grpc.ServerStream) error {
			<-time.After(5 * time.Second)
			_ = s.SendMsg(said(1))
			<-ctx.Done()
			over <- time.Since(began)
			return nil
		}, func(_ context.Context, s grpc.ServerStream) error {
			for range 10 {
				<-time.After(time.Second)
				_ = s.SendMsg(said(2))
			}
			return nil
		})
		got, err := read(bg, s.client(one(t, hedges(2*time.Second)), ThroughFirstMessage(), Idempotent(output)))
		require.NoError(t, err)
		assert.Len(t, got, 10)
		assert.Equal(t, "2", got[0])
		// It has lost after 3 s, and its server sees that when it has slept.
		assert.Equal(t, 5*time.Second, <-over)
	})
}

// Broken, the stages before the first message would be out of order for those who
// use a stream by hand.
func TestAStreamByHand(t *testing.T) {
	desc := &grpc.StreamDesc{ServerStreams: true}
	open := func(t *testing.T, s *service, options ...ClientOption) grpc.ClientStream {
		conn := s.connect(grpc.WithStreamInterceptor(StreamClientInterceptor(one(t), append(options, ThroughFirstMessage())...)))
		stream, err := conn.NewStream(bg, desc, output)
		require.NoError(t, err)
		return stream
	}
	m := &pb.StreamingOutputCallResponse{}
	bubble(t, func(t *testing.T) {
		s := serve(t, fails(codes.Unavailable), func(_ context.Context, s grpc.ServerStream) error {
			_ = s.SetHeader(metadata.Pairs("cart", "7"))
			s.SetTrailer(metadata.Pairs("total", "9"))
			return s.SendMsg(said(1))
		})
		stream := open(t, s, Idempotent(output))
		assert.Nil(t, stream.Trailer())
		assert.Equal(t, bg, stream.Context())
		require.NoError(t, stream.SendMsg(&pb.StreamingOutputCallRequest{}))
		assert.Equal(t, codes.Internal, status.Code(stream.SendMsg(m)))
		require.NoError(t, stream.CloseSend())
		pass(time.Hour)
		assert.Empty(t, s.seen(), "it is made when it is read")

		header, err := stream.Header()
		require.NoError(t, err)
		assert.Equal(t, []string{"7"}, header.Get("cart"))
		attempt, ok := supervisor.CurrentAttempt(stream.Context())
		assert.True(t, ok)
		assert.Equal(t, 2, attempt.Number)
		require.NoError(t, stream.RecvMsg(m))
		assert.Equal(t, "1", string(m.GetPayload().GetBody()))
		assert.Equal(t, io.EOF, stream.RecvMsg(m))
		assert.Equal(t, io.EOF, stream.RecvMsg(m))
		assert.Equal(t, []string{"9"}, stream.Trailer().Get("total"))
	})
	bubble(t, func(t *testing.T) { // one that fails
		s := serve(t, func(_ context.Context, s grpc.ServerStream) error {
			s.SetTrailer(metadata.Pairs("total", "9"))
			return status.Error(codes.NotFound, "as asked")
		})
		stream := open(t, s)
		require.NoError(t, stream.SendMsg(&pb.StreamingOutputCallRequest{}))
		header, err := stream.Header()
		assert.NoError(t, err)
		assert.Nil(t, header)
		for range 2 {
			assert.Equal(t, codes.NotFound, status.Code(stream.RecvMsg(m)))
		}
		assert.Equal(t, []string{"9"}, stream.Trailer().Get("total"))
		assert.Len(t, s.seen(), 1)
	})
	bubble(t, func(t *testing.T) { // one that is empty
		s := serve(t, cut(0, codes.OK))
		stream := open(t, s)
		require.NoError(t, stream.SendMsg(&pb.StreamingOutputCallRequest{}))
		_, err := stream.Header()
		require.NoError(t, err)
		assert.Equal(t, io.EOF, stream.RecvMsg(m))
	})
}
