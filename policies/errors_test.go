package policies

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A report is read in a terminal and a log, so whatever a file holds stays on
// its line and is cut where it is long.
func TestFieldErrorIsOneLine(t *testing.T) {
	long := strings.Repeat("é", 100)
	for _, tc := range []struct {
		err  FieldError
		want string
	}{
		{FieldError{Problem: "p"}, `p`},
		{FieldError{Source: "a.json", Problem: "is a directory"}, `a.json: is a directory`},
		{FieldError{Source: "a.json", Line: 3, Path: "pool", Problem: "p"}, `a.json:3: pool: p`},
		{FieldError{Path: "x", Value: 1e6, Problem: "p"}, `x = 1000000: p`},
		{FieldError{Path: "x", Value: 1e30, Problem: "p"}, `x = 1e+30: p`},
		{FieldError{Path: "x", Value: "a\nb\x1b[31m", Problem: "two\nlines"}, `x = "a\nb\x1b[31m": two lines`},
		{FieldError{Source: "a\n.json", Path: "x", Value: []any{"a\n\x00"}, Problem: "p"}, `a .json: x = [a ]: p`},
		{FieldError{Path: "x", Value: long, Problem: "p"}, `x = "` + long[:64] + `…" (200 bytes): p`},
		{FieldError{Path: "x", Value: "x" + long, Problem: "p"}, `x = "x` + long[:62] + `…" (201 bytes): p`},
		{FieldError{Path: "x", Value: []string{long}, Problem: "p"}, `x = [` + long[:62] + `…: p`},
	} {
		assert.EqualError(t, &tc.err, tc.want)
	}
}

func TestErrorsHaveACountAndALineEach(t *testing.T) {
	one := Errors{{Path: "x", Problem: "p"}}
	assert.EqualError(t, one, "1 bad setting:\n  x: p")
	assert.EqualError(t, append(one, &FieldError{Problem: "q"}), "2 bad settings:\n  x: p\n  q")

	many := make(Errors, 150)
	for i := range many {
		many[i] = one[0]
	}
	assert.Equal(t, 102, len(strings.Split(many.Error(), "\n")))
	assert.True(t, strings.HasSuffix(many.Error(), "\n  and 50 more"))
}

// If this fails, a program can't tell a bad setting from a missing file.
func TestErrorsAreReached(t *testing.T) {
	var err error = Errors{{Path: "x", Problem: "p"}, {Source: "a.json", Problem: "q", Cause: fs.ErrNotExist}}
	assert.ErrorIs(t, err, ErrInvalid)
	assert.ErrorIs(t, err, fs.ErrNotExist)
	var field *FieldError
	require.True(t, errors.As(err, &field))
	assert.Equal(t, "x", field.Path)
	assert.ErrorIs(t, field, ErrInvalid)
	assert.NotErrorIs(t, field, fs.ErrNotExist)
}

func TestFieldPath(t *testing.T) {
	for _, tc := range []struct {
		segments []string
		want     string
	}{
		{nil, ``},
		{[]string{"pool", "workers"}, `pool.workers`},
		{[]string{"targets", "pay-2_A", "pool"}, `targets.pay-2_A.pool`},
		{[]string{"targets", "a.b", "pool"}, `targets["a.b"].pool`},
		{[]string{"targets", ""}, `targets[""]`},
		{[]string{"my key"}, `["my key"]`},
		{[]string{"targets", "a\"\n"}, `targets["a\"\n"]`},
	} {
		assert.Equal(t, tc.want, FieldPath(tc.segments...))
	}
}

func TestNearest(t *testing.T) {
	known := []string{"pool", "restart", "targets", "retry_policy", "retry_police"}
	for name, want := range map[string]string{
		"retry_polcy": "retry_policy", "RETRY_POLICY": "retry_policy", "retyr_policy": "retry_policy",
		"target": "targets", "start": "restart", "polo": "pool", "pooool": "", "port": "", "tools": "",
		"": "", "retry": "", "retry_plc": "",
	} {
		assert.Equal(t, want, Nearest(name, known), name)
	}
}
