package grpcx

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, calls would go by the policy of another service, or without one.
func TestTheTargetOfACall(t *testing.T) {
	method := name + ".UnaryCall"
	for about, c := range map[string]struct {
		targets []string
		options []Option
		want    string // "" for none, which runs all the same
		missing bool
	}{
		"the service's":           {targets: []string{name, "shop"}, want: name},
		"the method's":            {targets: []string{name, method}, want: method},
		"none":                    {targets: []string{"shop"}, missing: true},
		"the fallback":            {targets: []string{"shop"}, options: []Option{WithFallbackTarget("api")}, want: "api"},
		"its own, not a fallback": {targets: []string{name}, options: []Option{WithFallbackTarget("api")}, want: name},
		"the one picked":          {targets: []string{name, "shop"}, options: []Option{WithTarget(Named("shop"))}, want: "shop"},
		"one picked that is not":  {targets: []string{name}, options: []Option{WithTarget(Named("shop"))}, missing: true},
		"one picked, and instead": {targets: []string{name}, options: []Option{WithTarget(Named("shop")), WithFallbackTarget(name)}, want: name},
		"unsupervised":            {targets: []string{name}, options: []Option{WithTarget(Named("")), WithFallbackTarget("api")}},
	} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				all := targets{}
				for _, name := range c.targets {
					all[name] = policy()
				}
				sup := supervise(t, all)
				var client []ClientOption
				var server []ServerOption
				for _, o := range c.options {
					client, server = append(client, o), append(server, o)
				}
				var clientRan, serverRan *string
				run := func(ctx context.Context, ran **string) {
					attempt, _ := supervisor.CurrentAttempt(ctx)
					*ran = &attempt.Target
				}
				clientErr := UnaryClientInterceptor(sup, client...)(bg, unary, &pb.Empty{}, &pb.Empty{}, nil,
					func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
						run(ctx, &clientRan)
						return nil
					})
				_, serverErr := UnaryServerInterceptor(sup, server...)(bg, nil, &grpc.UnaryServerInfo{FullMethod: unary},
					func(ctx context.Context, _ any) (any, error) {
						run(ctx, &serverRan)
						return nil, nil
					})
				if c.missing {
					for _, err := range []error{clientErr, serverErr} {
						assert.ErrorIs(t, err, supervisor.ErrUnknownTarget)
						assert.ErrorContains(t, err, unary)
						assert.Equal(t, codes.Internal, status.Code(err))
					}
					assert.Nil(t, clientRan)
					assert.Nil(t, serverRan)
					return
				}
				require.NoError(t, clientErr)
				require.NoError(t, serverErr)
				assert.Equal(t, c.want, *clientRan)
				assert.Equal(t, c.want, *serverRan)
			})
		})
	}
}

// Broken, a method name that is none would end the program.
func TestOddMethodNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := one(t)
		for _, method := range []string{"", "/", "Cart", "/Cart", "//", "/a/b/c"} {
			err := UnaryClientInterceptor(sup)(bg, method, &pb.Empty{}, &pb.Empty{}, nil, nil)
			assert.ErrorIs(t, err, supervisor.ErrUnknownTarget, method)
		}
	})
}

// Broken, what is known of a method's being called twice would be forgotten, or
// taken for granted.
func TestWhatMakesACallIdempotent(t *testing.T) {
	levels := map[string]descriptorpb.MethodOptions_IdempotencyLevel{
		"Get": descriptorpb.MethodOptions_NO_SIDE_EFFECTS, "Put": descriptorpb.MethodOptions_IDEMPOTENT,
		"Add": descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN,
	}
	declare(t, levels)
	byPolicy := idempotency(policies.IdempotentYes)
	never := idempotency(policies.IdempotentNo)
	for about, c := range map[string]struct {
		method  string
		options []ClientOption
		call    []grpc.CallOption
		edit    func(*policies.Policy)
		want    int // attempts
	}{
		"declared to have no effects":        {method: "Get", want: 3},
		"declared idempotent":                {method: "Put", want: 3},
		"declared, and the policy says no":   {method: "Get", edit: never, want: 1},
		"declared to be anything":            {method: "Add", want: 1},
		"not declared":                       {method: "Remove", want: 1},
		"named":                              {method: "Add", options: []ClientOption{Idempotent("/shop.Cart/Get", "/shop.Cart/Add")}, want: 3},
		"named, and the policy says no":      {method: "Add", options: []ClientOption{Idempotent("/shop.Cart/Add")}, edit: never, want: 3},
		"another named":                      {method: "Add", options: []ClientOption{Idempotent("/shop.Cart/Get")}, want: 1},
		"the service named":                  {method: "Add", options: []ClientOption{Idempotent("/shop.Cart/")}, want: 3},
		"the call's own word":                {method: "Add", call: []grpc.CallOption{CallOptions(supervisor.Idempotent())}, want: 3},
		"the call's key":                     {method: "Add", call: []grpc.CallOption{CallOptions(supervisor.IdempotencyKey("7"))}, want: 3},
		"the interceptor's word":             {method: "Add", options: []ClientOption{WithCallOptions(supervisor.Idempotent())}, want: 3},
		"the policy's word":                  {method: "Add", edit: byPolicy, want: 3},
		"an option of gRPC's, which is none": {method: "Add", call: []grpc.CallOption{grpc.WaitForReady(true)}, want: 1},
	} {
		t.Run(about, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				edits := []func(*policies.Policy){}
				if c.edit != nil {
					edits = append(edits, c.edit)
				}
				attempts := 0
				err := UnaryClientInterceptor(supervise(t, targets{"shop.Cart": policy(edits...)}), c.options...)(
					bg, "/shop.Cart/"+c.method, &pb.Empty{}, &pb.Empty{}, nil,
					func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
						attempts++
						return status.Error(codes.Unavailable, "as asked")
					}, c.call...)
				assert.Equal(t, codes.Unavailable, status.Code(err))
				assert.Equal(t, c.want, attempts)
			})
		})
	}
}

// declare links a .proto file of shop.Cart into the program.
func declare(t *testing.T, levels map[string]descriptorpb.MethodOptions_IdempotencyLevel) {
	t.Helper()
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("Cart")}
	for method, level := range levels {
		service.Method = append(service.Method, &descriptorpb.MethodDescriptorProto{
			Name: proto.String(method), InputType: proto.String(".shop.None"), OutputType: proto.String(".shop.None"),
			Options: &descriptorpb.MethodOptions{IdempotencyLevel: level.Enum()},
		})
	}
	if _, err := protoregistry.GlobalFiles.FindFileByPath("shop.proto"); err == nil {
		return // by an earlier run
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("shop.proto"), Package: proto.String("shop"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("None")}},
		Service:     []*descriptorpb.ServiceDescriptorProto{service},
	}, nil)
	require.NoError(t, err)
	require.NoError(t, protoregistry.GlobalFiles.RegisterFile(file))
}
