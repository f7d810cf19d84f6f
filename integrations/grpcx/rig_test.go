package grpcx

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var bg = context.Background()

// Names of the service and its methods, as targets and as gRPC has them.
const (
	name   = "grpc.testing.TestService"
	unary  = "/grpc.testing.TestService/UnaryCall"
	output = "/grpc.testing.TestService/StreamingOutputCall"
	input  = "/grpc.testing.TestService/StreamingInputCall"
	duplex = "/grpc.testing.TestService/FullDuplexCall"
)

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

func pass(d time.Duration) { virtualtime.Pass(d) }

// policy is easy to count with: three attempts, waits of 1 s and 2 s exactly, and
// a breaker that never trips by itself.
func policy(edits ...func(*policies.Policy)) policies.Policy {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 3
	p.Retry.MinWait, p.Retry.MaxWait = time.Second, 8*time.Second
	p.Retry.Jitter = policies.JitterNone
	p.Breaker.FailureThreshold = policies.Never
	p.Breaker.RecoveryTimeout = 30 * time.Second
	p.Breaker.RecoveryJitter = 0
	p.Breaker.SuccessThreshold = 1
	for _, edit := range edits {
		edit(&p)
	}
	return p
}

func trips(after int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold = after }
}

func timesOut(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.AttemptTimeout = after }
}

func idempotency(i policies.Idempotency) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.Idempotent = i }
}

func hedges(after time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Hedge.Delay = after }
}

type targets = map[string]policies.Policy

func supervise(t *testing.T, all targets) *supervisor.Supervisor {
	t.Helper()
	set, err := policies.NewSet(all)
	require.NoError(t, err)
	sup, err := supervisor.New(set)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sup.Shutdown(bg)) })
	return sup
}

// one supervises the target that is called as the service.
func one(t *testing.T, edits ...func(*policies.Policy)) *supervisor.Supervisor {
	t.Helper()
	return supervise(t, targets{name: policy(edits...)})
}

// events collects those of type E that a supervisor publishes.
func events[E actors.Event](sup *supervisor.Supervisor) func() []E {
	var (
		mu  sync.Mutex
		all []E
	)
	sup.Subscribe(func(e actors.Event) {
		if e, ok := e.(E); ok {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, e)
		}
	})
	return func() []E {
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		return append([]E(nil), all...)
	}
}

// seen is what the server saw of one call.
type seen struct {
	method   string
	at       time.Duration // since the service began
	previous string        // grpc-previous-rpc-attempts
	deadline time.Duration // that is left, 0 for none
}

func (s seen) String() string {
	return fmt.Sprintf("%s at %s (previous attempts: %q, time left: %s)", s.method, s.at, s.previous, s.deadline)
}

// reply is how the server answers one call, whichever kind it is.
type reply func(ctx context.Context, s grpc.ServerStream) error

// service is a real gRPC server that answers its n-th call by the n-th reply, and
// well after them.
type service struct {
	pb.UnimplementedTestServiceServer
	t       *testing.T
	began   time.Time
	replies []reply
	server  *grpc.Server
	network *network

	mu    sync.Mutex
	calls []seen
}

// network is in memory, so that time on it is virtual.
type network struct {
	mu       sync.Mutex
	listener *bufconn.Listener
	refuses  int // that many dials more
}

// refuse has so many dials more refused.
func (n *network) refuse(dials int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.refuses = dials
}

func (n *network) dial(ctx context.Context, _ string) (net.Conn, error) {
	n.mu.Lock()
	refused := n.refuses > 0
	n.refuses = max(0, n.refuses-1)
	listener := n.listener
	n.mu.Unlock()
	if refused {
		return nil, &net.OpError{Op: "dial", Net: "memory", Err: syscall.ECONNREFUSED}
	}
	return listener.DialContext(ctx)
}

// serve starts a service. A reply answers each call in its turn.
func serve(t *testing.T, replies ...reply) *service {
	t.Helper()
	return serveWith(t, nil, replies...)
}

func serveWith(t *testing.T, options []grpc.ServerOption, replies ...reply) *service {
	t.Helper()
	s := &service{t: t, began: time.Now(), replies: replies, network: &network{listener: bufconn.Listen(1 << 16)}}
	s.server = grpc.NewServer(options...)
	pb.RegisterTestServiceServer(s.server, s)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.server.Serve(s.network.listener)
	}()
	t.Cleanup(func() {
		s.server.Stop()
		<-ended
		t.Logf("%d calls reached the server", len(s.seen()))
		if len(s.seen()) > 20 {
			return
		}
		for _, c := range s.seen() {
			t.Log(c)
		}
	})
	return s
}

// seen is what came in so far.
func (s *service) seen() []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]seen(nil), s.calls...)
}

