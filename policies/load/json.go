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
		line, column := position(data, int(malformed.Offset)-1)
		return document{}, &policies.FieldError{
			Line: line, Column: column, Problem: "is not valid JSON: " + err.Error(), Cause: err,
		}
	}
	w := jsonWalk{data: data, counter: newCounter(data)}
	w.space()
	switch {
	case err == nil && values == nil: // null
		return document{}, nil
	case w.data[w.at] != '{':
		return document{}, notMapping(w.line, w.columnAt(w.at))
	}
	// The one other thing the parser refuses is a number out of range.
	w.numbers = err != nil
	root := &place{}
	w.value(root, nil)
	doc := document{values: values, places: root}
	if len(w.found) > 0 {
		return doc, w.found
	}
	return doc, nil
}

func notMapping(line, column int) error {
	return &policies.FieldError{Line: line, Column: column, Problem: "the top level must be a mapping of keys to values"}
}

// jsonWalk goes once over a text that the parser found to be JSON, and so to
// be nested no deeper than encoding/json allows. It finds what the parser
// doesn't tell: where each key stands, and keys that are there twice. It
// relies on the text being valid, which makes it several times as fast as
// reading the text again by tokens.
type jsonWalk struct {
	data []byte
	at   int
	*counter
	// numbers says to look for numbers that are out of range.
	numbers bool
	found   policies.Errors
}

// value reads the value that begins at the next byte that is not space. Its
// keys are added to p, nil if they are not ours.
func (w *jsonWalk) value(p *place, path []string) {
	w.space()
	switch w.data[w.at] {
	case '{', '[':
		w.elements(p, path, w.data[w.at] == '{')
	case '"':
		w.text()
	default:
		begin := w.at
		for w.at < len(w.data) && !ends(w.data[w.at]) {
			w.at++
		}
		if w.numbers {
			w.number(path, begin)
		}
	}
}

// ends is true of what follows a number, true, false or null.
func ends(b byte) bool {
	switch b {
	case ',', ']', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// elements reads an object or an array, with its brackets.
func (w *jsonWalk) elements(p *place, path []string, object bool) {
	w.at++
	for {
		w.space()
		switch w.data[w.at] {
		case '}', ']':
			w.at++
			return
		case ',':
			w.at++
			w.space()
		}
		inner := (*place)(nil)
		under := path
		if object {
			column := w.columnAt(w.at)
			quoted := w.text()
			if p != nil {
				key := unquote(quoted)
				under = append(slices.Clip(path), key)
				inner = w.key(p, under, key, column)
			}
			w.space()
			w.at++ // the colon
		}
		w.value(inner, under)
	}
}

// key notes a key, and returns its place if ours can be inside it.
func (w *jsonWalk) key(p *place, path []string, key string, column int) *place {
	ours := len(path) > 1 || slices.Contains(topKeys, key)
	if first, twice := p.inner[key]; twice && ours {
		w.found = append(w.found, &policies.FieldError{
			Line: w.line, Column: column, Path: policies.FieldPath(path...),
			Problem: fmt.Sprintf("the key appears twice, first on line %d; keep one", first.line),
		})
		return nil
	}
	inner := &place{line: w.line, column: column}
	p.add(key, inner)
	if !ours || len(path) == maxDepth {
		return nil
	}
	return inner
}

// space skips white space, and counts the lines; text has no line breaks.
func (w *jsonWalk) space() {
	for ; w.at < len(w.data); w.at++ {
		switch w.data[w.at] {
		case '\n':
			w.newLine(w.at + 1)
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
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = stdjson.Unmarshal(quoted, &s) // valid, as the whole text is
	return s
}

// number reports one that is out of range. What stands under a key that is not
// ours is not repeated.
func (w *jsonWalk) number(path []string, begin int) {
	text := string(w.data[begin:w.at])
	if _, err := strconv.ParseFloat(text, 64); !errors.Is(err, strconv.ErrRange) {
		return
	}
	e := &policies.FieldError{Line: w.line, Column: w.columnAt(begin), Path: policies.FieldPath(path...), Problem: "the number is out of range"}
	if len(path) > 0 && slices.Contains(topKeys, path[0]) {
		e.Value = text
	}
	w.found = append(w.found, e)
}
