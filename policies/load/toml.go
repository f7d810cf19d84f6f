package load

import (
	"bytes"
	"errors"

	tomllib "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/holdfast-go/holdfast/policies"
)

// parseTOML goes over the text before the parser does: what would cost the
// parser its stack, or minutes, is refused first.
func parseTOML(data []byte) (document, error) {
	w := newTOMLWalk(data)
	if err := w.expressions(); err != nil {
		return document{}, err
	}
	if err := w.parser.Error(); err != nil {
		return document{}, notTOML(w, err)
	}
	values, found := tomlValues(data)
	doc := document{values: values, places: w.places, entries: func() *places { return tomlEntries(data) }}
	if len(found) > 0 {
		return doc, found
	}
	return doc, nil
}

// notTOML is the parser's error about the syntax with a column that counts
// characters, and without what stands in the text, because that may be a secret;
// so it has no cause either.
func notTOML(w *tomlWalk, err error) *policies.FieldError {
	e := &policies.FieldError{Problem: "is not valid TOML"}
	var malformed *unstable.ParserError
	if errors.As(err, &malformed) {
		e.Problem += ": " + malformed.Message
		e.Line, e.Column = position(w.data, int(w.parser.Range(malformed.Highlight).Offset))
	}
	return e
}

// notRead reports what the parser refuses although its syntax is right and all
// keys are there once. What it says of it may quote the text.
func notRead(data []byte, err error) *policies.FieldError {
	e := &policies.FieldError{Problem: "the TOML parser refuses what stands here; nothing of the file was read"}
	var malformed *tomllib.DecodeError
	if errors.As(err, &malformed) {
		e.Line, e.Column = position(data, offsetOf(data, malformed))
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
