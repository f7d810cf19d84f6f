package grpcx

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// pushbackTrailer is the trailer by which a server says when to make a call again, in
// milliseconds, or that it is not to be made again (gRFC A6).
const pushbackTrailer = "grpc-retry-pushback-ms"

// failure is the error of an attempt, with what its call shows beside the status.
type failure struct {
	error
	exchange *exchange
	delay    time.Duration
	delayed  bool
}

// failed judges the error of an attempt. ctx is the attempt's, caller the call's.
func (x *exchange) failed(ctx, caller context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && caller.Err() == nil {
		return ended // gRPC's own word for it may be another
	}
	f := &failure{error: err, exchange: x}
	if !x.over() {
		return f // it was not gRPC that ended it
	}
	var again bool
	f.delay, f.delayed, again = pushback(x.trailer)
	if !again || x.header != nil {
		return backoff.Permanent(f)
	}
	return f
}

// pushback reads the trailer. again is false if the server says not to.
func pushback(trailer metadata.MD) (delay time.Duration, named, again bool) {
	values := trailer.Get(pushbackTrailer)
	if len(values) == 0 {
		return 0, false, true
	}
	ms, err := strconv.ParseInt(values[0], 10, 64)
	if len(values) > 1 || err != nil || ms < 0 {
		return 0, false, false
	}
	return time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond, true, true
}

// Unwrap gives the error of the call.
func (f *failure) Unwrap() error { return f.error }

// GRPCStatus is what package status looks for.
func (f *failure) GRPCStatus() *status.Status { return status.Convert(f.error) }

// RetryAfter is what the server pushed back by.
func (f *failure) RetryAfter() (time.Duration, bool) { return f.delay, f.delayed }

// SafeToRetry says that the attempt can't have taken effect.
func (f *failure) SafeToRetry() bool { return f.exchange.unsent() }
