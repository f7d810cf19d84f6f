package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, two targets that share a budget give it two sizes, or the
// user has to look for the other one.
func TestSharedBudgetsContradict(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"two targets": {`
targets:
  a: {retry_budget: {enabled: true, shared: provider, ratio: 0.1}}
  b: {retry_budget: {enabled: true, shared: provider, ratio: 0.5, window: 60}}
  c: {retry_budget: {enabled: true, shared: provider, window: 30}}`, []string{
			`a.yaml:3: targets.b.retry_budget.ratio = 0.5: must be 0.1, as targets.a.retry_budget.ratio is: the targets "b" and "a" share the retry budget "provider"`,
			`a.yaml:4: targets.c.retry_budget.window = 30s: must be 1m0s, as targets.b.retry_budget.window is: the targets "c" and "b" share the retry budget "provider"`,
		}},
		"told once of many that inherit": {`
retry_budget: {enabled: true, shared: all, min_per_second: 3}
targets: {a: {retry_budget: {min_per_second: 2}}, b: {}, c: {}, d: {}}`, []string{
			`a.yaml:2: targets.a.retry_budget.min_per_second = 2: must be 3, as retry_budget.min_per_second is: the targets "a" and "api" share the retry budget "all"`,
		}},
		"operation types": {`
operation_types:
  api: {retry_budget: {ratio: 0.1}}
  storage: {retry_budget: {ratio: 0.3}}
targets:
  a: {retry_budget: {enabled: true, shared: x}}
  s: {type: storage, retry_budget: {enabled: true, shared: x}}`, []string{
			`a.yaml:3: operation_types.storage.retry_budget.ratio = 0.3: must be 0.1, as operation_types.api.retry_budget.ratio is: the targets "s" and "a" share the retry budget "x"`,
		}},
		"with what is wrong elsewhere": {`
pool: {workers: 0}
targets:
  a: {retry_budget: {enabled: true, shared: x, ratio: 0.1}}
  b: {retry_budget: {enabled: true, shared: x, ratio: 11}}
  c: {retry_budget: {enabled: true, shared: x, ratio: 0.2}}`, []string{
			`a.yaml:1: pool.workers = 0: must be from 1 to 1000000`,
			`a.yaml:4: targets.b.retry_budget.ratio = 11: must be a number from 0 to 10`,
			`a.yaml:5: targets.c.retry_budget.ratio = 0.2: must be 0.1, as targets.a.retry_budget.ratio is: the targets "c" and "a" share the retry budget "x"`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tt.want, problems(t, load.Bytes("a.yaml", load.YAML, []byte(tt.text[1:]))))
		})
	}
}

// If this fails, a contradiction between a file and another source, or code,
// is not found, or not said to be one.
func TestSharedBudgetsContradictAcrossSources(t *testing.T) {
	file := load.Bytes("a.yaml", load.YAML, []byte("targets: {b: {retry_budget: {enabled: true, shared: provider, ratio: 0.5}}}"))
	t.Setenv("HOLDFAST_TARGETS__A__RETRY_BUDGET__ENABLED", "true")
	t.Setenv("HOLDFAST_TARGETS__A__RETRY_BUDGET__SHARED", "provider")
	t.Setenv("HOLDFAST_TARGETS__A__RETRY_BUDGET__RATIO", "0.1")
	assert.Equal(t, []string{
		`a.yaml:1: targets.b.retry_budget.ratio = 0.5: must be 0.1, as targets.a.retry_budget.ratio from $HOLDFAST_TARGETS__A__RETRY_BUDGET__RATIO is: the targets "b" and "a" share the retry budget "provider"`,
	}, problems(t, file, load.Env("HOLDFAST_")))

	p := policies.Default(policies.API)
	p.RetryBudget.Enabled, p.RetryBudget.Shared = true, "provider"
	assert.Equal(t, []string{
		`a.yaml:1: targets.b.retry_budget.ratio = 0.5: must be 0.2, as targets.z.retry_budget.ratio from code is: the targets "b" and "z" share the retry budget "provider"`,
	}, problems(t, load.Policy("z", p), file))
	q := p
	q.RetryBudget.Window = time.Minute
	assert.Equal(t, []string{
		`code: targets.z.retry_budget.window = 1m0s: must be 10s, as targets.y.retry_budget.window is: the targets "z" and "y" share the retry budget "provider"`,
	}, problems(t, load.Policy("z", q), load.Policy("y", p)))
}

