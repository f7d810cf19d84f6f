package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
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

// Broken: a proof holds though its tests were renamed, or did less than its goal
// says, or the other size's bound is the one that is asked for.
func TestJudge_WhatWasNotRun(t *testing.T) {
	p := proof{short: size{least: least(count{"programs", 10})}, full: size{least: least(count{"programs", 1000})}}
	require.Equal(t, holds, p.judge("prove: x programs=10", nil, false).verdict)
	require.Equal(t, violated, p.judge("prove: x programs=9", nil, false).verdict)
	require.Equal(t, violated, p.judge("prove: x programs=10", nil, true).verdict)
	require.Equal(t, holds, p.judge("prove: x programs=1000", nil, true).verdict)
	for _, said := range []string{
		"ok  \texample/x\t0.001s [no tests to run]", "testing: warning: no tests to run\nPASS",
		"testing: warning: no fuzz tests to fuzz\nPASS", "?   \texample/x\t[no test files]",
	} {
		r := proof{}.judge(said, nil, true)
		require.Equal(t, violated, r.verdict, said)
		require.Contains(t, r.measured, "nothing was run")
	}
}

// Broken: the command goes on after a violation, or doesn't say how to see it
// again, or ends well.
func TestRun(t *testing.T) {
	all := []proof{
		{name: "good", short: size{"", "echo prove: good lost=0", time.Second, nil}, full: size{"", "echo prove: good lost=0", time.Second, nil}, bounds: zero("lost")},
		{name: "slow", short: size{"", "echo prove: slow ms=9", time.Second, nil}, full: size{"", "echo prove: slow ms=9", time.Second, nil},
			bounds: []bound{{name: "ms", most: 5, measured: true}}},
		{name: "bad", short: size{"", "echo prove: bad lost=1", time.Second, nil}, bounds: zero("lost")},
		{name: "never", short: size{"", "echo prove: never", time.Second, nil}},
	}
	for _, c := range []struct {
		args      []string
		code      int
		says      string
		doesntSay string
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
		assert.NotContains(t, out.String(), c.doesntSay)
		assert.Equal(t, c.code == 2, problems.Len() > 0, "%v: %s", c.args, problems.String())
	}
}

// Broken: a narrow terminal breaks the lines in the middle of their words.
func TestIndented(t *testing.T) {
	text := "holds in 3m0s: " + strings.Repeat("figure=1000000 ", 20)
	lines := strings.Split(strings.TrimSuffix(indented(text), "\n"), "\n")
	require.Greater(t, len(lines), 3)
	for _, line := range lines {
		require.LessOrEqual(t, len(line), width)
		require.True(t, strings.HasPrefix(line, "        "), line)
	}
	require.Equal(t, strings.Fields(text), strings.Fields(strings.Join(lines, " ")))
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

// Broken: an interrupt is taken for a violation, or waits for the proof's end.
func TestRun_Interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out := &interrupting{cancel: cancel}
	all := []proof{{name: "long", short: size{"", "sleep 3600", time.Hour, nil}, full: size{"", "sleep 3600", time.Hour, nil}}}
	var problems bytes.Buffer
	require.Equal(t, interrupted, run(ctx, []string{"-short"}, all, out, &problems))
	require.Contains(t, out.String(), "interrupted in long; 0 of 1")
	require.NotContains(t, out.String(), violated)
	require.Empty(t, problems.String())
}

// interrupting is whoever watches, and has seen enough when the first proof begins.
type interrupting struct {
	bytes.Buffer
	cancel func()
}

func (w *interrupting) Write(p []byte) (int, error) {
	w.cancel()
	return w.Buffer.Write(p)
}

// Broken: the commands are run in whatever folder the program was started in, and
// find no packages.
func TestModuleRoot(t *testing.T) {
	root, err := moduleRoot(t.Context())
	require.NoError(t, err)
	require.FileExists(t, filepath.Join(root, "tests", "prove", "prove_test.go"))
	said, err := execute(t.Context(), root, "go list ./tests/prove")
	require.NoError(t, err, said)
}

// Broken: a proof that runs when its context ends runs on.
func TestExecute_EndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := execute(ctx, t.TempDir(), "sleep 3600")
	require.Error(t, err)
}
