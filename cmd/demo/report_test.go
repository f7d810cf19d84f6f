package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Programs read this: another key, or a null for an empty list, breaks them.
func TestReportShape(t *testing.T) {
	plain, guarded := examples()
	var out strings.Builder
	require.NoError(t, writeReport(&out, plain, guarded, []transition{
		{Target: "model_api", From: "closed", To: "open", Reason: "consecutive_failures", AtMS: 1984.5},
	}, nil))
	assert.JSONEq(t, `{
		"unprotected": {"operations": 320, "succeeded": 187, "failed": 133, "calls_while_down": 553, "p50_ms": 554, "p99_ms": 1390},
		"protected": {"operations": 320, "succeeded": 290, "failed": 30, "calls_while_down": 5, "p50_ms": 100, "p99_ms": 4000},
		"transitions": [{"target": "model_api", "from": "closed", "to": "open", "reason": "consecutive_failures", "at_ms": 1984.5}]
	}`, out.String())

	decoder := json.NewDecoder(strings.NewReader(out.String()))
	var object map[string]any
	require.NoError(t, decoder.Decode(&object))
	assert.Equal(t, []string{"protected", "transitions", "unprotected"}, slices.Sorted(maps.Keys(object)))
	assert.False(t, decoder.More(), "one object and no more")
}

func TestReportWithoutTransitions(t *testing.T) {
	var out strings.Builder
	require.NoError(t, writeReport(&out, summary{}, summary{}, nil, nil))
	assert.Contains(t, out.String(), `"transitions": []`)
}

// Who changes a file while the demo runs must be able to tell what became of it.
func TestReportWithReloads(t *testing.T) {
	var out strings.Builder
	require.NoError(t, writeReport(&out, summary{}, summary{}, nil, &reloads{Applied: 2, Rejected: 1}))
	var r report
	require.NoError(t, json.Unmarshal([]byte(out.String()), &r))
	assert.Equal(t, &reloads{Applied: 2, Rejected: 1}, r.Reloads)
	assert.Contains(t, out.String(), `"reloads": {`)
}

func TestMillisecondsKeepMicroseconds(t *testing.T) {
	assert.InDelta(t, 1.235, milliseconds(1_234_567), 1e-9)
}
