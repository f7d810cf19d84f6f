package policies

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sharing is a policy that draws from a shared budget.
func sharing(name string, edits ...func(*RetryBudget)) Policy {
	p := Default(API)
	p.RetryBudget.Enabled, p.RetryBudget.Shared = true, name
	for _, edit := range edits {
		edit(&p.RetryBudget)
	}
	return p
}

// If this fails, one budget has two sizes, and which one counts depends on who
// comes first; or a user is told of one half of the contradiction only.
func TestTargetsThatShareABudgetAgreeOnIt(t *testing.T) {
	set, err := NewSet(map[string]Policy{
		"a":   sharing("provider"),
		"b.c": sharing("provider", func(b *RetryBudget) { b.Ratio, b.Window = 0.5, time.Minute }),
		"d":   sharing("provider", func(b *RetryBudget) { b.MinPerSecond = 3 }),
		"e":   sharing("other", func(b *RetryBudget) { b.Ratio = 0.7 }),
	})
	assert.Nil(t, set)
	assert.ErrorIs(t, err, ErrInvalid)
	var all Errors
	require.ErrorAs(t, err, &all)
	assert.EqualError(t, all, `3 bad settings:
  targets["b.c"].retry_budget.ratio = 0.5: must be 0.2, as targets.a.retry_budget.ratio is: they share the retry budget "provider"
  targets["b.c"].retry_budget.window = 1m0s: must be 10s, as targets.a.retry_budget.window is: they share the retry budget "provider"
  targets.d.retry_budget.min_per_second = 3: must be 1, as targets.a.retry_budget.min_per_second is: they share the retry budget "provider"`)
	assert.Equal(t, "targets.a.retry_budget.ratio", all[0].Related)
}

// If this fails, budgets that nobody shares are held to be one.
func TestBudgetsThatAreNotSharedMayDiffer(t *testing.T) {
	half := func(b *RetryBudget) { b.Ratio = 0.5 }
	for name, p := range map[string]Policy{
		"another name":     sharing("other", half),
		"no name":          sharing("", half),
		"switched off":     sharing("provider", half, func(b *RetryBudget) { b.Enabled = false }),
		"the same numbers": sharing("provider"),
	} {
		_, err := NewSet(map[string]Policy{"a": sharing("provider"), "b": p})
		assert.NoError(t, err, name)
	}
}

// If this fails, a set that is put together step by step holds what one that is
// made at once may not.
func TestWithKeepsSharedBudgetsInAgreement(t *testing.T) {
	s := newSet(t, map[string]Policy{"a": sharing("provider")})
	half := sharing("provider", func(b *RetryBudget) { b.Ratio = 0.5 })
	_, err := s.With("b", half)
	assert.ErrorContains(t, err, `targets.b.retry_budget.ratio = 0.5: must be 0.2, as targets.a.retry_budget.ratio is`)
	with, err := s.With("a", half)
	require.NoError(t, err, "nobody else shares it")
	_, err = with.With("b", half)
	assert.NoError(t, err)
}

// If this fails, targets draw from a budget that they did not ask for.
func TestSharedBudgets(t *testing.T) {
	own, off := sharing(""), sharing("x")
	off.RetryBudget.Enabled = false
	a, b, c := sharing("x"), sharing("x"), sharing("y")
	assert.Equal(t, map[string][]string{"x": {"a", "b"}, "y": {"c"}},
		SharedBudgets(map[string]*Policy{"b": &b, "a": &a, "c": &c, "own": &own, "off": &off}))
	assert.Empty(t, SharedBudgets(nil))
	for _, path := range SharedBudgetSettings() {
		assert.Contains(t, paths(Settings()), path)
	}
}

func paths(all []Setting) []string {
	var paths []string
	for _, s := range all {
		paths = append(paths, s.Path)
	}
	return paths
}
