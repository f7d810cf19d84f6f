package grpcx_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/holdfast-go/holdfast/integrations/grpcx"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// flaky is a service that is unavailable for its first n calls.
type flaky struct {
	pb.UnimplementedTestServiceServer
	n, calls int
}

func (f *flaky) call() error {
	f.calls++
	if f.calls <= f.n {
		return status.Error(codes.Unavailable, "the database is gone")
	}
	return nil
}

func (f *flaky) UnaryCall(context.Context, *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	return &pb.SimpleResponse{Username: fmt.Sprint("answered as call ", f.calls)}, nil
}

func (f *flaky) StreamingOutputCall(_ *pb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
	if err := f.call(); err != nil {
		return err
	}
	for range 2 {
		if err := stream.Send(&pb.StreamingOutputCallResponse{}); err != nil {
			return err
		}
	}
	return nil
}

// start runs a server and gives what a client needs to find it.
func start(service pb.TestServiceServer, options ...grpc.ServerOption) (server *grpc.Server, dial grpc.DialOption) {
	server = grpc.NewServer(options...)
	pb.RegisterTestServiceServer(server, service)
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	return server, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })
}

// A client whose calls are made again, and refused while the service is down. Only
// methods that may be called twice are, after something was sent.
func ExampleUnaryClientInterceptor() {
	set, err := load.Load(load.Bytes("agent_config.yaml", load.YAML, []byte(`
targets:
  grpc.testing.TestService:
    retry_policy: {max_attempts: 3, min_wait: 0.01, max_wait: 0.02}
    circuit_breaker: {failure_threshold: 5}
`)))
	if err != nil {
		fmt.Println(err)
		return
	}
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	server, dial := start(&flaky{n: 7})
	defer server.Stop()
	conn, _ := grpc.NewClient("passthrough:///shop", dial,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(),
		grpc.WithChainUnaryInterceptor(grpcx.UnaryClientInterceptor(sup,
			grpcx.Idempotent("/grpc.testing.TestService/UnaryCall"))))
	defer conn.Close()
	client := pb.NewTestServiceClient(conn)
	call := func() {
		answer, err := client.UnaryCall(context.Background(), &pb.SimpleRequest{})
		fmt.Printf("%v, open: %v, %q\n", status.Code(err), errors.Is(err, supervisor.ErrOpen), answer.GetUsername())
	}

	call() // three attempts, and none succeeds
	call() // two more, and the breaker opens
	call() // after that nothing is sent

	// The service needs two calls more.
	sup.Breaker("grpc.testing.TestService").Reset()
	call()
	// Output:
	// Unavailable, open: false, ""
	// Unavailable, open: true, ""
	// Unavailable, open: true, ""
	// OK, open: false, "answered as call 8"
}

// A stream that fails before it has begun is opened again.
func ExampleStreamClientInterceptor() {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	set, _ := policies.NewSet(map[string]policies.Policy{"feed": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	server, dial := start(&flaky{n: 2})
	defer server.Stop()
	conn, _ := grpc.NewClient("passthrough:///shop", dial,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDisableRetry(),
		grpc.WithChainStreamInterceptor(grpcx.StreamClientInterceptor(sup,
			grpcx.WithTarget(grpcx.Named("feed")),
			grpcx.ThroughFirstMessage())))
	defer conn.Close()

	stream, err := pb.NewTestServiceClient(conn).StreamingOutputCall(context.Background(), &pb.StreamingOutputCallRequest{},
		grpcx.CallOptions(supervisor.Idempotent()))
	messages := 0
	for err == nil {
		if _, err = stream.Recv(); err == nil {
			messages++
		}
	}
	fmt.Println(messages, err)
	// Output: 2 EOF
}

// A server that sheds load, and spares what is behind it while it is down.
func ExampleUnaryServerInterceptor() {
	p := policies.Default(policies.Worker)
	p.Pool.Workers, p.Pool.MaxPending = 64, 16
	p.Breaker.FailureThreshold = 2
	set, _ := policies.NewSet(map[string]policies.Policy{"checkout": p})
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	checkout := grpcx.WithTarget(grpcx.Named("checkout"))
	server, dial := start(&flaky{n: 1000},
		grpc.ChainUnaryInterceptor(grpcx.UnaryServerInterceptor(sup, checkout)),
		grpc.ChainStreamInterceptor(grpcx.StreamServerInterceptor(sup, checkout)))
	defer server.Stop()
	conn, _ := grpc.NewClient("passthrough:///shop", dial, grpc.WithTransportCredentials(insecure.NewCredentials()))
	defer conn.Close()

	for range 3 {
		_, err := pb.NewTestServiceClient(conn).UnaryCall(context.Background(), &pb.SimpleRequest{})
		said := status.Convert(err)
		fmt.Println(said.Code(), said.Message(), len(said.Details()))
	}
	// Output:
	// Unavailable the database is gone 0
	// Unavailable the database is gone 0
	// Unavailable the service is failing and not called for now 1
}

// A handler that calls another service passes a refusal on.
func ExampleStatusError() {
	set, _ := policies.NewSet(nil)
	sup, _ := supervisor.New(set)
	defer sup.Shutdown(context.Background())
	handler := func(ctx context.Context) (string, error) {
		quote, err := supervisor.Do(ctx, sup, "api", func(context.Context) (string, error) { return "12 degrees", nil })
		return quote, grpcx.StatusError(err)
	}

	sup.Breaker("api").ForceOpen()
	_, err := handler(context.Background())
	fmt.Println(status.Code(err), errors.Is(err, supervisor.ErrOpen))
	// Output: Unavailable true
}
