package supervisor

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/retry"
)

// Three targets of four attempts each, one within the other, make four calls to
// a service that is down. If it failed, they would make up to 64, and the
// service would be kept down by those who wait for it.
func TestNestedRetriesDoNotMultiply(t *testing.T) {
	inEachWay(t, func(t *testing.T, s *Supervisor, do way) {
		began := time.Now()
		dead, calls := counting(failWith(errTemp))
		_, err := do(bg, "a", func(ctx context.Context) (int, error) {
			return do(ctx, "b", func(ctx context.Context) (int, error) {
				return do(ctx, "c", dead)
			})
		})
		assert.EqualValues(t, 4, calls.Load())
		assert.Equal(t, 7*time.Second, time.Since(began), "the innermost one's waits: 1 s, 2 s, 4 s")
		assert.ErrorIs(t, err, errTemp)
		reason, attempts := reasonOf(t, err)
		assert.Equal(t, retry.MaxAttempts, reason)
		assert.Equal(t, 4, attempts)
		for name, retries := range map[string]uint64{"a": 0, "b": 0, "c": 3} {
			assert.Equal(t, retries, snapshotOf(t, s, name).Retries, name)
		}
	})
}

// way asks for an operation and waits for it.
type way func(ctx context.Context, target string, fn func(context.Context) (int, error)) (int, error)

// inEachWay runs f with three targets of four attempts.
func inEachWay(t *testing.T, f func(t *testing.T, s *Supervisor, do way)) {
	for name, make := range map[string]func(*Supervisor) way{
		"Do": func(s *Supervisor) way {
			return func(ctx context.Context, target string, fn func(context.Context) (int, error)) (int, error) {
				return Do(ctx, s, target, fn)
			}
		},
		"Go": func(s *Supervisor) way {
			return func(ctx context.Context, target string, fn func(context.Context) (int, error)) (int, error) {
				return Go(ctx, s, target, fn).Wait(ctx)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"a": policy(attempts(4)), "b": policy(attempts(4)), "c": policy(attempts(4))})
				f(t, s, make(s))
			})
		})
	}
}

// If it failed, a function could not tell that it is somebody else's part, for
// example to leave retrying to it.
func TestDepthCountsTheOperationsAround(t *testing.T) {
	inEachWay(t, func(t *testing.T, _ *Supervisor, do way) {
		var depths []int
		note := func(ctx context.Context) int {
			a, ok := CurrentAttempt(ctx)
			require.True(t, ok)
			depths = append(depths, a.Depth)
			return a.Number
		}
		_, err := do(bg, "a", func(outer context.Context) (int, error) {
			if note(outer) == 1 {
				return 0, errTemp // so that the rest is within a later attempt
			}
			_, err := do(context.WithValue(outer, ownKey{}, 1), "b", func(inner context.Context) (int, error) {
				note(inner)
				note(outer)
				return do(inner, "a", func(ctx context.Context) (int, error) {
					note(ctx)
					return do(context.WithoutCancel(ctx), "a", func(ctx context.Context) (int, error) { return note(ctx), nil })
				})
			})
			require.NoError(t, err)
			return do(bg, "b", func(ctx context.Context) (int, error) { return note(ctx), nil })
		})
		require.NoError(t, err)
		assert.Equal(t, []int{1, 1, 2, 1, 3, 4, 1}, depths, "the last did not get the context")
	})
}

// One deadline bounds all levels. If it failed, an inner operation would go on
// when its outermost caller has long gone, or start a wait that it can't end.
func TestTheDeadlineReachesTheInnermostFunction(t *testing.T) {
	inEachWay(t, func(t *testing.T, _ *Supervisor, do way) {
		ctx, cancel := context.WithTimeout(bg, 3500*time.Millisecond)
		defer cancel()
		want, _ := ctx.Deadline()
		began := time.Now()
		calls := 0
		var inner error
		_, err := do(ctx, "a", func(ctx context.Context) (int, error) {
			return do(ctx, "b", func(ctx context.Context) (int, error) {
				var value int
				value, inner = do(ctx, "c", func(ctx context.Context) (int, error) {
					calls++
					got, ok := ctx.Deadline()
					assert.True(t, ok)
					assert.True(t, want.Equal(got))
					return 0, errTemp
				})
				return value, inner
			})
		})
		// At 0 s, 1 s and 3 s; the next would be at 7 s.
		assert.Equal(t, 3, calls)
		assert.Equal(t, 3*time.Second, time.Since(began), "nobody waits for what can't be")
		reason, attempts := reasonOf(t, inner)
		assert.Equal(t, retry.CallerDeadline, reason)
		assert.Equal(t, 3, attempts)
		assert.ErrorIs(t, err, inner)
	})
}

// If it failed, an operation would be retried around one that was not, for
// want of a budget, and so make the calls which that forbids.
func TestAnInnerBudgetIsNotTheOutersToRetry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(), "y": policy(budgeted(0, 0))})
		dead, calls := counting(failWith(errTemp))
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) { return Do(ctx, s, "y", dead) })
		assert.ErrorIs(t, err, ErrRetryBudget)
		assert.EqualValues(t, 1, calls.Load())
	})
}
