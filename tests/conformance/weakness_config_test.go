package conformance_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// The weaknesses of the Python implementation's configuration, each of which
// would be back if its test failed.

// assertRefused checks that a document is an error that says so.
func assertRefused(t *testing.T, document, want string) {
	t.Helper()
	set, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(document)))
	require.ErrorIs(t, err, policies.ErrInvalid, document)
	assert.Nil(t, set)
	assert.ErrorContains(t, err, want)
	var bad *policies.FieldError
	require.ErrorAs(t, err, &bad)
	assert.Equal(t, "agent_config.json", bad.Source)
	assert.Positive(t, bad.Line, "the line")
}

// There, a failure_threshold of 0 was accepted.
func TestWeakness_ThresholdZeroAccepted(t *testing.T) {
	for _, n := range []string{"0", "-1"} {
		assertRefused(t, `{"circuit_breaker": {"failure_threshold": `+n+`}}`, "circuit_breaker.failure_threshold = "+n+": must be at least 1")
	}
	assertRefused(t, `{"circuit_breaker": {"success_threshold": 0}}`, "circuit_breaker.success_threshold = 0")

	p := guarded()
	p.Breaker.FailureThreshold = 0
	_, err := policies.NewSet(map[string]policies.Policy{gateway: p})
	assert.ErrorIs(t, err, policies.ErrInvalid, "nor from code")
}

// There, "false" in quotes was true.
func TestWeakness_FalseInQuotesIsTrue(t *testing.T) {
	for _, text := range []string{`"false"`, `"no"`, `0`, `"0"`} {
		assertRefused(t, `{"retry_policy": {"enabled": `+text+`}}`, "retry_policy.enabled = "+text+": must be true or false, without quotes")
	}
}

// There, retry_policy: null crashed.
func TestWeakness_RetryPolicyNullCrashes(t *testing.T) {
	for _, document := range []string{
		`{"retry_policy": null}`,
		`{"retry_policy": {"max_attempts": null, "enabled": null, "custom_exceptions": null}}`,
		`{"circuit_breaker": null, "targets": null, "operation_types": {"api": null}}`,
	} {
		assertBuiltIn(t, loaded(t, document))
	}
}

// There, max_attempts of 0 or less quietly meant 1.
func TestWeakness_MaxAttemptsZeroMeansOne(t *testing.T) {
	for _, n := range []string{"0", "-5"} {
		assertRefused(t, `{"retry_policy": {"max_attempts": `+n+`}}`, "retry_policy.max_attempts = "+n+": must be from 1 to 1000")
	}
}

// There, names of exceptions went through eval: a file could run code.
func TestWeakness_NamesGoThroughEval(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "ran")
	for _, name := range []string{
		`__import__('os').system('touch ` + trace + `')`,
		`exec`, `eval`, `os.system`, `ValueError`, `requests.Timout`, ``,
	} {
		_, err := load.Load(load.Bytes("agent_config.json", load.JSON,
			[]byte(`{"retry_policy": {"custom_exceptions": ["requests.Timeout", "`+name+`"]}}`)))
		require.ErrorIs(t, err, policies.ErrInvalid, name)
		assert.ErrorContains(t, err, "custom_exceptions[1]", "which of them")
	}
	_, err := os.Stat(trace)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

// There, a key that was misspelt inside a block was left out in silence.
func TestWeakness_MisspeltKeysAreIgnored(t *testing.T) {
	assertRefused(t, `{"retry_policy": {"max_atempts": 5}}`, `did you mean "max_attempts"`)
	assertRefused(t, `{"retry_polcy": {"max_attempts": 5}}`, `did you mean "retry_policy"`)
	assertRefused(t, `{"targets": {"x": {"circuit_braker": {}}}}`, `did you mean "circuit_breaker"`)
}

// There, only the first mistake was reported.
func TestWeakness_OneMistakeAtATime(t *testing.T) {
	_, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(`{
		"retry_policy": {"enabled": "false", "max_attempts": 0},
		"circuit_breaker": {"failure_threshold": 0}
	}`)))
	var all policies.Errors
	require.ErrorAs(t, err, &all)
	assert.Len(t, all, 3)
}
