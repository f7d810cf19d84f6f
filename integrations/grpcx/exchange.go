package grpcx

import (
	"context"
	"strconv"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// previousAttempts is the header by which a server learns that a call is made
// again (gRFC A6).
const previousAttempts = "grpc-previous-rpc-attempts"

// exchange is what one attempt's call shows of itself. gRPC writes header,
// trailer and peer before it calls finish, and nobody may read them until then.
type exchange struct {
	header, trailer metadata.MD
	peer            peer.Peer

	mu       sync.Mutex
	finished bool
	err      error
	outputs  *outputs // of the caller, once it is known that this attempt counts
}

// options are the caller's, with the exchange's own in the place of those that
// tell the caller something.
func (x *exchange) options(of []grpc.CallOption) []grpc.CallOption {
	return append(of[:len(of):len(of)],
		grpc.Header(&x.header), grpc.Trailer(&x.trailer), grpc.Peer(&x.peer), grpc.OnFinish(x.finish))
}

// finish is called by gRPC when the call is over.
func (x *exchange) finish(err error) {
	x.mu.Lock()
	first := !x.finished
	x.finished, x.err = true, err
	outputs := x.outputs
	x.mu.Unlock()
	if first && outputs != nil {
		outputs.tell(x, err)
	}
}

// counts makes the exchange the one that the caller is told of: now, or when it is
// over.
func (x *exchange) counts(who *outputs) {
	x.mu.Lock()
	x.outputs = who
	finished, err := x.finished, x.err
	x.mu.Unlock()
	if finished {
		who.tell(x, err)
	}
}

// over says whether gRPC has finished the call.
func (x *exchange) over() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.finished
}

// unsent says that gRPC has found no connection to send the call on. Only gRPC
// itself can know: it says so by finishing a call without a peer.
func (x *exchange) unsent() bool { return x.over() && x.peer.Addr == nil }

// outgoing is the attempt's context for the call, which so many were begun before.
func outgoing(ctx context.Context, earlier int) context.Context {
	if earlier == 0 {
		return ctx
	}
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	if md == nil {
		md = metadata.MD{}
	}
	md.Set(previousAttempts, strconv.Itoa(earlier))
	return metadata.NewOutgoingContext(ctx, md)
}
