package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// invoke runs the command as a shell would.
func invoke(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	open := func(name string) *os.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		require.NoError(t, err)
		return f
	}
	content := func(f *os.File) string {
		require.NoError(t, f.Close())
		data, err := os.ReadFile(f.Name())
		require.NoError(t, err)
		return string(data)
	}
	out, errs := open("stdout"), open("stderr")
	code = run(args, out, errs, func(string) string { return "" })
	return code, content(out), content(errs)
}

func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestCheckPrintsEveryTarget(t *testing.T) {
	file := written(t, "agent_config.yaml", `
author: someone@example.org
retry_policy: {max_attempts: 7}
targets:
  weather: {type: storage, circuit_breaker: {failure_threshold: never}}
`)
	code, stdout, stderr := invoke(t, "-config", file, "-check")
	assert.Equal(t, exitOK, code)
	assert.Empty(t, stderr)
	for _, target := range []string{"worker (worker)", "storage (storage)", "api (api)", "scheduler (scheduler)", "weather (storage)", "model_api (api)"} {
		assert.Contains(t, stdout, "\n"+target+"\n")
	}
	assert.Regexp(t, `retry_policy.max_attempts +7 +configured\n`, stdout)
	assert.Regexp(t, `circuit_breaker.failure_threshold +never +configured\n`, stdout)
	assert.Regexp(t, `circuit_breaker.recovery_timeout +1m0s +default\n`, stdout)
	for line := range strings.Lines(stdout) {
		if !strings.Contains(line, file) {
			assert.LessOrEqual(t, len(line), width+1)
		}
	}
}

func TestCheckOfTheBuiltInConfiguration(t *testing.T) {
	code, stdout, _ := invoke(t, "-check")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stdout, "the built-in demo_config.json is valid")
}

// A bad file must be refused with all that is wrong with it, whether it is
// only checked or run with.
func TestBadConfigurationExitsWith2(t *testing.T) {
	file := written(t, "agent_config.json", `{
  "retry_policy": {"max_attempts": 0, "min_wiat": 1},
  "circuit_breaker": {"enabled": "false"}
}`)
	for _, args := range [][]string{{"-config", file, "-check"}, {"-config", file}, {"-config", file, "-json"}} {
		code, stdout, stderr := invoke(t, args...)
		assert.Equal(t, exitUnusable, code)
		assert.Empty(t, stdout)
		for _, part := range []string{"max_attempts", "min_wiat", "circuit_breaker.enabled"} {
			assert.Contains(t, stderr, part)
		}
	}
}

func TestMissingConfigurationExitsWith2(t *testing.T) {
	code, stdout, stderr := invoke(t, "-check", "-config", filepath.Join(t.TempDir(), "none.json"))
	assert.Equal(t, exitUnusable, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "does not exist")
}

func TestUnusableFlagsExitWith2(t *testing.T) {
	code, stdout, stderr := invoke(t, "-duration", "1s")
	assert.Equal(t, exitUnusable, code)
	assert.Empty(t, stdout)
	assert.Contains(t, stderr, "demo -h")
}

func TestHelpExitsWith0(t *testing.T) {
	code, _, stderr := invoke(t, "-h")
	assert.Equal(t, exitOK, code)
	assert.Contains(t, stderr, "Usage: demo")
}

func TestCheckThatCannotBeWritten(t *testing.T) {
	closed, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	assert.Equal(t, exitFailed, run([]string{"-check"}, closed, closed, os.Getenv))
}

// A real Ctrl-C, in the middle of the first run.
func TestInterruptExitsWith130(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process can't interrupt itself there")
	}
	var once sync.Once
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			self, err := os.FindProcess(os.Getpid())
			if assert.NoError(t, err) {
				assert.NoError(t, self.Signal(os.Interrupt))
			}
		})
		<-r.Context().Done()
	}))
	defer server.Close()
	code, stdout, stderr := invoke(t, "-target", server.URL, "-json")
	assert.Equal(t, exitInterrupted, code)
	assert.Contains(t, stderr, "Interrupted")
	var r report
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	assert.Positive(t, r.Unprotected.Operations)
	assert.Equal(t, figures{}, r.Protected)
}
