package grpcx

import (
	"context"
	"errors"
)

// lifetime is the context of one stream: it has the values of the attempt that
// opened it, and outlives it. Until the stream is established it ends with the
// attempt; after that with the caller's context alone.
type lifetime struct {
	context.Context
	cancel       context.CancelCauseFunc
	release      context.CancelFunc
	leaveCaller  func() bool
	leaveAttempt func() bool // nil if the attempt ends as the caller's context does
}

func newLifetime(attempt, caller context.Context) *lifetime {
	l := &lifetime{}
	if attempt.Done() == caller.Done() {
		l.Context, l.cancel = context.WithCancelCause(attempt)
		return l
	}
	ctx := context.WithoutCancel(attempt)
	deadline, bounded := caller.Deadline()
	if bounded {
		ctx, l.release = context.WithDeadline(ctx, deadline)
	}
	l.Context, l.cancel = context.WithCancelCause(ctx)
	follow := func(of context.Context) func() bool {
		return context.AfterFunc(of, func() {
			// The caller's deadline is the stream's own too, and to end with it
			// is something else than to be cancelled.
			if !bounded || !errors.Is(caller.Err(), context.DeadlineExceeded) {
				l.cancel(context.Cause(of))
			}
		})
	}
	l.leaveCaller, l.leaveAttempt = follow(caller), follow(attempt)
	return l
}

// outlive lets the attempt go. It reports whether the attempt was still wanted.
func (l *lifetime) outlive() bool { return l.leaveAttempt == nil || l.leaveAttempt() }

// end gives everything back. It may be called more than once, and by anyone.
func (l *lifetime) end() {
	if l.leaveAttempt != nil {
		l.leaveAttempt()
		l.leaveCaller()
	}
	l.cancel(nil)
	if l.release != nil {
		l.release()
	}
}
