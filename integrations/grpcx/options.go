package grpcx

import (
	"context"

	"google.golang.org/grpc"

	"github.com/holdfast-go/holdfast/supervisor"
)

type (
	// ClientOption changes how calls are supervised.
	ClientOption interface{ client(*settings) }
	// ServerOption changes how handlers are guarded.
	ServerOption interface{ server(*settings) }
	// Option is for both.
	Option interface {
		ClientOption
		ServerOption
	}
)

// settings are those of one interceptor.
type settings struct {
	sup          *supervisor.Supervisor
	pick         func(ctx context.Context, fullMethod string, cc *grpc.ClientConn) string // nil: by name
	fallback     string
	keys         func(ctx context.Context, fullMethod string, cc *grpc.ClientConn) []supervisor.Key // nil: none
	idempotent   map[string]bool
	firstMessage bool
	options      []supervisor.CallOption
}

type clientOption func(*settings)

func (o clientOption) client(s *settings) { o(s) }

type option func(*settings)

func (o option) client(s *settings) { o(s) }
func (o option) server(s *settings) { o(s) }

func clientSettings(sup *supervisor.Supervisor, options []ClientOption) *settings {
	s := &settings{sup: sup}
	for _, o := range options {
		if o != nil {
			o.client(s)
		}
	}
	return s
}

func serverSettings(sup *supervisor.Supervisor, options []ServerOption) *settings {
	s := &settings{sup: sup}
	for _, o := range options {
		if o != nil {
			o.server(s)
		}
	}
	return s
}

// WithTarget has pick name the target of each call. fullMethod is
// "/shop.Cart/Add", and cc the connection, nil on a server. An empty name leaves
// the call unsupervised. pick must be safe for concurrent use.
//
// Default: "shop.Cart.Add" if there is a target of that name, otherwise
// "shop.Cart".
func WithTarget(pick func(ctx context.Context, fullMethod string, cc *grpc.ClientConn) string) Option {
	return option(func(s *settings) { s.pick = pick })
}

// Named picks the same target for every call, for [WithTarget].
func Named(target string) func(context.Context, string, *grpc.ClientConn) string {
	return func(context.Context, string, *grpc.ClientConn) string { return target }
}

// WithFallbackTarget names the target of calls whose own there is not, such as
// "api", the target of that operation type. All that fall back share one breaker
// and one pool. Default none: such a call fails with codes.Internal, and errors.Is
// finds [supervisor.ErrUnknownTarget].
func WithFallbackTarget(name string) Option {
	return option(func(s *settings) { s.fallback = name })
}

// WithKeys gives each call's target keys, such as the tenant's name from the
// metadata, or cc.Target(): each combination has a breaker and a pool of its own,
// under the policy of the target's name. See [supervisor.Supervisor.Target] for
// their bounds. No keys leave a call on the target itself. keys must be safe for
// concurrent use. Default none.
func WithKeys(keys func(ctx context.Context, fullMethod string, cc *grpc.ClientConn) []supervisor.Key) Option {
	return option(func(s *settings) { s.keys = keys })
}

// WithCallOptions has every call run with these options, such as
// [supervisor.ParkWhenOpen]. A server ignores a BackOff: no handler runs twice. A
// supervisor.WithFallback is of no use here, and is answered as a programming
// error (supervisor.ErrFallbackType).
func WithCallOptions(options ...supervisor.CallOption) Option {
	return option(func(s *settings) { s.options = append(s.options, options...) })
}

// Idempotent names methods that may be called twice: "/shop.Cart/Get", or
// "/shop.Catalogue/" for all of a service.
func Idempotent(methods ...string) ClientOption {
	return clientOption(func(s *settings) {
		if s.idempotent == nil {
			s.idempotent = map[string]bool{}
		}
		for _, m := range methods {
			s.idempotent[m] = true
		}
	})
}

// ThroughFirstMessage has the operation of a server stream (one request, many
// answers) last until the server's first message, its headers if those are asked
// for before, or the stream's end. Until then what fails is repeated like a unary
// call. The call is then made when it is read from for the first time, by RecvMsg
// or Header, and what it is refused for comes out there. Other kinds of streams
// are not affected.
func ThroughFirstMessage() ClientOption {
	return clientOption(func(s *settings) { s.firstMessage = true })
}

// CallOptions gives one call options of the supervisor, such as
// [supervisor.Idempotent] or [supervisor.IdempotencyKey], over those of
// [WithCallOptions]. A connection without these interceptors ignores it.
//
//	cart.Add(ctx, item, grpcx.CallOptions(supervisor.IdempotencyKey(order)))
func CallOptions(options ...supervisor.CallOption) grpc.CallOption {
	return callOption{options: options}
}

type callOption struct {
	grpc.EmptyCallOption
	options []supervisor.CallOption
}
