package supervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/retry"
)

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

// Every way in refuses the same things, without running anything, and counts
// each once.
func TestWhatCannotRunIsRejected(t *testing.T) {
	left, leave := context.WithCancelCause(bg)
	leave(errors.New("no interest"))
	for name, c := range map[string]struct {
		ctx context.Context
		fn  func(context.Context) (int, error)
		is  error
	}{
		"without a context":  {nil, succeed, ErrNilContext},
		"without a function": {bg, nil, ErrNilFunction},
		"a caller who left":  {left, succeed, context.Cause(left)},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t)
				_, do := Do(c.ctx, s, "x", c.fn)
				_, async := Go(c.ctx, s, "x", c.fn).Wait(bg)
				_, on := GoOn(c.ctx, s.Target("x"), c.fn).Wait(bg)
				for _, err := range []error{do, async, on} {
					var rejected *RejectedError
					require.ErrorAs(t, err, &rejected)
					assert.Equal(t, "x", rejected.Target)
					assert.ErrorIs(t, err, c.is)
					assert.ErrorContains(t, err, `operation on "x" rejected: `)
				}
				assert.EqualValues(t, 3, snapshotOf(t, s, "x").Rejected)
			})
		})
	}
}

// If it failed, a function would lose its shape or its supervision.
func TestWrapKeepsTheShape(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		calls := 0
		wrapped := Wrap(s, "x", func(ctx context.Context, n int) (int, error) {
			_, supervised := CurrentAttempt(ctx)
			assert.True(t, supervised)
			if calls++; calls < 3 {
				return 0, errTemp
			}
			return double(ctx, n)
		})
		got, err := wrapped(bg, 21)
		assert.NoError(t, err)
		assert.Equal(t, 42, got)
		assert.Equal(t, 3, calls)

		_, err = Wrap[int, int](s, "x", nil)(bg, 1)
		assert.ErrorIs(t, err, ErrNilFunction)
	})
}

// If it failed, an error that is worth no repetition would be dressed up, or
// repeated.
func TestAPlainFailureComesBackAsItIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		_, err := Do(bg, s, "x", failWith(errPlain))
		assert.Equal(t, errPlain, err)
		_, err = Go(bg, s, "x", failWith(errPlain)).Wait(bg)
		assert.Equal(t, errPlain, err)
	})
}

func TestExhaustionTellsItsStory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		value, err := Do(bg, s, "x", func(context.Context) (int, error) { return 7, errTemp })
		assert.Zero(t, value, "what failed has no value")
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.ErrorIs(t, err, errTemp)
		assert.Equal(t, ExhaustedError{Target: "x", Operation: exhausted.Operation, Attempts: 3,
			Waited: 3 * time.Second, Reason: retry.MaxAttempts, Err: errTemp}, *exhausted)
		assert.EqualError(t, err, `operation on "x" failed after 3 attempts (max_attempts): temporary failure`)
	})
}

// If it failed, retries that are switched off would go on, or be reported as
// if they had been tried.
func TestWithoutRetriesThereIsOneAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, func(p *policies.Policy) { p.Retry.Enabled = false })
		calls := 0
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			calls++
			a, _ := CurrentAttempt(ctx)
			assert.Equal(t, 1, a.MaxAttempts)
			return 0, errTemp
		})
		assert.Equal(t, errTemp, err)
		assert.Equal(t, 1, calls)
	})
}
