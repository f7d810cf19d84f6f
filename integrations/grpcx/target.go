package grpcx

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"

	"github.com/holdfast-go/holdfast/supervisor"
)

// target looks up the target of a call. It is nil for a call that is not to be
// supervised.
func (s *settings) target(ctx context.Context, method string, cc *grpc.ClientConn) (*supervisor.Target, error) {
	var name string
	if s.pick == nil {
		name = s.byName(method)
	} else if name = s.pick(ctx, method, cc); name == "" {
		return nil, nil
	}
	if s.fallback != "" && !s.sup.Has(name) {
		name = s.fallback
	}
	var keys []supervisor.Key
	if s.keys != nil {
		keys = s.keys(ctx, method, cc)
	}
	t := s.sup.Target(name, keys...)
	err := t.Err()
	if errors.Is(err, supervisor.ErrUnknownTarget) {
		err = fmt.Errorf("grpcx: no target for %s (see WithTarget and WithFallbackTarget): %w", method, err)
	}
	return t, err
}

// byName is the target that is called as the method is, or as its service.
func (s *settings) byName(method string) string {
	full := fullName(method)
	if s.sup.Has(full) {
		return full
	}
	return full[:max(strings.LastIndexByte(full, '.'), 0)]
}

// fullName turns "/shop.Cart/Add" into "shop.Cart.Add", the name that protobuf
// has for it.
func fullName(method string) string {
	return strings.ReplaceAll(strings.TrimPrefix(method, "/"), "/", ".")
}
