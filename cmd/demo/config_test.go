package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// The demo's own file must load, and rest for less than its outage lasts.
func TestBuiltInConfiguration(t *testing.T) {
	set, err := loadSet(nil)
	require.NoError(t, err)
	p, err := set.Target(modelAPI)
	require.NoError(t, err)
	assert.Equal(t, policies.API, p.Type)
	assert.Equal(t, 4, p.Retry.MaxAttempts)
	assert.Equal(t, 100*time.Millisecond, p.Retry.MinWait)
	assert.Equal(t, time.Second, p.Retry.MaxWait)
	assert.Equal(t, 5, p.Breaker.FailureThreshold)
	for _, st := range schedule(shortestRun) {
		if st.phase == down {
			assert.Less(t, 2*p.Breaker.RecoveryTimeout, st.to-st.from)
		}
	}
}

// Whoever adds a file or a variable expects it to win over what was there; if
// this fails, it doesn't.
func TestLaterSourcesWin(t *testing.T) {
	first := written(t, "first.json", `{"retry_policy": {"max_attempts": 5, "min_wait": 2, "max_wait": 5}}`)
	second := written(t, "second.yaml", `retry_policy: {max_attempts: 6, min_wait: 3}`)
	t.Setenv("HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS", "7")
	t.Setenv("RETRY__API_MAX_WAIT", "99")
	t.Setenv("RETRY__SCHEDULER_MAX_WAIT", "98")
	set, err := loadSet([]string{first, second})
	require.NoError(t, err)
	retry := set.Defaults(policies.API).Retry
	assert.Equal(t, 7, retry.MaxAttempts, "a variable over both files")
	assert.Equal(t, 3*time.Second, retry.MinWait, "the second file over the first")
	assert.Equal(t, 5*time.Second, retry.MaxWait, "the first file over Bindu's variable")

	other, err := loadSet([]string{second})
	require.NoError(t, err)
	assert.Equal(t, 98*time.Second, other.Defaults(policies.Scheduler).Retry.MaxWait, "Bindu's variable over what is built in")
	all, err := variablesOf(other)
	require.NoError(t, err)
	assert.Equal(t, []string{"$HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS", "$RETRY__API_MAX_WAIT"}, all, "the scheduler's is not for model_api")
}

// The heading says what the figures below it were measured with.
func TestConfigName(t *testing.T) {
	assert.Equal(t, "a.json", configName([]string{filepath.Join("conf", "a.json")}, nil))
	assert.Equal(t, "a.json, b.json", configName([]string{"a.json", "b.json"}, nil))
	assert.Equal(t, "the built-in demo_config.json", configName(nil, nil))
	assert.Equal(t, "a.json and $X", configName([]string{"a.json"}, []string{"$X"}))
	assert.Equal(t, "a.json and 2 variables", configName([]string{"a.json"}, []string{"$X", "$Y"}))
}

// withoutVariables takes away what the shell of whoever runs the tests has
// set for Holdfast: the tests are about the built-in configuration.
func withoutVariables() {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, variablePrefix) || strings.HasPrefix(name, "RETRY__") {
			_ = os.Unsetenv(name) // of a name that is set
		}
	}
}
