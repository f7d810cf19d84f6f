package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The demo must fail when it didn't show a recovery, and only then.
func TestFullCycle(t *testing.T) {
	for _, tc := range []struct {
		name string
		path string
		ok   bool
	}{
		{"never opened", "", false},
		{"opened only", "open", false},
		{"still probing", "open half_open", false},
		{"recovered", "open half_open closed", true},
		{"recovered after failed probes", "open half_open open half_open closed", true},
		{"recovered twice", "open half_open closed open half_open closed", true},
		{"recovered and fell again", "open half_open closed open", true},
		{"closed by force", "open closed", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var transitions []transition
			for _, state := range strings.Fields(tc.path) {
				transitions = append(transitions, transition{To: state})
			}
			err := fullCycle(transitions)
			if tc.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, errNoRecovery)
			assert.ErrorContains(t, err, "but closed")
		})
	}
}
