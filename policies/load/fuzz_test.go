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
	for _, format := range []load.Format{load.JSON, load.YAML} {
		for _, seed := range []string{
			"", "{}", "[]", "null", `{"a": 1e999}`, `{"retry_policy": {"max_attempts": 0}}`,
			`{"pool": {"workers": 1, "workers": 2}, "pool": {}}`, `{"targets": {"a.b": {"type": "worker"}}}`,
			"retry_policy: &r {min_wait: .nan}\ntargets: {1: {retry_policy: *r}, ? [x] : y}", "a: &a [*a]", "--- {}\n--- {}",
			"targets:\n  <<: {a: {pool: {workers: 3}}}\n  b: !!binary aGk=\n",
		} {
			f.Add(uint8(format), []byte(seed))
		}
	}
	for _, name := range []string{"agent_config.json", "my_agent.json", "agent_config.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(uint8(load.JSON), data)
		f.Add(uint8(load.YAML), data)
	}
	f.Fuzz(func(t *testing.T, format uint8, data []byte) {
		set, err := load.Load(load.Bytes("fuzzed", load.Format(format%3), data))
		if err == nil {
			for _, name := range set.Names() {
				p, err := set.Target(name)
				require.NoError(t, err)
				require.NoError(t, p.Validate())
			}
			return
		}
		assert.Nil(t, set)
		var all policies.Errors
		require.ErrorAs(t, err, &all)
		require.NotEmpty(t, all)
		// YAML ends a line at each of these.
		breaks := 0
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			breaks += strings.Count(string(data), end)
		}
		for _, e := range all {
			assert.Equal(t, "fuzzed", e.Source, e)
			assert.NotEmpty(t, e.Problem)
			assert.NotContains(t, e.Error(), "\n")
			assert.LessOrEqual(t, e.Line, 1+breaks)
		}
	})
}