// If this fails, every target that shares a budget has to repeat its numbers,
// or nobody can see where a target has them from.
func TestOneTargetMaySayItForAllThatShare(t *testing.T) {
	set, err := load.Load(load.Bytes("a.yaml", load.YAML, []byte(`
targets:
  a: {retry_budget: {enabled: true, shared: provider}}
  b: {retry_budget: {enabled: true, shared: provider, ratio: 0.5}}
  c: {retry_budget: {enabled: true, shared: provider, window: 60}}
  d: {retry_budget: {enabled: true, shared: other}}
  e: {retry_budget: {shared: provider}}`[1:])))
	require.NoError(t, err)
	for _, name := range []string{"a", "b", "c"} {
		p, err := set.Target(name)
		require.NoError(t, err)
		assert.Equal(t, policies.RetryBudget{Enabled: true, Shared: "provider", Ratio: 0.5, MinPerSecond: 1, Window: time.Minute}, p.RetryBudget, name)
	}
	for _, name := range []string{"d", "e"} {
		p, err := set.Target(name)
		require.NoError(t, err)
		assert.Equal(t, 0.2, p.RetryBudget.Ratio, name)
	}
	for path, want := range map[string]string{
		"retry_budget.ratio":  "a.yaml:3:55 (follows targets.b.retry_budget.ratio)",
		"retry_budget.window": "a.yaml:4:55 (follows targets.c.retry_budget.window)",
		"retry_budget.shared": "a.yaml:2:37",
	} {
		assert.Equal(t, want, originOf(t, set, "a", path))
	}
}

func originOf(t *testing.T, set *policies.Set, target, path string) string {
	t.Helper()
	fields, err := set.Explain(target)
	require.NoError(t, err)
	for _, f := range fields {
		if f.Path == path {
			return f.Origin.String()
		}
	}
	require.FailNow(t, "no such setting", path)
	return ""
}

// If this fails, a target can't leave a budget that all the others share, or a
// name is taken that is none.
func TestTheNameOfASharedBudget(t *testing.T) {
	set, err := load.Load(load.Bytes("a.json", load.JSON, []byte(
		`{"retry_budget": {"shared": "all"}, "targets": {"x": {"retry_budget": {"shared": ""}}, "y": {"retry_budget": {"shared": null}}}}`)))
	require.NoError(t, err)
	x, _ := set.Target("x")
	y, _ := set.Target("y")
	assert.Equal(t, "", x.RetryBudget.Shared)
	assert.Equal(t, "all", y.RetryBudget.Shared)

	for value, want := range map[string]string{
		`5`:      `retry_budget.shared = 5: must be text`,
		`["a"]`:  `retry_budget.shared: must be text, not a list`,
		`"a/b"`:  `retry_budget.shared = "a/b": a name must not contain "/"`,
		`" all"`: `retry_budget.shared = " all": a name must not begin or end with a space`,
	} {
		assert.Equal(t, []string{"a.json:1: " + want},
			problems(t, load.Bytes("a.json", load.JSON, []byte(`{"retry_budget": {"shared": `+value+`}}`))))
	}
	t.Setenv("HOLDFAST_RETRY_BUDGET__SHARED", " model provider ")
	set, err = load.Load(load.Env("HOLDFAST_"))
	require.NoError(t, err)
	assert.Equal(t, "model provider", set.Defaults(policies.API).RetryBudget.Shared, "a variable's spaces are not the name's")
}
