package grpcx

import (
	"context"
	"errors"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	// errServed is the error of a second attempt, which there is not to be.
	errServed = classify.Ignore(errors.New("grpcx: the call was served before"))
	// errLeftBehind is what a handler gets that was left behind.
	errLeftBehind = status.Error(codes.DeadlineExceeded, "grpcx: the call has been answered without its handler")
)

// handling is one call of a server and its handler.
type handling struct {
	ctx context.Context // the call's

	mu    sync.Mutex
	stage stage
	reply any
	err   error // the handler's own
	value any   // what it panicked with
}

// stage is how far a handler has come.
type stage uint8

const (
	notBegun stage = iota
	running
	returned
	panicked
	leftBehind // it runs, and the call has been answered for it
	refused    // it will not run
)

// serve is the operation, and what the client gets. missing is why there is no
// target.
func (h *handling) serve(target *supervisor.Target, missing error, options []supervisor.CallOption,
	trailer func(metadata.MD), handle func(context.Context) (any, error)) (any, error) {
	if missing != nil {
		return nil, refusal(missing, trailer)
	}
	_, err := supervisor.DoOn(h.ctx, target, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, h.run(ctx, handle)
	}, slices.Concat(options, []supervisor.CallOption{once})...)
	switch h.leave() {
	case returned:
		return h.reply, h.err
	case panicked:
		panic(h.value)
	case leftBehind:
		if ended := h.ctx.Err(); ended != nil {
			return nil, status.FromContextError(ended).Err()
		}
		m := meaningOf(err)
		return nil, &Error{status.New(m.code, m.text), err}
	}
	if ended := h.ctx.Err(); ended != nil {
		return nil, statusError(err, ended)
	}
	return nil, refusal(err, trailer)
}

// run runs the handler, if it has not run.
func (h *handling) run(ctx context.Context, handle func(context.Context) (any, error)) (err error) {
	if !h.begin() {
		return errServed
	}
	defer func() {
		if value := recover(); value != nil {
			h.finish(func() { h.stage, h.value = panicked, value })
			err = actors.NewPanicError(value)
		}
	}()
	reply, err := handle(ctx)
	h.finish(func() { h.stage, h.reply, h.err = returned, reply, err })
	if err != nil && errors.Is(h.ctx.Err(), context.Canceled) {
		return classify.Ignore(err) // it is what handlers do when the client has left
	}
	return err
}

func (h *handling) begin() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage != notBegun {
		return false
	}
	h.stage = running
	return true
}

// finish is the handler's end, unless it was left behind.
func (h *handling) finish(set func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stage == running {
		set()
	}
}

// leave ends the handler's hold on the call, and says how far it had come.
func (h *handling) leave() stage {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch h.stage {
	case notBegun:
		h.stage = refused
	case running:
		h.stage = leftBehind
	}
	return h.stage
}

// left says whether the call has been answered without the handler.
func (h *handling) left() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stage == leftBehind
}

// servedStream is a handler's hold on its stream, which ends when the handler is
// left behind.
type servedStream struct {
	grpc.ServerStream
	ctx      context.Context
	handling *handling
}

// Context implements [grpc.ServerStream].
func (s *servedStream) Context() context.Context { return s.ctx }

// SetHeader implements [grpc.ServerStream].
func (s *servedStream) SetHeader(md metadata.MD) error {
	if s.handling.left() {
		return errLeftBehind
	}
	return s.ServerStream.SetHeader(md)
}

// SendHeader implements [grpc.ServerStream].
func (s *servedStream) SendHeader(md metadata.MD) error {
	if s.handling.left() {
		return errLeftBehind
	}
	return s.ServerStream.SendHeader(md)
}

// SetTrailer implements [grpc.ServerStream].
func (s *servedStream) SetTrailer(md metadata.MD) {
	if !s.handling.left() {
		s.ServerStream.SetTrailer(md)
	}
}

// SendMsg implements [grpc.ServerStream].
func (s *servedStream) SendMsg(m any) error {
	if s.handling.left() {
		return errLeftBehind
	}
	return s.ServerStream.SendMsg(m)
}

// RecvMsg implements [grpc.ServerStream].
func (s *servedStream) RecvMsg(m any) error {
	if s.handling.left() {
		return errLeftBehind
	}
	return s.ServerStream.RecvMsg(m)
}
