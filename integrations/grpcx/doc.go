// Package grpcx plugs Holdfast into gRPC: interceptors for clients and servers,
// unary and stream.
//
//	conn, err := grpc.NewClient(address,
//		grpc.WithDisableRetry(),
//		grpc.WithChainUnaryInterceptor(grpcx.UnaryClientInterceptor(sup)),
//		grpc.WithChainStreamInterceptor(grpcx.StreamClientInterceptor(sup)))
//
// Every call is one operation on a target, whose policy says how often it is
// made, after which waits, and when its breaker refuses it. The target is called
// as the method is ("shop.Cart.Add") if there is one of that name, and otherwise
// as its service ("shop.Cart"); see [WithTarget], [WithKeys]
// and [WithFallbackTarget].
//
// # One owner retries
//
// Say grpc.WithDisableRetry(): a retryPolicy in a service config would multiply
// the attempts. Where the connection's service config has one for the method, its
// calls are kept from being repeated by it once they were sent; but gRPC learns of
// a service config with a connection's first call, which can then still be
// repeated by both. What gRPC calls transparent retries, of calls that have not
// reached a server's code, goes on and does no harm. Interceptors that come after
// these in the chain run for each attempt, those before them once.
//
// # What is repeated
//
// Package classify says which codes are worth another attempt: Unavailable,
// DeadlineExceeded of an attempt, ResourceExhausted with a delay. Aborted is not,
// since the whole transaction is to be made again, by who owns it. A delay comes
// from a RetryInfo detail or a grpc-retry-pushback-ms trailer, and a trailer that
// says not to come again (negative, no number, more than one) is heeded whatever
// the policy says. So is the rule that nothing is repeated for which response
// headers have been received (gRFC A6). Attempts after the first say so in
// grpc-previous-rpc-attempts.
//
// gRPC does not know which methods may be called twice. One that may have taken
// effect is called again only if its idempotency_level in the .proto file says so
// (and the descriptor is linked in), or [Idempotent] names it, or the call has
// supervisor.Idempotent or a key among its [CallOptions], or the target's policy
// says idempotent: yes. What cannot have taken effect is repeated for all methods:
// calls that found no connection, and refusals that name a delay.
//
// # What a caller gets
//
// An error that is a gRPC status and the supervisor's own: status.FromError reads
// it, and errors.Is and errors.As find supervisor.ErrOpen, *supervisor.OpenError,
// *supervisor.ExhaustedError and so on. One that was exhausted has the code of its
// last attempt. A refusal is Unavailable, or ResourceExhausted where the target's
// rate_limit is used up, with a RetryInfo detail; see [StatusError].
//
// The call's context bounds all attempts and waits, attempt_timeout each of them,
// and with it the deadline that the server is told. The grpc.Header, Trailer, Peer
// and OnFinish options of a call tell of the attempt that counts: the one that
// succeeded, or the last. With attempt_timeout or hedging, an attempt that was left
// behind may read its request for a moment after the call has returned: don't
// change it then.
//
// # Streams
//
// The operation is the establishing of the stream, and with [ThroughFirstMessage]
// also the wait for the first message of the server. Nothing is repeated after
// that. The stream then goes on outside of the operation: no worker, no
// attempt_timeout, only its own context. How it ends is what the target's breaker
// hears of it, see supervisor.SettleLater: io.EOF, or the one message of a client
// stream, is a success, an error what its code says. A stream whose context ends
// counts for nobody. A probe of a half-open breaker is judged when its stream
// is established, which with ThroughFirstMessage says more of the service.
//
// # Servers
//
// [UnaryServerInterceptor] and [StreamServerInterceptor] guard handlers, see there.
package grpcx
