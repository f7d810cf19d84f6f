package main

import (
	"bytes"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Broken: a proof's figures are read wrongly, and a violation passes for none.
func TestFigures(t *testing.T) {
	said := "=== RUN\nprove: chaos operations=12 lost=1 seconds=0.5\n    x_test.go:1: prove: chaos lost=2 word=none\nelapsed: 3s, execs: 10 (\nexecs: 20 (\n"
	require.Equal(t, []figure{{"operations", 12, "12"}, {"lost", 2, "2"}, {"seconds", 0.5, "0.5"}, {"samples", 20, "20"}},
		figures(said, regexp.MustCompile(`execs: (?P<samples>\d+)`)))
}

// Broken: what was not measured, or failed, holds.
func TestJudge(t *testing.T) {
	p := proof{bounds: []bound{{name: "lost"}, {name: "ms", most: 5, measured: true}}}
	for said, want := range map[string]string{
		"prove: x lost=0 ms=5": holds,
		"prove: x lost=0 ms=6": missed,
		"prove: x lost=1 ms=5": violated,
		"prove: x lost=1 ms=6": violated,
		"prove: x ms=5":        violated,
		"":                     violated,
	} {
		require.Equal(t, want, p.judge(said, nil, true).verdict, said)
	}
	require.Equal(t, violated, p.judge("prove: x lost=0 ms=5", errors.New("exit status 1"), true).verdict)
}

// Broken: the command goes on after a violation, or doesn't say how to see it
// again, or ends well.
func TestRun(t *testing.T) {
	all := []proof{
		{name: "good", short: size{"", "echo prove: good lost=0", time.Second}, full: size{"", "echo prove: good lost=0", time.Second}, bounds: zero("lost")},
		{name: "slow", short: size{"", "echo prove: slow ms=9", time.Second}, full: size{"", "echo prove: slow ms=9", time.Second},
			bounds: []bound{{name: "ms", most: 5, measured: true}}},
		{name: "bad", short: size{"", "echo prove: bad lost=1", time.Second}, bounds: zero("lost")},
		{name: "never", short: size{"", "echo prove: never", time.Second}},
	}
	for _, c := range []struct {
		args     []string
		code     int
		says     string
		doesntSa string
	}{
		{[]string{"-short"}, 1, "This runs it again:\n\n\techo prove: bad lost=1", "never"},
		{[]string{"-short", "-only", "good,slow"}, 0, "| slow |  |  | ms=9 (ms is to be from 0 to 5) | MISSED |", "bad"},
		{[]string{"-full"}, 1, "2 of 2 in", "bad"},
		{[]string{"-short", "-only", "good"}, 0, "| good |  |  | lost=0 | holds |", "slow"},
		{[]string{"-list"}, 0, "never", "holds"},
		{[]string{"-short", "-only", "nobody"}, 2, "", "good"},
		{[]string{"-full", "-only", "bad"}, 2, "", "good"},
		{nil, 2, "", "good"},
		{[]string{"-short", "stray"}, 2, "", "good"},
		{[]string{"-no"}, 2, "", "good"},
	} {
		var out, problems bytes.Buffer
		assert.Equal(t, c.code, run(t.Context(), c.args, all, &out, &problems), "%v", c.args)
		assert.Contains(t, out.String(), c.says)
		assert.NotContains(t, out.String(), c.doesntSa)
		assert.Equal(t, c.code == 2, problems.Len() > 0, "%v: %s", c.args, problems.String())
	}
}

// Broken: two proofs of one name, of which -only would run both.
func TestProofsHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range proofs {
		require.False(t, seen[p.name], p.name)
		seen[p.name] = true
		require.NotEmpty(t, p.full.command, p.name)
	}
}
