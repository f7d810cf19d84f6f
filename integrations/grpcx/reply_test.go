package grpcx

import (
	"testing"

	"github.com/stretchr/testify/assert"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/protobuf/proto"
)

// Broken, a caller would get half of what was answered, or an attempt that was left
// behind would write to its message. Codecs have other messages than those of
// protobuf.
func TestMessagesOfAttempts(t *testing.T) {
	type frame struct{ data []byte }
	for about, c := range map[string]struct{ old, answer any }{
		"protobuf": {&pb.SimpleResponse{OauthScope: "old"}, &pb.SimpleResponse{Username: "7"}},
		"a struct": {&frame{[]byte("old")}, &frame{[]byte("7")}},
	} {
		t.Run(about, func(t *testing.T) {
			fresh := maker(c.old)()
			assert.IsType(t, c.old, fresh)
			assert.NotSame(t, c.old, fresh)
			hand(c.old, c.answer)
			if want, ok := c.answer.(proto.Message); ok {
				assert.True(t, proto.Equal(want, c.old.(proto.Message)))
				return
			}
			assert.Equal(t, c.answer, c.old)
		})
	}
	for _, odd := range []any{nil, frame{}, map[string]int{}} { // nothing can be done for these
		assert.Equal(t, odd, maker(odd)())
		hand(odd, maker(odd)())
	}
}
