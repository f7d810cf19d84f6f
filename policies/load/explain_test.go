package load_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// origins are where the values of a target come from, those built in left out.
func origins(t *testing.T, set *policies.Set, name string) map[string]string {
	t.Helper()
	fields, err := set.Explain(name)
	require.NoError(t, err)
	all := map[string]string{}
	for _, f := range fields {
		if f.Origin != (policies.Origin{}) {
			all[f.Path] = f.Value + " from " + f.Origin.String() + " " + f.Origin.Path
		}
	}
	return all
}

// If this fails, a user is sent to the wrong line, or to a default that gave way.
func TestExplain(t *testing.T) {
	t.Setenv("HOLDFAST_POOL__MAX_PENDING", "5")
	t.Setenv("RETRY__STORAGE_MAX_ATTEMPTS", "9")
	set, err := load.Load(load.Bytes("a.yaml", load.YAML, []byte(`
shared: &shared
  max_attempts: 6
  min_wait: 30
breaker: &breaker {failure_threshold: 3}
operation_types:
  storage: {circuit_breaker: *breaker}
targets:
  merged:
    type: storage
    retry_policy:
      <<: *shared
      max_attempts: 2
  plain: {}
`[1:])), load.Env("HOLDFAST_"), load.BinduEnv(), load.Target("declared", policies.Storage), load.Policy("given", policies.Default(policies.Worker)))
	require.NoError(t, err)

	assert.Equal(t, map[string]string{
		"type":                              "storage from a.yaml:9:5 targets.merged.type",
		"retry_policy.max_attempts":         "2 from a.yaml:12:7 targets.merged.retry_policy.max_attempts",
		"retry_policy.min_wait":             "30s from a.yaml:11:7 targets.merged.retry_policy.min_wait",
		"retry_policy.max_wait":             "30s from a.yaml:11:7 (follows retry_policy.min_wait) targets.merged.retry_policy.min_wait",
		"circuit_breaker.failure_threshold": "3 from a.yaml:6:13 operation_types.storage.circuit_breaker.failure_threshold",
		"pool.max_pending":                  "5 from $HOLDFAST_POOL__MAX_PENDING pool.max_pending",
	}, origins(t, set, "merged"), "what an alias brings in stands where the alias does")
	assert.Equal(t, map[string]string{
		"pool.max_pending": "5 from $HOLDFAST_POOL__MAX_PENDING pool.max_pending",
	}, origins(t, set, "plain"))
	assert.Equal(t, map[string]string{
		"type":                              "storage from code ",
		"retry_policy.max_attempts":         "9 from $RETRY__STORAGE_MAX_ATTEMPTS operation_types.storage.retry_policy.max_attempts",
		"circuit_breaker.failure_threshold": "3 from a.yaml:6:13 operation_types.storage.circuit_breaker.failure_threshold",
		"pool.max_pending":                  "5 from $HOLDFAST_POOL__MAX_PENDING pool.max_pending",
	}, origins(t, set, "declared"))
	given := origins(t, set, "given")
	assert.Len(t, given, len(policies.Settings()))
	assert.Equal(t, "3 from code ", given["retry_policy.max_attempts"])

	with, err := set.With("plain", policies.Default(policies.API))
	require.NoError(t, err)
	assert.Empty(t, origins(t, with, "plain"), "what code replaced is no longer the file's")
	_, err = set.Explain("plian")
	assert.EqualError(t, err, `unknown target "plian": did you mean "plain"? If not, declare it under targets in the configuration, or add it to the set in code`)
}

// If this fails, a value that came by a provider's Go map has no source at all.
func TestExplainNamesASourceWithoutLines(t *testing.T) {
	set, err := load.Load(load.Bytes("a", load.YAML, []byte("x: &x {y: {pool: {workers: 3}}}\ntargets:\n  <<: *x")))
	require.NoError(t, err)
	assert.Equal(t, "3 from a:3:3 targets.y.pool.workers", origins(t, set, "y")["pool.workers"], "the nearest that has a place")
}
