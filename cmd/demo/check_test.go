package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// everyOrigin has a value of each origin there is, together with the variables
// that it sets.
func everyOrigin(t *testing.T) (file string) {
	t.Helper()
	t.Setenv("RETRY__STORAGE_MAX_ATTEMPTS", "8")
	t.Setenv("HOLDFAST_POOL__WORKERS", "64")
	t.Setenv("HOLDFAST_TARGETS__WEATHER__CIRCUIT_BREAKER__SLOW_CALL_DURATION", "5")
	return written(t, "agent_config.yaml", `author: someone@example.org
retry_policy: {min_wait: 12}
targets:
  weather:
    type: storage
    circuit_breaker:
      failure_threshold: never
      recovery_timeout: 60
      ignore: [http.404, http.422, http.409, net.timeout]
`)
}

// What is shown must be the value in force and the place to change it.
func TestCheckSaysWhereEachValueComesFrom(t *testing.T) {
	file := everyOrigin(t)
	code, stdout, stderr := invoke(t, "-config", file, "-check", "weather", modelAPI)
	require.Equal(t, exitOK, code, stderr)
	assert.Empty(t, stderr)
	assert.Contains(t, stdout, "\n  "+file+"\n", "the whole path, once")
	_, table, _ := strings.Cut(stdout, "\nweather\n")
	assert.True(t, strings.HasPrefix(table, `  type                    storage                 agent_config.yaml:5:5
  retry_policy
    enabled               true                    default
    max_attempts          8                       $RETRY__STORAGE_MAX_ATTEMPTS
    min_wait              12s                     agent_config.yaml:2:16
    max_wait              12s
      agent_config.yaml:2:16 (follows min_wait)
    jitter                full                    default
`), table)
	for _, row := range []string{
		"    failure_threshold     never                   agent_config.yaml:7:7\n",
		"    recovery_timeout      1m0s                    agent_config.yaml:8:7\n",
		"    slow_call_duration    5s\n      $HOLDFAST_TARGETS__WEATHER__CIRCUIT_BREAKER__SLOW_CALL_DURATION\n",
		"    ignore                http.404, http.422, +2  agent_config.yaml:9:7\n",
		"    workers               64                      $HOLDFAST_POOL__WORKERS\n",
		"\nmodel_api\n  type                    api                     code\n",
	} {
		assert.Contains(t, stdout, row)
	}
	assert.NotContains(t, stdout, "\nscheduler\n", "only what was asked for")
}

// All targets there are must be shown, with what somebody chose for them, and
// all its settings for one that is named, or a value could be wrong unseen.
func TestCheckPrintsEveryTarget(t *testing.T) {
	all := []string{"worker", "storage", "api", "scheduler", "weather", modelAPI}
	code, stdout, stderr := invoke(t, "-config", everyOrigin(t), "-check")
	require.Equal(t, exitOK, code, stderr)
	for _, target := range all {
		assert.Contains(t, stdout, "\n\n"+target+"\n  type ")
	}
	assert.Equal(t, len(all), strings.Count(stdout, "    workers               64                      $HOLDFAST_POOL__WORKERS\n"))
	assert.NotContains(t, stdout, "jitter ")
	assert.Contains(t, stdout, "built-in values, which -check weather shows\n")

	code, stdout, stderr = invoke(t, append([]string{"-config", everyOrigin(t), "-check"}, all...)...)
	require.Equal(t, exitOK, code, stderr)
	for _, s := range policies.Settings() {
		_, key, inBlock := strings.Cut(s.Path, ".")
		if !inBlock {
			key = s.Path
		}
		assert.GreaterOrEqual(t, strings.Count(stdout, "  "+key+" "), 6, s.Path)
	}
}

// A line that the terminal breaks in two ruins the table.
func TestCheckFitsTheTerminal(t *testing.T) {
	t.Setenv("HOLDFAST_TARGETS__"+strings.Repeat("X", 128)+"__RETRY_POLICY__MAX_ELAPSED", "2540400h10m10.123456789s")
	file := written(t, strings.Repeat("long", 30)+".yaml", `
retry_policy: {retry_on: [http.503, net.timeout, http.429], min_wait: 17}
`)
	code, stdout, stderr := invoke(t, "-config", file, "-check")
	require.Equal(t, exitOK, code, stderr)
	assert.NotContains(t, stdout, "\x1b")
	for line := range strings.Lines(strings.ReplaceAll(stdout, file, "")) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), width, line)
	}
	assert.Contains(t, stdout, "longlong.yaml:2:16\n", "the place is not cut")
	assert.Contains(t, stdout, "__RETRY_POLICY__MAX_ELAPSED\n")
}

