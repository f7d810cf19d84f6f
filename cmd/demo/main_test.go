package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	withoutVariables()
	goleak.VerifyTestMain(m)
}

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
			assert.Regexp(t, `\n  \S*agent_config.json:\d:\d+: .*`+part, stderr, "on a line of its own")
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
