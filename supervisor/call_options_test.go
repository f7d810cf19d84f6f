package supervisor

import (
	"context"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// script is a back-off that gives what it is told.
type script struct {
	waits []time.Duration
	next  int
}

func (s *script) Reset() { s.next = 0 }

func (s *script) NextBackOff() time.Duration {
	wait := s.waits[s.next]
	s.next++
	return wait
}

// timed runs a function that fails with err, and gives the waits between its
// attempts.
func timed(s *Supervisor, err error, options ...CallOption) (waits []time.Duration, end error) {
	var last time.Time
	_, end = Do(bg, s, "x", func(context.Context) (int, error) {
		if !last.IsZero() {
			waits = append(waits, time.Since(last))
		}
		last = time.Now()
		return 0, err
	}, options...)
	return waits, end
}

// If it failed, a program's own back-off would be ignored, or shared between
// operations.
func TestOwnBackOff(t *testing.T) {
	own := func(waits ...time.Duration) CallOption {
		return BackOff(func() backoff.BackOff { return &script{waits: waits, next: 99} }) // Reset must come first
	}
	policyWaits := []time.Duration{time.Second, 2 * time.Second}
	for name, c := range map[string]struct {
		option CallOption
		err    error
		waits  []time.Duration
		reason retry.Reason
	}{
		"its waits are kept, beyond max_wait too": {own(time.Hour, time.Millisecond, 0), errTemp,
			[]time.Duration{time.Hour, time.Millisecond}, retry.MaxAttempts},
		"no wait":            {own(0, 0, 0), errTemp, []time.Duration{0, 0}, retry.MaxAttempts},
		"backoff.Stop":       {own(time.Minute, backoff.Stop), errTemp, []time.Duration{time.Minute}, retry.BackoffStop},
		"a longer server's":  {own(time.Second, time.Second, 0), classify.RetryableAfter(errPlain, 30*time.Second), []time.Duration{30 * time.Second, 30 * time.Second}, retry.MaxAttempts},
		"a maker of nothing": {BackOff(func() backoff.BackOff { return nil }), errTemp, policyWaits, retry.MaxAttempts},
		"no maker":           {BackOff(nil), errTemp, policyWaits, retry.MaxAttempts},
		"no option":          {nil, errTemp, policyWaits, retry.MaxAttempts},
		"the library's own":  {BackOff(func() backoff.BackOff { return backoff.NewConstantBackOff(time.Minute) }), errTemp, []time.Duration{time.Minute, time.Minute}, retry.MaxAttempts},
	} {
		for how, edit := range map[string]func(*policies.Policy){"": func(*policies.Policy) {}, " under a timeout": timesOut(time.Hour)} {
			t.Run(name+how, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := one(t, edit)
					for range 2 { // each operation has its own
						waits, err := timed(s, c.err, c.option)
						assert.Equal(t, c.waits, waits)
						var exhausted *ExhaustedError
						require.ErrorAs(t, err, &exhausted)
						assert.Equal(t, c.reason, exhausted.Reason)
					}
				})
			})
		}
	}
}

// If it failed, a back-off that panics would take the supervisor down.
func TestABackOffThatPanicsEndsItsOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		for _, option := range []CallOption{
			BackOff(func() backoff.BackOff { panic("in the maker") }),
			BackOff(func() backoff.BackOff { return &script{} }), // index out of range
		} {
			waits, err := timed(s, errTemp, option)
			assert.Empty(t, waits)
			assert.Equal(t, errTemp, err)
		}
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
	})
}

// If it failed, an error its function marks as permanent would be repeated,
// or reach the caller in its wrapping, or trip the breaker.
func TestPermanentErrorsComeBackUnwrapped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		waits, err := timed(s, backoff.Permanent(errPlain))
		assert.Equal(t, errPlain, err)
		assert.Empty(t, waits)
		assert.Equal(t, "closed", s.Breaker("x").State().String())
	})
}

// If it failed, a request with an effect would be sent twice, or one that is
// safe to repeat not at all.
func TestOnlyIdempotentOperationsAreRepeated(t *testing.T) {
	for name, c := range map[string]struct {
		option   CallOption
		attempts int
		reason   retry.Reason
	}{
		"nothing said":      {nil, 1, retry.NotIdempotent},
		"declared":          {Idempotent(), 3, retry.MaxAttempts},
		"with a key":        {IdempotencyKey("order 7"), 3, retry.MaxAttempts},
		"with an empty key": {IdempotencyKey(""), 1, retry.NotIdempotent},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo })
				_, err := timed(s, errTemp, c.option)
				var exhausted *ExhaustedError
				require.ErrorAs(t, err, &exhausted)
				assert.Equal(t, c.attempts, exhausted.Attempts)
				assert.Equal(t, c.reason, exhausted.Reason)
			})
		})
	}
}

// If it failed, one call could not differ from the policy of its target.
func TestACallDecidesWhatAnOpenBreakerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		policy func(*policies.Policy)
		option CallOption
		waits  bool
	}{
		"the policy refuses":         {func(*policies.Policy) {}, nil, false},
		"the policy parks":           {parks, nil, true},
		"a call that parks":          {func(*policies.Policy) {}, ParkWhenOpen(), true},
		"a call that would not park": {parks, FailWhenOpen(), false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, c.policy)
				b := s.Breaker("x")
				b.ForceOpenFor(time.Minute)
				start := time.Now()
				_, err := Do(bg, s, "x", succeed, c.option)
				if !c.waits {
					assert.ErrorIs(t, err, ErrOpen)
					return
				}
				assert.NoError(t, err)
				assert.Equal(t, time.Minute, time.Since(start))

				// A retry that meets an open breaker is asked the same.
				trip := true
				_, err = Do(bg, s, "x", func(context.Context) (int, error) {
					if trip {
						trip = false
						b.ForceOpenFor(time.Minute)
						return 0, errTemp
					}
					return 1, nil
				}, c.option)
				assert.NoError(t, err)
			})
		})
	}
}

func TestARetryThatMeetsAnOpenBreakerEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks, trips(1))
		waits, err := timed(s, errTemp, FailWhenOpen())
		assert.Empty(t, waits)
		assert.ErrorIs(t, err, ErrOpen)
		assert.ErrorIs(t, err, errTemp)
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, retry.BreakerOpen, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
	})
}
