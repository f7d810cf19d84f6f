package main

import (
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func mutated(t *testing.T, body string) (keys []string, out string) {
	t.Helper()
	id := 0
	mutants, source, err := mutate("", "f.go", []byte("package p\n\nfunc (m *T[E]) f() bool {\n"+body+"\n}\n"), func() int { id++; return id })
	require.NoError(t, err)
	_, err = parser.ParseFile(token.NewFileSet(), "f.go", source, 0)
	require.NoError(t, err, "%s", source)
	for i, m := range mutants {
		require.Equal(t, i+1, m.id)
		keys = append(keys, strings.TrimPrefix(m.key(), "f.go: T.f: "))
	}
	return keys, string(source)
}

// If it failed, guards would be passed over that no test may need.
func TestWhatIsMutated(t *testing.T) {
	for body, want := range map[string][]string{
		"if a { }":                         {"false: a", "true: a"},
		"if x := f(); x { }":               {"false: x", "true: x"},
		"if a && !b { }":                   {"false: a && !b", "true: a && !b", "true: a", "true: !b"},
		"return a || b":                    {"false: a || b", "true: a || b", "false: a", "false: b"},
		"return a":                         nil,
		"if a < b { }":                     {"false: a < b", "true: a < b", "edge: a < b"},
		"for a >= b { }":                   {"false: a >= b", "edge: a >= b"},
		"switch { case a: default: }":      {"false: a", "true: a"},
		"switch a { case b: m.f() }":       {"skip: m.f()"},
		"m.f()\nm.n++\nx := 1\nx = 2\n_=x": {"skip: m.f()", "skip: m.n++", "skip: x = 2"},
		"defer m.f()\ngo m.f()\nc <- 1":    {"skip: defer m.f()", "skip: go m.f()", "skip: c <- 1"},
		"panic(1)":                         nil,
		"m.f()\nm.f()":                     {"skip: m.f()", "skip: m.f() #2"},
		"do(func() { if a { m.f() } })":    {"skip: do(func() { if a { m.f() } })", "false: a", "true: a", "skip: m.f()"},
	} {
		got, _ := mutated(t, body)
		assert.Equal(t, want, got, body)
	}
}

// If it failed, a mutant would not be what its name says.
func TestHowItIsMutated(t *testing.T) {
	_, out := mutated(t, "if a && b { m.f() }")
	assert.Contains(t, out, "if (!mutantAt(1) && (mutantAt(2) || ((mutantAt(3) || (a)) && (mutantAt(4) || (b))))) { if !mutantAt(5) { m.f() } }")
	_, out = mutated(t, "return a < b")
	assert.Contains(t, out, "return (!mutantAt(1) && (mutantAt(2) || ((mutantAt(3) && (a <= b) || !mutantAt(3) && (a < b)))))")
}

// If it failed, a list would name what is no longer there.
func TestEveryListedMutantExists(t *testing.T) {
	exists := map[string]bool{}
	for i := range groups {
		files, err := groups[i].sources("../..")
		require.NoError(t, err)
		require.NotEmpty(t, files, groups[i].name)
		for _, file := range files {
			src, err := os.ReadFile(filepath.Join("../..", file))
			require.NoError(t, err)
			mutants, _, err := mutate("../..", file, src, func() int { return 0 })
			require.NoError(t, err)
			for _, m := range mutants {
				require.False(t, exists[m.key()], "two mutants of one name: %s", m.key())
				exists[m.key()] = true
			}
		}
	}
	require.Greater(t, len(exists), 500)
	seen := map[string]bool{}
	for _, e := range equivalent {
		assert.True(t, exists[e.key], e.key)
		assert.NotEmpty(t, e.reason)
		assert.False(t, seen[e.key], "twice: %s", e.key)
		seen[e.key] = true
	}
}

// If it failed, a survivor would go by unnoticed, or a reason be believed that is
// wrong.
func TestTheReport(t *testing.T) {
	known := func(v verdict) result {
		r := result{verdict: v, reached: 1}
		parts := strings.SplitN(equivalent[0].key, ": ", 4)
		r.file, r.function, r.kind, r.text = parts[0], parts[1], parts[2], parts[3]
		return r
	}
	for _, c := range []struct {
		r    result
		good bool
		says string
	}{
		{result{verdict: failed}, true, "1 killed"},
		{result{verdict: hung}, true, "1 hung"},
		{result{verdict: passed}, false, "1 survived (1 that no test comes by)"},
		{result{verdict: passed, reached: 3}, false, "SURVIVED (3 tests)"},
		{known(passed), true, "1 equivalent"},
		{known(failed), false, "NOT EQUIVALENT"},
	} {
		var out strings.Builder
		assert.Equal(t, c.good, report(&groups[0], []result{c.r}, 0, &out), "%+v", c.r)
		assert.Contains(t, out.String(), c.says)
	}
}

// If it failed, -short and -share would examine a mutant twice, or others than every
// so-manieth from the first on, which is the same sample each time.
func TestSample(t *testing.T) {
	var all []mutant
	for id := range 10 {
		all = append(all, mutant{id: id})
	}
	assert.Equal(t, "[0 3 6 9]", fmt.Sprint(ids(sample(all, 3))))
	assert.Len(t, sample(all, 1), 10)
}

// If it failed, a sample that was hardly looked at, or looked at with tests that
// don't work, would pass for a good one.
func TestProblems(t *testing.T) {
	assert.Empty(t, examination{results: make([]result, 5), chosen: 10}.problems())
	assert.Equal(t, []string{"there was time for 4 of 10 mutants, which is less than half"},
		examination{results: make([]result, 4), chosen: 10}.problems())
	assert.Equal(t, []string{"./x: TestY fails without a mutant"}, examination{unfit: []string{"./x: TestY"}}.problems())
}

// If it failed, a mistake in the command would examine something else, or nothing.
func TestMistakes(t *testing.T) {
	for says, args := range map[string][]string{
		`mutants: there is no group "all"; there are machine, strategy, worker`: {"-only", "all"},
		`mutants: "machine" is no flag`:                                         {"machine"},
		"mutants: -match: ":                                                     {"-match", "("},
		"mutants: -short is a sample of the machine":                            {"-short", "-only", "worker"},
		"machine, strategy, worker":                                             {"-help"},
	} {
		var out, problems strings.Builder
		assert.Equal(t, 2, run(t.Context(), args, &out, &problems), "%v", args)
		assert.Contains(t, problems.String(), says)
		assert.Empty(t, out.String())
	}
}

func ids(all []mutant) (ids []int) {
	for _, m := range all {
		ids = append(ids, m.id)
	}
	return ids
}
