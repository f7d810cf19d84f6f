package grpcx

import (
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/holdfast-go/holdfast/supervisor"
)

// outputs are the options of a call that tell its caller something. They are kept
// from the attempts, of which several may write at a time.
type outputs struct {
	headers, trailers []*metadata.MD
	peers             []*peer.Peer
	onFinish          []func(error)
}

// sort takes apart what a call is given: options for each attempt, for the caller,
// and for the supervisor.
func sort(options []grpc.CallOption) (each []grpc.CallOption, out outputs, own []supervisor.CallOption) {
	for _, option := range options {
		switch o := option.(type) {
		case callOption:
			own = append(own, o.options...)
		case grpc.HeaderCallOption:
			out.headers = append(out.headers, o.HeaderAddr)
		case grpc.TrailerCallOption:
			out.trailers = append(out.trailers, o.TrailerAddr)
		case grpc.PeerCallOption:
			out.peers = append(out.peers, o.PeerAddr)
		case grpc.OnFinishCallOption:
			out.onFinish = append(out.onFinish, o.OnFinish)
		default:
			each = append(each, option)
		}
	}
	return each, out, own
}

// tell tells the caller of the attempt that counts.
func (o *outputs) tell(x *exchange, err error) {
	for _, header := range o.headers {
		*header = x.header
	}
	for _, trailer := range o.trailers {
		*trailer = x.trailer
	}
	if x.peer.Addr != nil {
		for _, p := range o.peers {
			*p = x.peer
		}
	}
	o.finish(err)
}

// finish tells the caller that there is nothing to come.
func (o *outputs) finish(err error) {
	for _, f := range o.onFinish {
		f(err)
	}
}
