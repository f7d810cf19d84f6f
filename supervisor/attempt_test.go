package supervisor

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ownKey is a key of the caller's own context.
type ownKey struct{}

// If it failed, a server could not recognise a repeated request, or would take
// two requests for one.
func TestCurrentAttempt(t *testing.T) {
	for name, c := range map[string]struct {
		options []CallOption
		key     string // empty: the operation's id
	}{
		"without a key": {nil, ""},
		"with a key":    {[]CallOption{IdempotencyKey("order 7")}, "order 7"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t)
				ids := map[string]bool{}
				for range 3 {
					for _, run := range []func(fn func(context.Context) (int, error)) error{
						func(fn func(context.Context) (int, error)) error {
							_, err := Do(bg, s, "x", fn, c.options...)
							return err
						},
						func(fn func(context.Context) (int, error)) error {
							_, err := Go(bg, s, "x", fn, c.options...).Wait(bg)
							return err
						},
					} {
						var seen []Attempt
						require.NoError(t, run(func(ctx context.Context) (int, error) {
							a, ok := CurrentAttempt(context.WithValue(ctx, ownKey{}, "v"))
							require.True(t, ok)
							seen = append(seen, a)
							if len(seen) < 3 {
								return 0, errTemp
							}
							return 0, nil
						}))
						id, key := seen[0].OperationID, c.key
						if key == "" {
							key = id
						}
						for i, a := range seen {
							assert.Equal(t, Attempt{Target: "x", Number: i + 1, MaxAttempts: 3, OperationID: id, IdempotencyKey: key, Depth: 1}, a)
						}
						assert.False(t, ids[id], "two operations have one id")
						ids[id] = true
					}
				}
			})
		})
	}
}

func TestNoAttemptWithoutAnOperation(t *testing.T) {
	for _, ctx := range []context.Context{nil, bg, context.WithValue(bg, attemptKey{}, 1)} {
		_, ok := CurrentAttempt(ctx)
		assert.False(t, ok)
	}
}

// A function may keep the context of an attempt. It must not change under it.
func TestAnAttemptsContextKeepsItsNumber(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		var kept []context.Context
		_, err := Do(context.WithValue(bg, ownKey{}, "v"), s, "x", func(ctx context.Context) (int, error) {
			kept = append(kept, ctx)
			if len(kept) < 3 {
				return 0, errTemp
			}
			return 0, nil
		})
		require.NoError(t, err)
		for i, ctx := range kept {
			a, ok := CurrentAttempt(ctx)
			assert.True(t, ok)
			assert.Equal(t, i+1, a.Number)
			assert.Equal(t, "v", ctx.Value(ownKey{}), "the caller's values")
			assert.Nil(t, ctx.Value("other"))
		}
		assert.Equal(t, "holdfast attempt on x", fmt.Sprint(kept[0]))
	})
}

// The attempt of an operation within an operation is the inner one's.
func TestTheInnermostAttemptCounts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(), "y": policy()})
		_, err := Do(bg, s, "x", func(outer context.Context) (int, error) {
			return Do(outer, s, "y", func(inner context.Context) (int, error) {
				a, _ := CurrentAttempt(inner)
				assert.Equal(t, "y", a.Target)
				a, _ = CurrentAttempt(outer)
				assert.Equal(t, "x", a.Target)
				return 0, nil
			})
		})
		assert.NoError(t, err)
	})
}
