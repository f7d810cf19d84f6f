package load

import (
	"bytes"
	"errors"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	tomllib "github.com/pelletier/go-toml/v2"

	"github.com/holdfast-go/holdfast/policies"
)

// parseTOML goes over the text before the parser does: what would cost the
// parser its stack, or minutes, is refused first.
func parseTOML(data []byte) (document, error) {
	w := newTOMLWalk(data)
	if err := w.expressions(); err != nil {
		return document{}, err
	}
	values, err := toml.Parser().Unmarshal(data)
	if err != nil {
		return document{}, notTOML(data, err, w.parser.Error() != nil)
	}
	return document{values: values, places: w.places, entries: func() *places { return tomlEntries(data) }}, nil
}

// notTOML is the parser's error with a column that counts characters, and
// without what stands in the text, because that may be a secret; so it has no
// cause either. If the syntax is right the error is about one key, and has its
// path.
func notTOML(data []byte, err error, syntax bool) error {
	var malformed *tomllib.DecodeError
	if !errors.As(err, &malformed) {
		return fault("is not valid TOML", nil)
	}
	at := offsetOf(data, malformed)
	e := &policies.FieldError{Problem: "is not valid TOML: " + strings.TrimPrefix(malformed.Error(), "toml: ")}
	e.Line, e.Column = position(data, at)
	if syntax {
		return e
	}
	path := keyAt(data, at)
	e.Path = policies.FieldPath(path...)
	switch message := malformed.Error(); {
	case strings.Contains(message, "already"), strings.Contains(message, "should be"):
		e.Problem = "the key or table is there already; keep one"
	case strings.Contains(message, "too large"), strings.Contains(message, "parse float"):
		e.Problem = "the number is out of range"
		if isTop(path[0]) {
			end := bytes.IndexAny(data[at:], ",]}# \t\r\n")
			if end < 0 {
				end = len(data) - at
			}
			e.Value = string(data[at : at+end])
		}
	}
	return e
}

// offsetOf turns the parser's line and column, which counts bytes, into an
// offset.
func offsetOf(data []byte, e *tomllib.DecodeError) int {
	line, column := e.Position()
	at := 0
	for range line - 1 {
		at += bytes.IndexByte(data[at:], '\n') + 1
	}
	return at + column - 1
}
