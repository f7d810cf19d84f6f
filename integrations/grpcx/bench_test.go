package grpcx

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	pb "google.golang.org/grpc/interop/grpc_testing"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// BenchmarkUnary is what the interceptor adds to a call.
func BenchmarkUnary(b *testing.B) {
	set, err := policies.NewSet(targets{name: policies.Default(policies.API)})
	require.NoError(b, err)
	sup, err := supervisor.New(set)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, sup.Shutdown(bg)) })
	intercept := UnaryClientInterceptor(sup)
	request, answer := &pb.SimpleRequest{}, &pb.SimpleResponse{}
	b.ReportAllocs()
	for b.Loop() {
		err := intercept(bg, unary, request, answer, nil,
			func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
