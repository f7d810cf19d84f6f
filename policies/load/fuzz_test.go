package load_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// Whatever a file holds, it is either refused with errors that name the file
// and say something, each on a line, or it gives a valid policy to each target.
func FuzzLoad(f *testing.F) {
	for _, format := range []load.Format{load.JSON, load.YAML, load.TOML} {
		for _, seed := range []string{
			"", "{}", "[]", "null", `{"a": 1e999}`, `{"retry_policy": {"max_attempts": 0}}`,
			`{"pool": {"workers": 1, "workers": 2}, "pool": {}}`, `{"targets": {"a.b": {"type": "worker"}}}`,
			`{"targets": {"a-b": {}, "A_b": {}, "API": {}}}`, `{"retry_policy": {"retry_on": ["http.5xx", "", "x"], "never_retry": ["http.5xx"]}}`,
			"retry_policy: &r {min_wait: .nan}\ntargets: {1: {retry_policy: *r}, ? [x] : y}", "a: &a [*a]", "--- {}\n--- {}",
			"targets:\n  <<: {a: {pool: {workers: 3}}}\n  b: !!binary aGk=\n", "pool: {workers: 010, max_pending: 0x10}",
			"[targets.\"a.b\".pool]\nworkers = 3\n[retry_policy]\nmin_wait = 1\nmax_wait = '20s'\n",
			"targets.a = {type = 'worker', pool = {workers = 1.0}}\n[[pool]]\nworkers = 1979-05-27\n",
		} {
			f.Add(uint8(format), []byte(seed))
		}
	}
	for _, name := range []string{"agent_config.json", "my_agent.json", "agent_config.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		for format := range uint8(4) {
			f.Add(format, data)
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, data []byte) {
		set, err := load.Load(load.Bytes("fuzzed", load.Format(format%4), data))
		if err == nil {
			requireSound(t, set)
			return
		}
		assert.Nil(t, set)
		// YAML ends a line at each of these.
		breaks := 0
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			breaks += strings.Count(string(data), end)
		}
		for _, e := range all(t, err) {
			assert.Equal(t, "fuzzed", e.Source, e)
			assert.LessOrEqual(t, e.Line, 1+breaks)
			assert.LessOrEqual(t, e.Column, 1+len(data))
		}
	})
}

// Whatever a variable says, and whatever it is called, it is left alone, or
// refused by its name, or it gives a valid policy to each target.
func FuzzEnv(f *testing.F) {
	for _, seed := range [][2]string{
		{"RETRY_POLICY__MAX_ATTEMPTS", "7"}, {"RETRY_POLICY__MIN_WAIT", "1.5s"}, {"TARGETS__A_B__TYPE", "worker"},
		{"TARGETS__PAYMENT__GATEWAY__POOL__WORKERS", "010"}, {"RETRY_POLICY__RETRY_ON", "http.5xx, ,x"}, {"TARGETS", "x"},
		{"TARGETS__X", ""}, {"POOL__WORKERS__X", "never"}, {"OPERATION_TYPES__API__CIRCUIT_BREAKER__ENABLED", "TRUE"}, {"__", "1e9"},
		{"RETRY_POLICY_MAX_ATTEMPTS", "7"}, {"TARGETS_A_B_POOL_WORKERS", "x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return // no such variable can be
		}
		name = "HOLDFAST_" + name
		t.Setenv(name, value)
		set, err := load.Load(load.Target("payment-gateway", policies.API), load.Env("HOLDFAST_"))
		if err == nil {
			requireSound(t, set)
			return
		}
		assert.Nil(t, set)
		for _, e := range all(t, err) {
			assert.Equal(t, "$"+name, e.Source)
			if e.Path == "" {
				assert.Contains(t, e.Problem, "did you mean HOLDFAST_")
			}
		}
	})
}

// requireSound holds a set to being valid, and to knowing where it is from.
func requireSound(t *testing.T, set *policies.Set) {
	t.Helper()
	for _, name := range set.Names() {
		p, err := set.Target(name)
		require.NoError(t, err)
		require.NoError(t, p.Validate())
		fields, err := set.Explain(name)
		require.NoError(t, err)
		require.Len(t, fields, len(policies.Settings()))
	}
}

// all returns every error, each with something to say on one line.
func all(t *testing.T, err error) policies.Errors {
	t.Helper()
	var found policies.Errors
	require.ErrorAs(t, err, &found)
	require.NotEmpty(t, found)
	for _, e := range found {
		assert.NotEmpty(t, e.Problem)
		assert.NotContains(t, e.Error(), "\n")
	}
	return found
}
