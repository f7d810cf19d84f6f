package load

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/knadh/koanf/parsers/json"

	"github.com/holdfast-go/holdfast/policies"
)

func parseJSON(data []byte) (document, error) {
	values, err := json.Parser().Unmarshal(data)
	var malformed *stdjson.SyntaxError
	if errors.As(err, &malformed) {
		return document{}, &policies.FieldError{
			Line: lineAt(data, int(malformed.Offset)), Problem: "is not valid JSON: " + err.Error(), Cause: err,
		}
	}
	w := jsonWalk{data: data, line: 1, lines: lines{}}
	w.space()
	switch {
	case err == nil && values == nil: // null
		return document{}, nil
	case w.data[w.at] != '{':
		return document{}, notMapping(w.line)
	}
	// The one other thing the parser refuses is a number out of range.
	w.numbers = err != nil
	w.value(nil)
	if len(w.found) > 0 {
		return document{values: values, lines: w.lines}, w.found
	}
	return document{values: values, lines: w.lines}, nil
}

func notMapping(line int) error {
	return &policies.FieldError{Line: line, Problem: "the top level must be a mapping of keys to values"}
}

// jsonWalk goes once over a text that the parser found to be JSON, and so to
// be nested no deeper than encoding/json allows. It finds what the parser
// doesn't tell: the line of each key, and keys that are there twice. It relies
// on the text being valid, which makes it several times as fast as reading the
// text again by tokens.
type jsonWalk struct {
	data []byte
	at   int
	line int
	// numbers says to look for numbers that are out of range.
	numbers bool
	lines   lines
	found   policies.Errors
}

// value reads the value that begins at the next byte that is not space.
func (w *jsonWalk) value(path []string) {
	w.space()
	switch w.data[w.at] {
	case '{', '[':
		w.elements(path, w.data[w.at] == '{')
	case '"':
		w.text()
	default:
		begin := w.at
		for w.at < len(w.data) && !bytes.ContainsRune([]byte(",]} \t\r\n"), rune(w.data[w.at])) {
			w.at++
		}
		w.scalar(path, string(w.data[begin:w.at]))
	}
}

// elements reads an object or an array, with its brackets.
func (w *jsonWalk) elements(path []string, object bool) {
	w.at++
	for n := 0; ; n++ {
		w.space()
		switch w.data[w.at] {
		case '}', ']':
			w.at++
			return
		case ',':
			w.at++
			w.space()
		}
		segment := strconv.Itoa(n)
		if object {
			segment = unquote(w.text())
			w.space()
			w.at++ // the colon
		}
		if len(path) == maxDepth {
			w.value(path)
			continue
		}
		at := append(slices.Clip(path), segment)
		if object {
			w.key(at)
		}
		w.value(at)
	}
}

// space skips white space, and counts the lines; text has no line breaks.
func (w *jsonWalk) space() {
	for ; w.at < len(w.data); w.at++ {
		switch w.data[w.at] {
		case '\n':
			w.line++
		case ' ', '\t', '\r':
		default:
			return
		}
	}
}

// text reads a string, and returns it with its quotes.
func (w *jsonWalk) text() []byte {
	begin := w.at
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.data[begin:w.at]
}

func unquote(quoted []byte) string {
	if !bytes.ContainsRune(quoted, '\\') {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = stdjson.Unmarshal(quoted, &s) // valid, as the whole text is
	return s
}

// key notes the line of a key that errors can be about.
func (w *jsonWalk) key(path []string) {
	ours := slices.Contains(topKeys, path[0])
	if !ours && len(path) > 1 {
		return
	}
	key := join(path)
	first, twice := w.lines[key]
	if twice && ours {
		w.report(path, nil, fmt.Sprintf("the key appears twice, first on line %d; keep one", first))
		return
	}
	w.lines[key] = w.line
}

func (w *jsonWalk) scalar(path []string, s string) {
	if !w.numbers {
		return
	}
	if _, err := strconv.ParseFloat(s, 64); errors.Is(err, strconv.ErrRange) {
		w.report(path, s, "the number is out of range")
	}
}

func (w *jsonWalk) report(path []string, value any, problem string) {
	w.found = append(w.found, &policies.FieldError{
		Line: w.line, Path: policies.FieldPath(path...), Value: value, Problem: problem,
	})
}
