package main

import (
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFlags(t *testing.T) {
	for _, tc := range []struct {
		args string
		want options
	}{
		{"", options{seed: 1, duration: 9 * time.Second}},
		{"-seed 7 -duration 20s -json", options{seed: 7, duration: 20 * time.Second, json: true}},
		{"-config a.yaml -check", options{config: []string{"a.yaml"}, check: true, seed: 1, duration: defaultRun}},
		{"-config a.yaml -config b.json", options{config: []string{"a.yaml", "b.json"}, seed: 1, duration: defaultRun}},
		{"-check api weather -json -config a.yaml", options{
			config: []string{"a.yaml"}, check: true, checked: []string{"api", "weather"}, json: true, seed: 1, duration: defaultRun,
		}},
		{"-check -- -x", options{check: true, checked: []string{"-x"}, seed: 1, duration: defaultRun}},
		{"-target https://example.org:8443/x?y=1", options{target: "https://example.org:8443/x?y=1", seed: 1, duration: defaultRun}},
		{"-duration 3s", options{seed: 1, duration: shortestRun}},
		{"-duration 60s", options{seed: 1, duration: longestRun}},
	} {
		t.Run(tc.args, func(t *testing.T) {
			var stderr strings.Builder
			o, err := parseFlags(strings.Fields(tc.args), &stderr)
			require.NoError(t, err)
			assert.Equal(t, tc.want, o)
			assert.Empty(t, stderr.String())
		})
	}
}

// A flag that can't be used must be refused, not bent into something else.
func TestUnusableFlags(t *testing.T) {
	for _, tc := range []struct{ args, says string }{
		{"-nonsense", "-nonsense"},
		{"-seed minus", "-seed"},
		{"-duration 2s", "-duration = 2s: must be from 3s to 1m0s"},
		{"-duration 2h", "-duration = 2h0m0s"},
		{"-duration fast", "fast"},
		{"-target localhost:8080", "must be a whole http or https URL"},
		{"-target http://", "must be a whole http or https URL"},
		{"-target ftp://example.org/", "must be a whole http or https URL"},
		{"-target http://[::1", "is no URL"},
		{"-check api -nonsense", "-nonsense"},
		{"-check -target http://a/", "leave out -target"},
		{"run", `unexpected argument "run"`},
	} {
		t.Run(tc.args, func(t *testing.T) {
			var stderr strings.Builder
			_, err := parseFlags(strings.Fields(tc.args), &stderr)
			require.Error(t, err)
			assert.Contains(t, stderr.String(), tc.says)
		})
	}
}

func TestAllUnusableFlagsAreReportedTogether(t *testing.T) {
	var stderr strings.Builder
	_, err := parseFlags([]string{"-duration", "1s", "-target", "x", "rest"}, &stderr)
	require.Error(t, err)
	for _, part := range []string{"-duration = 1s", `-target = "x"`, `"rest"`} {
		assert.Contains(t, stderr.String(), part)
	}
}

func TestHelpNamesEveryFlag(t *testing.T) {
	var stderr strings.Builder
	_, err := parseFlags([]string{"-h"}, &stderr)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, name := range []string{"-config", "-target", "-json", "-check", "-seed", "-duration"} {
		assert.Contains(t, stderr.String(), name)
	}
	for line := range strings.Lines(stderr.String()) {
		assert.LessOrEqual(t, len(strings.ReplaceAll(line, "\t", "    ")), width+1)
	}
}
