package grpcx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, a client would be told that a call failed for another reason than it did.
func TestStatusError(t *testing.T) {
	rejected := func(err error) error { return &supervisor.RejectedError{Target: "x", Err: err} }
	own := status.Error(codes.NotFound, "no such cart")
	for about, c := range map[string]struct {
		err   error
		code  codes.Code
		after time.Duration
	}{
		"overloaded":   {rejected(supervisor.ErrOverloaded), codes.Unavailable, 0},
		"too long":     {rejected(supervisor.ErrQueueWait), codes.Unavailable, 0},
		"stuck":        {rejected(supervisor.ErrTooManyAbandoned), codes.Unavailable, 0},
		"stopped":      {rejected(supervisor.ErrTargetStopped), codes.Unavailable, 0},
		"shut down":    {fmt.Errorf("quotes: %w", rejected(supervisor.ErrShutdown)), codes.Unavailable, 0},
		"rate":         {rejected(&supervisor.RateLimitError{RetryAfter: time.Second}), codes.ResourceExhausted, time.Second},
		"paused":       {rejected(&supervisor.RateLimitError{RetryAfter: time.Second, Paused: true}), codes.Unavailable, time.Second},
		"deadline":     {rejected(context.DeadlineExceeded), codes.DeadlineExceeded, 0},
		"canceled":     {rejected(context.Canceled), codes.Canceled, 0},
		"no target":    {rejected(supervisor.ErrUnknownTarget), codes.Internal, 0},
		"misuse":       {rejected(supervisor.ErrNilFunction), codes.Internal, 0},
		"timeout":      {&supervisor.AttemptTimeoutError{Timeout: time.Second}, codes.DeadlineExceeded, 0},
		"panic":        {actors.NewPanicError("a bug"), codes.Internal, 0},
		"somebody's":   {errors.New("odd"), codes.Unknown, 0},
		"too many":     {rejected(supervisor.ErrTooManyKeys), codes.Unavailable, 0},
		"refused":      {&supervisor.ExhaustedError{Err: syscall.ECONNREFUSED}, codes.Unavailable, 0},
		"an answer":    {&classify.StatusError{StatusCode: 404}, codes.Unknown, 0},
		"throttled":    {&classify.StatusError{StatusCode: 429, Header: http.Header{"Retry-After": {"7"}}}, codes.ResourceExhausted, 7 * time.Second},
		"a wall":       {classify.Wall(errors.New("unpaid"), time.Time{}), codes.ResourceExhausted, 0},
		"exhausted":    {&supervisor.ExhaustedError{Err: &supervisor.AttemptTimeoutError{}, Cause: supervisor.ErrShutdown}, codes.DeadlineExceeded, 0},
		"never ended":  {&supervisor.ExhaustedError{Cause: supervisor.ErrShutdown}, codes.Unavailable, 0},
		"of a status":  {&supervisor.ExhaustedError{Err: own, Cause: supervisor.ErrOpen}, codes.NotFound, 0},
		"a status":     {own, codes.NotFound, 0},
		"within other": {fmt.Errorf("cart: %w", own), codes.NotFound, 0},
	} {
		t.Run(about, func(t *testing.T) {
			got := StatusError(c.err)
			assert.ErrorIs(t, got, c.err)
			assert.Equal(t, c.err.Error(), got.Error())
			st, ok := status.FromError(got)
			assert.True(t, ok)
			assert.Equal(t, c.code, st.Code())
			if c.after > 0 {
				assert.Equal(t, c.after, delayOf(t, st))
			} else {
				assert.Empty(t, st.Details())
			}
		})
	}
	assert.NoError(t, StatusError(nil))
}

// Broken, a server's word on when to come again would be misread.
func TestPushback(t *testing.T) {
	type want struct {
		delay        time.Duration
		named, again bool
	}
	never := want{}
	for about, c := range map[string]struct {
		values []string
		want   want
	}{
		"none":           {nil, want{0, false, true}},
		"at once":        {[]string{"0"}, want{0, true, true}},
		"a time":         {[]string{"1500"}, want{1500 * time.Millisecond, true, true}},
		"an eternity":    {[]string{"9223372036854775807"}, want{9223372036854 * time.Millisecond, true, true}},
		"beyond numbers": {[]string{"9223372036854775808"}, never},
		"negative":       {[]string{"-1"}, never},
		"a fraction":     {[]string{"1.5"}, never},
		"a word":         {[]string{"soon"}, never},
		"empty":          {[]string{""}, never},
		"two":            {[]string{"1", "1"}, never},
	} {
		t.Run(about, func(t *testing.T) {
			delay, named, again := pushback(metadata.MD{pushbackTrailer: c.values})
			assert.Equal(t, c.want, want{delay, named, again})
		})
	}
}
