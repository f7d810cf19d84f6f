package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// The demo's own file must load, and rest for less than its outage lasts.
func TestBuiltInConfiguration(t *testing.T) {
	set, err := loadSet("")
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

func TestConfigName(t *testing.T) {
	assert.Equal(t, "a.json", configName("a.json"))
	assert.Contains(t, configName(""), builtInName)
}
