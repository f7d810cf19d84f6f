package load

import (
	"bytes"
	"errors"
	"strconv"
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
	var found policies.Errors
	if err != nil {
		if w.parser.Error() != nil {
			e, _ := notTOML(data, err, true)
			return document{}, e
		}
		values, found = mendTOML(data)
	}
	doc := document{values: values, places: w.places, entries: func() *places { return tomlEntries(data) }}
	if len(found) > 0 {
		return doc, found
	}
	return doc, nil
}

// notTOML is the parser's error with a column that counts characters, and
// without what stands in the text, because that may be a secret; so it has no
// cause either. If the syntax is right the error is about one key, and has its
// path. The offset is -1 where it is not known.
func notTOML(data []byte, err error, syntax bool) (e *policies.FieldError, at int) {
	var malformed *tomllib.DecodeError
	if !errors.As(err, &malformed) {
		return &policies.FieldError{Problem: "is not valid TOML"}, -1
	}
	at = offsetOf(data, malformed)
	e = &policies.FieldError{Problem: "is not valid TOML: " + strings.TrimPrefix(malformed.Error(), "toml: ")}
	e.Line, e.Column = position(data, at)
	if syntax {
		return e, at
	}
	e.Path = policies.FieldPath(keyAt(data, at)...)
	token := data[at:tokenEnd(data, at)]
	switch message := malformed.Error(); {
	case strings.Contains(message, "already"), strings.Contains(message, "should be"):
		e.Problem = "the key or table is there already; keep one"
	case outOfRange(token):
		e.Problem, e.Value = "the number is out of range", string(token)
	}
	return e, at
}

// tokenEnd is where a number or a key that begins at an offset ends.
func tokenEnd(data []byte, at int) int {
	if end := bytes.IndexAny(data[at:], ",]}# \t\r\n"); end >= 0 {
		return at + end
	}
	return len(data)
}

// outOfRange is true of a number that the parser can't hold.
func outOfRange(token []byte) bool {
	digits := strings.ReplaceAll(string(token), "_", "")
	_, asInteger := strconv.ParseInt(digits, 0, 64)
	_, asFloat := strconv.ParseFloat(digits, 64)
	return errors.Is(asInteger, strconv.ErrRange) || errors.Is(asFloat, strconv.ErrRange)
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