// Colour must add nothing but colour, dim what nobody chose, and keep off
// where it isn't wanted.
func TestCheckInColour(t *testing.T) {
	files := []string{everyOrigin(t)}
	set, err := loadSet(files)
	require.NoError(t, err)
	targets, unknown := resolve(set, []string{"weather"})
	require.Empty(t, unknown)
	var plainly, coloured strings.Builder
	require.NoError(t, writeCheck(&plainly, palette{}, files, set, targets, true))
	require.NoError(t, writeCheck(&coloured, palette{on: true}, files, set, targets, true))
	assert.NotContains(t, plainly.String(), "\x1b")
	assert.Equal(t, plainly.String(), stripped(coloured.String()))
	bright := palette{on: true}
	assert.Contains(t, coloured.String(), bright.paint(dim, "    jitter                ")+bright.paint(dim, "full"))
	assert.Contains(t, coloured.String(), "    failure_threshold     "+bright.paint(bold, "never"))
	// It is what is built in too, but somebody wrote it down.
	assert.Contains(t, coloured.String(), "    recovery_timeout      "+bright.paint(bold, "1m0s"))
}

func TestCheckOfTheBuiltInConfiguration(t *testing.T) {
	code, stdout, _ := invoke(t, "-check")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stdout, "demo_config.json, built in")
	assert.Regexp(t, `max_attempts +4 +demo_config.json:8:5\n`, stdout)
}

// A misspelt target must not look like one without settings.
func TestCheckOfUnknownTargetsExitsWith2(t *testing.T) {
	for _, args := range [][]string{{"-check", "modelapi", "wether", "api"}, {"-check", "modelapi", "-json", "wether"}} {
		code, stdout, stderr := invoke(t, args...)
		assert.Equal(t, exitUnusable, code)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, `demo: unknown target "modelapi": did you mean "model_api"?`)
		assert.Contains(t, stderr, `demo: unknown target "wether"`)
	}
}

// Programs read this; another key, or text where a number was, breaks them.
func TestCheckAsJSON(t *testing.T) {
	file := everyOrigin(t)
	code, stdout, stderr := invoke(t, "-check", "-json", "-config", file, "weather", modelAPI)
	require.Equal(t, exitOK, code, stderr)
	var all checked
	require.NoError(t, json.Unmarshal([]byte(stdout), &all))
	assert.Len(t, all.Targets, 2)
	weather := all.Targets["weather"]
	assert.Len(t, weather, len(policies.Settings()))
	for path, want := range map[string]string{
		"type":                               `{"value": "storage", "default": true, "origin": {"source": FILE, "line": 5, "column": 5, "path": "targets.weather.type"}}`,
		"retry_policy.enabled":               `{"value": true, "default": true, "origin": {"source": "default"}}`,
		"retry_policy.never_retry":           `{"value": [], "default": true, "origin": {"source": "default"}}`,
		"retry_policy.max_wait":              `{"value": "12s", "default": false, "origin": {"source": FILE, "line": 2, "column": 16, "path": "retry_policy.min_wait", "follows": "retry_policy.min_wait"}}`,
		"retry_policy.max_attempts":          `{"value": 8, "default": false, "origin": {"source": "$RETRY__STORAGE_MAX_ATTEMPTS", "path": "operation_types.storage.retry_policy.max_attempts"}}`,
		"circuit_breaker.failure_threshold":  `{"value": "never", "default": false, "origin": {"source": FILE, "line": 7, "column": 7, "path": "targets.weather.circuit_breaker.failure_threshold"}}`,
		"circuit_breaker.recovery_timeout":   `{"value": "1m0s", "default": true, "origin": {"source": FILE, "line": 8, "column": 7, "path": "targets.weather.circuit_breaker.recovery_timeout"}}`,
		"circuit_breaker.recovery_jitter":    `{"value": 0.1, "default": true, "origin": {"source": "default"}}`,
		"circuit_breaker.ignore":             `{"value": ["http.404", "http.422", "http.409", "net.timeout"], "default": false, "origin": {"source": FILE, "line": 9, "column": 7, "path": "targets.weather.circuit_breaker.ignore"}}`,
		"circuit_breaker.slow_call_duration": `{"value": "5s", "default": false, "origin": {"source": "$HOLDFAST_TARGETS__WEATHER__CIRCUIT_BREAKER__SLOW_CALL_DURATION", "path": "targets.weather.circuit_breaker.slow_call_duration"}}`,
		"pool.workers":                       `{"value": 64, "default": false, "origin": {"source": "$HOLDFAST_POOL__WORKERS", "path": "pool.workers"}}`,
	} {
		quoted, err := json.Marshal(file)
		require.NoError(t, err)
		got, err := json.Marshal(weather[path])
		require.NoError(t, err)
		assert.JSONEq(t, strings.ReplaceAll(want, "FILE", string(quoted)), string(got), path)
	}
	assert.Equal(t, checkedOrigin{Source: "code"}, all.Targets[modelAPI]["type"].Origin)
}

func TestCheckThatCannotBeWritten(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	for _, args := range [][]string{{"-check"}, {"-check", "-json"}} {
		assert.Equal(t, exitFailed, run(args, closed, closed, os.Getenv))
	}
}
