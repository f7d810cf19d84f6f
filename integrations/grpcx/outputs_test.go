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
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies"
)

// Broken, a caller would be told of another attempt than the one that counts, or
// of more than one end.
func TestTheCallersOptionsTellOfTheAttemptThatCounts(t *testing.T) {
	says := func(what string, code codes.Code) reply {
		return func(ctx context.Context, _ grpc.ServerStream) error {
			if code == codes.OK {
				_ = grpc.SetHeader(ctx, metadata.Pairs("attempt", what))
			}
			_ = grpc.SetTrailer(ctx, metadata.Pairs("attempt", what))
			return status.Error(code, "as asked")
		}
	}
	for about, c := range map[string]struct {
		replies []reply
		edit    func(*policies.Policy)
		header  []string
		trailer string
		code    codes.Code
	}{
		"the first":         {[]reply{says("1", codes.OK)}, nil, []string{"1"}, "1", codes.OK},
		"the second":        {[]reply{says("1", codes.Unavailable), says("2", codes.OK)}, nil, []string{"2"}, "2", codes.OK},
		"watched":           {[]reply{says("1", codes.Unavailable), says("2", codes.OK)}, timesOut(time.Minute), []string{"2"}, "2", codes.OK},
		"none, and no more": {[]reply{says("1", codes.Unavailable), says("2", codes.NotFound)}, nil, nil, "2", codes.NotFound},
		"none in three": {[]reply{says("1", codes.Unavailable), says("2", codes.Unavailable), says("3", codes.Unavailable)},
			nil, nil, "3", codes.Unavailable},
	} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				edits := []func(*policies.Policy){}
				if c.edit != nil {
					edits = append(edits, c.edit)
				}
				var header, trailer metadata.MD
				var from peer.Peer
				var ends []error
				_, err := ask(bg, serve(t, c.replies...).client(one(t, edits...), Idempotent(unary)),
					grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from),
					grpc.OnFinish(func(err error) { ends = append(ends, err) }))
				assert.Equal(t, c.code, status.Code(err))
				assert.Equal(t, c.header, header.Get("attempt"))
				assert.Equal(t, []string{c.trailer}, trailer.Get("attempt"))
				assert.NotNil(t, from.Addr)
				assert.Equal(t, []error{err}, ends)
			})
		})
	}
}

// Broken, the options of a stream's caller would tell of an attempt that failed, or
// before the stream's end.
func TestTheCallersOptionsOfAStream(t *testing.T) {
	for about, options := range map[string][]ClientOption{"": nil, "through its first message": {ThroughFirstMessage(), Idempotent(output)}} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := serve(t, func(_ context.Context, s grpc.ServerStream) error {
					s.SetTrailer(metadata.Pairs("total", "9"))
					return s.SendMsg(said(1))
				})
				var trailer metadata.MD
				ends := 0
				stream, err := s.client(one(t), options...).StreamingOutputCall(bg, &pb.StreamingOutputCallRequest{},
					grpc.Trailer(&trailer), grpc.OnFinish(func(error) { ends++ }))
				require.NoError(t, err)
				_, err = stream.Recv()
				require.NoError(t, err)
				assert.Zero(t, ends)
				_, err = stream.Recv()
				assert.Equal(t, io.EOF, err)
				assert.Equal(t, 1, ends)
				assert.Equal(t, []string{"9"}, trailer.Get("total"))
			})
		})
	}
}
