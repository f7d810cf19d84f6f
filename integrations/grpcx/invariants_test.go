package grpcx

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, a call that may have taken effect would be made again although nobody
// said that it may; an answer would be somebody else's; or a call would be made
// more often than max_attempts. Hundreds of calls meet a server that does anything,
// with hedges, attempt timeouts and callers who leave.
func TestManyCallsAtOnce(t *testing.T) {
	for kind, edits := range map[string][]func(*policies.Policy){
		"plain":   nil,
		"watched": {timesOut(2 * time.Second)},
		"hedged":  {timesOut(2 * time.Second), hedges(time.Second)},
	} {
		t.Run(kind, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var mu sync.Mutex
				effects, arrivals := map[string]int{}, map[string]int{} // by call
				anything := func(ctx context.Context, _ grpc.ServerStream) error {
					md, _ := metadata.FromIncomingContext(ctx)
					id := md.Get("call")[0]
					what := rand.IntN(8)
					mu.Lock()
					arrivals[id]++
					if what != 0 {
						effects[id]++ // or nobody knows
					}
					mu.Unlock()
					switch what {
					case 0:
						return pushesBack(codes.Unavailable, strconv.Itoa(rand.IntN(2000)))(ctx, nil)
					case 1:
						return pushesBack(codes.Unavailable, "-1")(ctx, nil)
					case 2:
						return sendsHeader(ctx, nil)
					case 3:
						return fails(codes.Unavailable)(ctx, nil)
					case 4:
						return hangs(ctx, nil)
					case 5:
						<-time.After(time.Duration(rand.IntN(3000)) * time.Millisecond)
					}
					return nil
				}
				const calls = 300
				s := serve(t, repeated(anything, 3*calls)...)
				c := s.client(one(t, append(edits, pool(32, calls), func(p *policies.Policy) { p.RateLimit.ServerPacing = false })...))
				var all sync.WaitGroup
				for i := range calls {
					all.Go(func() {
						id := strconv.Itoa(i)
						ctx := metadata.AppendToOutgoingContext(bg, "call", id)
						ctx, cancel := context.WithTimeout(ctx, time.Duration(1+rand.IntN(10_000))*time.Millisecond)
						defer cancel()
						var options []grpc.CallOption
						if i%2 == 0 {
							options = append(options, CallOptions(supervisor.Idempotent()))
						}
						answer, err := c.UnaryCall(ctx, &pb.SimpleRequest{Payload: &pb.Payload{Body: []byte(id)}}, options...)
						if err == nil {
							assert.Equal(t, id, string(answer.GetPayload().GetBody()))
						} else {
							_, ok := status.FromError(err)
							assert.True(t, ok)
						}
					})
				}
				all.Wait()
				pass(0)
				mu.Lock()
				defer mu.Unlock()
				for i := range calls {
					id := strconv.Itoa(i)
					assert.LessOrEqual(t, arrivals[id], 3)
					if i%2 == 1 {
						assert.LessOrEqual(t, effects[id], 1)
					}
				}
			})
		})
	}
}
