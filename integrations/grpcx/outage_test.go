package grpcx

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Broken, an outage would be hammered, or a call refused without saying until
// when, or the service not be found again.
func TestAnOutageAndRecovery(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t, repeated(fails(codes.Unavailable), 5)...)
		sup := one(t, trips(5))
		c := s.client(sup, Idempotent("/"+name+"/"))

		_, err := ask(bg, c) // at 0, 1 and 3 s
		assert.Equal(t, codes.Unavailable, status.Code(err))
		_, err = ask(bg, c) // at 3 and 4 s, and the breaker opens
		exhausted, ok := errors.AsType[*supervisor.ExhaustedError](err)
		require.True(t, ok)
		assert.Equal(t, retry.BreakerOpen, exhausted.Reason)
		assert.ErrorIs(t, err, supervisor.ErrOpen)

		for range 10 {
			_, err = ask(bg, c)
			open, ok := errors.AsType[*supervisor.OpenError](err)
			require.True(t, ok, err)
			assert.Equal(t, 30*time.Second, open.RetryAfter())
			st, ok := status.FromError(err)
			require.True(t, ok)
			assert.Equal(t, codes.Unavailable, st.Code())
			assert.Equal(t, 30*time.Second, delayOf(t, st))
		}
		assert.Len(t, s.seen(), 5)

		pass(30 * time.Second)
		answer, err := ask(bg, c)
		require.NoError(t, err)
		assert.Equal(t, "6", answer)
		assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
		assert.Equal(t, seconds(0, 1, 3, 3, 4, 34), s.times())
	})
}

// Broken, a service that can't be reached would be dialled for every call, or not
// be found again.
func TestAServiceThatCannotBeReached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		s.network.refuse(1_000_000)
		sup := one(t, trips(5))
		c := s.client(sup)
		for range 2 { // three attempts and two
			_, err := ask(bg, c)
			assert.Equal(t, codes.Unavailable, status.Code(err))
		}
		for range 10 {
			_, err := ask(bg, c)
			assert.ErrorIs(t, err, supervisor.ErrOpen)
		}
		s.network.refuse(0)
		assert.Empty(t, s.seen())
		pass(30 * time.Second)
		answer, err := ask(bg, c)
		require.NoError(t, err)
		assert.Equal(t, "1", answer)
		assert.Equal(t, breaker.Closed, sup.Breaker(name).State())
	})
}

func delayOf(t *testing.T, s *status.Status) time.Duration {
	t.Helper()
	require.Len(t, s.Details(), 1)
	info, ok := s.Details()[0].(*errdetails.RetryInfo)
	require.True(t, ok)
	return info.GetRetryDelay().AsDuration()
}

// Broken, a caller could not tell that it calls too often from that the service is
// down.
func TestTheRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := serve(t)
		c := s.client(one(t, func(p *policies.Policy) { p.RateLimit.Rate, p.RateLimit.WhenExceeded = 0.1, policies.Refuse }))
		_, err := ask(bg, c)
		require.NoError(t, err)
		_, err = ask(bg, c)
		assert.ErrorIs(t, err, supervisor.ErrRateLimited)
		st := status.Convert(err)
		assert.Equal(t, codes.ResourceExhausted, st.Code())
		assert.Equal(t, 10*time.Second, delayOf(t, st))
		assert.Len(t, s.seen(), 1)
	})
}
