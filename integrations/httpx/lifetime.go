package httpx

import (
	"context"
	"time"
)

// lifetime is the context of one HTTP request: it has the values of the attempt,
// and outlives it. Until the header of the answer is there it ends with the
// attempt; after that, while the body is read, with the caller's context alone.
type lifetime struct {
	context.Context // cancelled by cancel and nothing else
	cancel          context.CancelCauseFunc
	caller, attempt context.Context
	leaveCaller     func() bool
	leaveAttempt    func() bool // nil if the attempt ends as the caller's context does
}

func newLifetime(attempt, caller context.Context) *lifetime {
	l := &lifetime{attempt: attempt, caller: caller}
	l.Context, l.cancel = context.WithCancelCause(context.WithoutCancel(attempt))
	over := func() { l.cancel(l.why()) }
	l.leaveCaller = context.AfterFunc(caller, over)
	if attempt.Done() != caller.Done() {
		l.leaveAttempt = context.AfterFunc(attempt, over)
	}
	return l
}

// why is why it ends. What ended the attempt alone is the supervisor's to say.
func (l *lifetime) why() error {
	if l.caller.Err() != nil {
		return context.Cause(l.caller)
	}
	return l.attempt.Err()
}

// Deadline implements [context.Context]. It is the caller's, who bounds the body
// as well.
func (l *lifetime) Deadline() (time.Time, bool) { return l.caller.Deadline() }

// outlive lets the attempt go. It reports whether the attempt was still wanted.
func (l *lifetime) outlive() bool { return l.leaveAttempt == nil || l.leaveAttempt() }

// end gives everything back. It may be called more than once, and by anyone.
func (l *lifetime) end() {
	l.leaveCaller()
	if l.leaveAttempt != nil {
		l.leaveAttempt()
	}
	l.cancel(nil)
}
