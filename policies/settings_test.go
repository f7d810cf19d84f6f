package policies

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// If this fails, text of the user's choice is taken for one of a list of words,
// or the other way round.
func TestKindOfText(t *testing.T) {
	assert.Equal(t, Name, kindOf(reflect.TypeFor[string]()))
	assert.Equal(t, Word, kindOf(reflect.TypeFor[Jitter]()))
	assert.Equal(t, "name", Name.String())
	assert.Equal(t, "Kind(99)", Kind(99).String())
}

// If this fails, a name is taken that could not stand in a metric or a log, or
// a good one, or none, is refused.
func TestNamesOfTheUsersChoice(t *testing.T) {
	s := Setting{Path: "block.name", Kind: Name}
	for name, problem := range map[string]string{
		"":                       "",
		"model provider":         "",
		"gpt-4·1":                "",
		strings.Repeat("n", 128): "",
		strings.Repeat("n", 129): "a name has at most 128 bytes, this one 129",
		strings.Repeat("é", 65):  "a name has at most 128 bytes, this one 130",
		"a/b":                    `a name must not contain "/"`,
		"a\nb":                   "a name must not contain control characters",
		" a":                     "a name must not begin or end with a space",
		"a\u00a0":                "a name must not begin or end with a space",
		"\xff":                   "a name must be valid UTF-8",
	} {
		err := s.Check(name)
		if problem == "" {
			assert.NoError(t, err, "%q", name)
			continue
		}
		var all Errors
		if assert.ErrorAs(t, err, &all, "%q", name) {
			assert.Equal(t, Errors{{Path: "block.name", Value: name, Problem: problem}}, all)
		}
	}
}

// If this fails, a program shows a name that isn't there as nothing at all.
func TestNoNameIsShownAsNone(t *testing.T) {
	s := Setting{Path: "block.name", Kind: Name}
	assert.Equal(t, "none", s.word(reflect.ValueOf("")))
	assert.Equal(t, "provider", s.word(reflect.ValueOf("provider")))
	assert.True(t, s.same(reflect.ValueOf("a"), reflect.ValueOf("a")))
	assert.False(t, s.same(reflect.ValueOf("a"), reflect.ValueOf("")))
}