// times is when the calls came in.
func (s *service) times() []time.Duration {
	var all []time.Duration
	for _, c := range s.seen() {
		all = append(all, c.at)
	}
	return all
}

// called notes a call, and gives the reply to it and its number.
func (s *service) called(ctx context.Context, method string) (reply, int) {
	md, _ := metadata.FromIncomingContext(ctx)
	c := seen{method: method[len("/grpc.testing.TestService/"):], at: time.Since(s.began)}
	if v := md.Get(previousAttempts); len(v) > 0 {
		c.previous = v[0]
	}
	if d, ok := ctx.Deadline(); ok {
		c.deadline = time.Until(d)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, c)
	n := len(s.calls)
	if n <= len(s.replies) && s.replies[n-1] != nil {
		return s.replies[n-1], n
	}
	return nil, n
}

// UnaryCall says the number of the call.
func (s *service) UnaryCall(ctx context.Context, r *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	f, n := s.called(ctx, unary)
	if f != nil {
		if err := f(ctx, nil); err != nil {
			return nil, err
		}
	}
	return &pb.SimpleResponse{Username: strconv.Itoa(n), Payload: r.GetPayload()}, nil
}

// StreamingOutputCall sends two messages.
func (s *service) StreamingOutputCall(_ *pb.StreamingOutputCallRequest, stream grpc.ServerStreamingServer[pb.StreamingOutputCallResponse]) error {
	f, n := s.called(stream.Context(), output)
	if f != nil {
		return f(stream.Context(), stream)
	}
	for range 2 {
		if err := stream.Send(said(n)); err != nil {
			return err
		}
	}
	return nil
}

// StreamingInputCall counts what it is sent.
func (s *service) StreamingInputCall(stream grpc.ClientStreamingServer[pb.StreamingInputCallRequest, pb.StreamingInputCallResponse]) error {
	f, _ := s.called(stream.Context(), input)
	if f != nil {
		return f(stream.Context(), stream)
	}
	n := int32(0)
	for {
		if _, err := stream.Recv(); err != nil {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: n})
		}
		n++
	}
}

// FullDuplexCall answers each message.
func (s *service) FullDuplexCall(stream grpc.BidiStreamingServer[pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse]) error {
	f, n := s.called(stream.Context(), duplex)
	if f != nil {
		return f(stream.Context(), stream)
	}
	for {
		if _, err := stream.Recv(); err != nil {
			return nil
		}
		if err := stream.Send(said(n)); err != nil {
			return err
		}
	}
}

func said(n int) *pb.StreamingOutputCallResponse {
	return &pb.StreamingOutputCallResponse{Payload: &pb.Payload{Body: []byte(strconv.Itoa(n))}}
}

// fails answers with a code.
func fails(code codes.Code) reply {
	return func(context.Context, grpc.ServerStream) error { return status.Error(code, "as asked") }
}

// pushesBack answers with a code and the trailer.
func pushesBack(code codes.Code, values ...string) reply {
	return func(ctx context.Context, _ grpc.ServerStream) error {
		_ = grpc.SetTrailer(ctx, metadata.MD{pushbackTrailer: values})
		return status.Error(code, "as asked")
	}
}

// hangs answers when the call is over.
func hangs(ctx context.Context, _ grpc.ServerStream) error {
	<-ctx.Done()
	return ctx.Err()
}

func repeated(r reply, n int) []reply {
	var all []reply
	for range n {
		all = append(all, r)
	}
	return all
}

// connect makes a connection without interceptors, for a test's own.
func (s *service) connect(options ...grpc.DialOption) *grpc.ClientConn {
	s.t.Helper()
	conn, err := grpc.NewClient("passthrough:///shop.test", append([]grpc.DialOption{
		grpc.WithContextDialer(s.network.dial),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// A connection that is refused is tried again at once.
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{BaseDelay: time.Millisecond, Multiplier: 1, MaxDelay: time.Millisecond}}),
	}, options...)...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, conn.Close()) })
	return conn
}

// client calls the service through sup.
func (s *service) client(sup *supervisor.Supervisor, options ...ClientOption) pb.TestServiceClient {
	s.t.Helper()
	return pb.NewTestServiceClient(s.connect(
		grpc.WithDisableRetry(),
		grpc.WithUnaryInterceptor(UnaryClientInterceptor(sup, options...)),
		grpc.WithStreamInterceptor(StreamClientInterceptor(sup, options...))))
}

// ask makes a unary call and gives what was answered.
func ask(ctx context.Context, c pb.TestServiceClient, options ...grpc.CallOption) (string, error) {
	answer, err := c.UnaryCall(ctx, &pb.SimpleRequest{}, options...)
	return answer.GetUsername(), err
}

func seconds(n ...int) []time.Duration {
	var all []time.Duration
	for _, s := range n {
		all = append(all, time.Duration(s)*time.Second)
	}
	return all
}
