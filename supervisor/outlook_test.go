package supervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/policies/worth"
)

func adapts(p *policies.Policy) { p.AdaptiveRetry.Enabled = true }

// callsOf counts how often fn runs in n operations.
func callsOf(n int, call func(fn func(context.Context) (int, error)) error, fn func(context.Context) (int, error)) (calls int, last error) {
	for range n {
		last = call(func(ctx context.Context) (int, error) {
			calls++
			return fn(ctx)
		})
	}
	return calls, last
}

// Broken, retries would go on that never succeed; a caller would not learn why
// its operation was not retried; or the attempts of a target that is well again
// would still be given up.
func TestRetriesThatNeverSucceedAreGivenUp(t *testing.T) {
	for name, call := range ways {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, adapts, attempts(2), noWaits)
				j := listen(s)
				do := func(fn func(context.Context) (int, error)) error {
					_, err := call(bg, s, fn)
					return err
				}
				calls, err := callsOf(200, do, failWith(errTemp))
				assert.Less(t, calls, 250, "of 400, since about one retry in 16 is made when that is clear")
				assert.Greater(t, calls, 225)
				var unlikely *UnlikelyError
				require.ErrorAs(t, err, &unlikely)
				var exhausted *ExhaustedError
				require.ErrorAs(t, err, &exhausted)
				assert.Equal(t, retry.Unlikely, exhausted.Reason)
				assert.ErrorIs(t, err, errTemp)
				assert.Equal(t, worth.Ill, unlikely.Estimate.Health)
				assert.Equal(t, 2, unlikely.Estimate.Attempt)
				assert.ErrorContains(t, err, "attempt 2 of a target that is ill succeeds 0 % of the time")
				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, 400-calls, snap.Skipped)
				assert.Equal(t, worth.Ill, snap.Health)
				pass(0)
				assert.Len(t, eventsOf[actors.RetrySkipped](j), 400-calls)

				pass(time.Minute)
				_, _ = callsOf(20, do, succeed)
				assert.Equal(t, worth.Well, snapshotOf(t, s, "x").Health)
				first := true
				err = do(func(context.Context) (int, error) {
					if first {
						first = false
						return 0, errTemp
					}
					return 1, nil
				})
				require.NoError(t, err)
			})
		})
	}
}

// Broken, what says nothing about the target would teach the model, or a server
// that names a time would not be heeded.
func TestWhatTeachesNothing(t *testing.T) {
	for name, err := range map[string]error{"ignored": errAside, "throttled": &classify.StatusError{StatusCode: 429}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, adapts, attempts(2), noWaits)
				for range 100 {
					_, _ = Do(bg, s, "x", failWith(err))
				}
				snap := snapshotOf(t, s, "x")
				assert.Zero(t, snap.Skipped)
				assert.Equal(t, worth.Well, snap.Health)
			})
		})
	}
}

// Reload x adaptive retry. Broken, what is known would be forgotten, or asked
// although it is switched off.
func TestTheModelOutlivesAReload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, adapts, attempts(2), noWaits)
		for range 100 {
			_, _ = Do(bg, s, "x", failWith(errTemp))
		}
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(2), noWaits)})))
		before := snapshotOf(t, s, "x").Skipped
		calls, _ := callsOf(50, func(fn func(context.Context) (int, error)) error { _, err := Do(bg, s, "x", fn); return err }, failWith(errTemp))
		assert.Equal(t, 100, calls)
		assert.Equal(t, before, snapshotOf(t, s, "x").Skipped)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(2), noWaits, adapts)})))
		_, err := Do(bg, s, "x", failWith(errTemp))
		var unlikely *UnlikelyError
		assert.True(t, errors.As(err, &unlikely))
	})
}
