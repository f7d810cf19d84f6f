package scenarios

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const example = `target a max_attempts=3 min_wait=1s max_wait=8s failure_threshold=3 recovery_timeout=30s success_threshold=1
worker a : 1s temp, ok
target k keyed.max_keys=2
do 1 a deadline=5s cancel=1m priority=-2 idempotent key when_open=park fallback=ok : temp after=1s, 2s deaf ok cost=0.5
wait 1m5s
go 2 k/x/y : { do 3 a : 1s hang ; ask 4 a : inner } inner, http.503 after=1s, ok late=temp late_after=1h
force_open a 1s
reload a pool.workers=2
listen blocks
reset
shutdown 1m
`

// Broken: a program that is printed is another one when it is read, and what
// the explorer reports can't be kept as a scenario.
func TestParse_ReadsWhatStringWrites(t *testing.T) {
	p, err := Parse(example)
	require.NoError(t, err)
	require.NoError(t, p.Valid())
	require.Equal(t, example, p.String())
}

// Broken: a mistake in a scenario is passed over, and it tests something else.
func TestParse_Mistakes(t *testing.T) {
	for line, says := range map[string]string{
		"dance a":                 "nobody knows the command dance",
		"do 1 a":                  "something is missing",
		"do 1 a : fly":            "can't do fly",
		"do 1 a : 2s":             "without a result",
		"do 1 a often : ok":       "no option often",
		"do 1 a : { do 2 a : ok":  "something is missing",
		"worker a : ok":           "no target a",
		"wait 5":                  "missing unit",
		"listen badly":            "can't be badly",
		"force_close a b":         "too much: b",
		"target a pool.workers":   "key=value",
		"do 1 a : ok : temp":      "can't do :",
		"do 1 a priority=no : ok": "invalid syntax",
	} {
		_, err := Parse(line)
		require.ErrorContains(t, err, says, line)
	}
}

// Broken: -rewrite takes lines that it can't read out of somebody's file.
func TestReadTranscript_Mistakes(t *testing.T) {
	for text, says := range map[string]string{
		"> target a\ndo 1 a : ok\n":  "a.txt:2: \"do 1 a : ok\" is neither a command",
		">target a\n":                "a.txt:1:",
		"> target a\n> dance a\n":    "a.txt:2: nobody knows",
		"> target a\n  > do 1 a":     "a.txt:2:",
		"> target a\n\nhappens\n":    "a.txt:3:",
		"":                           "a.txt: there is no command",
		"# only a comment\n  text\n": "a.txt: there is no command",
		"loose\n":                    "a.txt: there is no command",
		"target a\nloose\n":          "a.txt:1:",
		"loose\ndance a\n":           "a.txt:2: nobody knows",
	} {
		_, err := ReadTranscript("a.txt", text)
		require.ErrorContains(t, err, says, text)
	}
	for _, text := range []string{"# why\n> target a\n> do 1 a : ok\n  1 began\n\n", "loose\ntarget a\n\ndo 1 a : ok\n"} {
		script, err := ReadTranscript("a.txt", text)
		require.NoError(t, err)
		require.Len(t, script.blocks, 2)
	}
}
