package grpcx

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Error is an error of the supervisor's as a gRPC status. It unwraps to that
// error.
type Error struct {
	status *status.Status
	err    error
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap gives the supervisor's error.
func (e *Error) Unwrap() error { return e.err }

// GRPCStatus is what package status looks for.
func (e *Error) GRPCStatus() *status.Status { return e.status }

// StatusError makes a gRPC status of an error of the supervisor's, for handlers
// that run operations of their own:
//
//	quote, err := supervisor.Do(ctx, sup, "quotes", fetch)
//	if err != nil {
//		return nil, grpcx.StatusError(err)
//	}
//
// An open breaker, overload and a target or supervisor that was stopped are
// Unavailable, and a used-up rate_limit ResourceExhausted, with a RetryInfo detail
// where it is known when to come again. An attempt timeout is DeadlineExceeded. A
// panic, and a target that there is not, is Internal. An error that is a status,
// or wraps one, is returned as it is. Of others, such as an HTTP answer, those that
// package classify calls throttled are ResourceExhausted, those it would repeat
// Unavailable, and the rest is Unknown.
func StatusError(err error) error { return statusError(err, nil) }

// statusError is the same for an operation whose caller's context ended so; nil if
// it has not.
func statusError(err, ended error) error {
	if f, ok := err.(*failure); ok { //nolint:errorlint // only the top is taken off
		return f.error
	}
	_, isStatus := status.FromError(err)
	_, exhausted := errors.AsType[*supervisor.ExhaustedError](err)
	switch {
	case ended != nil && (exhausted || !isStatus):
		return &Error{status.New(status.FromContextError(ended).Code(), err.Error()), err}
	case isStatus:
		return err
	}
	m := meaningOf(err)
	return &Error{withRetryInfo(status.New(m.code, err.Error()), m.after), err}
}

// meaning is what an error of the supervisor's is to a client.
type meaning struct {
	code  codes.Code
	after time.Duration // after which to come again, 0 if that is not known
	text  string        // for those who are not to know more
}

// meaningOf goes by the last attempt of an operation that had any.
func meaningOf(err error) meaning {
	if e, ok := errors.AsType[*supervisor.ExhaustedError](err); ok && e.Err != nil {
		err = e.Err
	}
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	open, isOpen := errors.AsType[*supervisor.OpenError](err)
	limit, isLimit := errors.AsType[*supervisor.RateLimitError](err)
	_, panicked := errors.AsType[*supervisor.PanicError](err)
	_, rejected := errors.AsType[*supervisor.RejectedError](err)
	switch {
	case isOpen:
		return meaning{codes.Unavailable, open.RetryAfter(), "the service is failing and not called for now"}
	case isLimit && limit.Paused:
		return meaning{codes.Unavailable, limit.RetryAfter, "the service has asked to be left alone"}
	case isLimit:
		return meaning{codes.ResourceExhausted, limit.RetryAfter, "the rate limit is used up"}
	case is(supervisor.ErrOverloaded, supervisor.ErrQueueWait, supervisor.ErrMaxElapsed,
		supervisor.ErrTooManyAbandoned, supervisor.ErrTooManyKeys):
		return meaning{code: codes.Unavailable, text: "too many calls"}
	case is(supervisor.ErrShutdown, supervisor.ErrTargetStopped):
		return meaning{code: codes.Unavailable, text: "the service is shutting down"}
	case is(context.DeadlineExceeded):
		return meaning{code: codes.DeadlineExceeded, text: "the call took too long"}
	case is(context.Canceled):
		return meaning{code: codes.Canceled, text: "the call was canceled"}
	case panicked, rejected:
		return meaning{code: codes.Internal, text: "internal error"}
	}
	return meaningOfOthers(err)
}

// meaningOfOthers is that of an error that is neither the supervisor's nor a status:
// what package classify says of it, of a database, an HTTP answer, a broken
// connection.
func meaningOfOthers(err error) meaning {
	switch v := classify.Classify(err, nil, time.Now(), classify.Rules{}); {
	case v.Outcome == policies.Throttled, v.Outcome == policies.Walled:
		return meaning{codes.ResourceExhausted, v.Delay, "a limit is used up"}
	case v.Retryable && v.Outcome == policies.Failure:
		return meaning{codes.Unavailable, v.Delay, "the service is not available"}
	}
	return meaning{code: codes.Unknown, text: "unknown error"}
}

// withRetryInfo adds when to come again, if that is known.
func withRetryInfo(s *status.Status, after time.Duration) *status.Status {
	if after <= 0 {
		return s
	}
	detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	if err != nil {
		return s
	}
	return detailed
}
