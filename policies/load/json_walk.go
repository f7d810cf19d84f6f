package load

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"strconv"

	"github.com/holdfast-go/holdfast/policies"
)

// jsonWalk goes once over a text that the parser found to be JSON, and so to
// be nested no deeper than encoding/json allows. It finds what the parser
// doesn't tell: where each key stands, and keys that are there twice. It
// relies on the text being valid, which makes it many times as fast as reading
// the text again by tokens.
type jsonWalk struct {
	data []byte
	at   int
	counter
	places *places
	// path is that of the value being read, as far as keys can be ours, in the
	// text's own spelling.
	path [][]byte
	// keys counts those that can be ours.
	keys int
	// lines holds the line of each key met, nil where none is there twice.
	lines map[pathHash]int
	// numbers says to look for numbers that are out of range.
	numbers bool
	// entries says to note the places of the entries of lists instead of those
	// of keys, and inList that the value being read is in one.
	entries, inList bool
	found           policies.Errors
}

// value reads the value that begins at the next byte that is not space. h is
// the hash of its path, and ours says that our keys can be inside.
func (w *jsonWalk) value(h pathHash, ours bool) {
	w.space()
	switch w.data[w.at] {
	case '{':
		w.object(h, ours)
	case '[':
		w.array(h)
	case '"':
		w.text()
	default:
		begin := w.at
		for w.at < len(w.data) && !ends(w.data[w.at]) {
			w.at++
		}
		if w.numbers {
			w.number(begin)
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

// next goes to the next key or element, or behind the closing bracket.
func (w *jsonWalk) next() bool {
	w.space()
	switch w.data[w.at] {
	case '}', ']':
		w.at++
		return false
	case ',':
		w.at++
		w.space()
	}
	return true
}

func (w *jsonWalk) array(h pathHash) {
	outer := w.inList
	w.inList = true
	i := 0
	for w.at++; w.next(); i++ {
		if w.entries && !outer {
			w.places.note(h.under(index(i)), w.line, w.columnAt(w.at))
		}
		w.value(h, false)
	}
	w.inList = outer
}

// jsonEntries notes the places of the entries of lists.
func jsonEntries(data []byte) *places {
	w := jsonWalk{data: data, counter: newCounter(data), places: &places{}, entries: true}
	w.value(0, true)
	return w.places
}

func (w *jsonWalk) object(h pathHash, ours bool) {
	depth := len(w.path)
	for w.at++; w.next(); {
		inner, inside := h, false
		begin := w.at
		key := w.text()
		if ours {
			inner = h.underQuoted(key)
			w.keys++
			column := w.columnAt(begin)
			if !w.entries {
				w.places.note(inner, w.line, column)
			}
			w.path = append(w.path[:depth], key)
			inside = depth > 0 || isTop(unquote(key))
			if w.lines != nil && inside {
				inside = !w.twice(inner, column)
			}
			inside = inside && len(w.path) < maxDepth
		}
		w.space()
		w.at++ // the colon
		w.value(inner, inside)
	}
	w.path = w.path[:depth]
}

// twice reports a key that is there already.
func (w *jsonWalk) twice(h pathHash, column int) bool {
	first, met := w.lines[h]
	if !met {
		w.lines[h] = w.line
		return false
	}
	w.found = append(w.found, &policies.FieldError{
		Line: w.line, Column: column, Path: policies.FieldPath(unquoteAll(w.path)...),
		Problem: fmt.Sprintf("the key appears twice, first on line %d; keep one", first),
	})
	return true
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

// underQuoted is under for a key as it stands in the text.
func (h pathHash) underQuoted(key []byte) pathHash {
	if bytes.IndexByte(key, '\\') >= 0 {
		return h.under(unquote(key))
	}
	return h.mix(maphash.Bytes(hashSeed, key[1:len(key)-1]))
}

func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	_ = stdjson.Unmarshal(quoted, &s) // valid, as the whole text is
	return s
}

func unquoteAll(quoted [][]byte) []string {
	path := make([]string, len(quoted))
	for i, key := range quoted {
		path[i] = unquote(key)
	}
	return path
}

// number reports one that is out of range, unless it is not ours.
func (w *jsonWalk) number(begin int) {
	text := string(w.data[begin:w.at])
	if _, err := strconv.ParseFloat(text, 64); !errors.Is(err, strconv.ErrRange) {
		return
	}
	path := unquoteAll(w.path)
	if len(path) == 0 || !isTop(path[0]) {
		return
	}
	w.found = append(w.found, &policies.FieldError{
		Line: w.line, Column: w.columnAt(begin), Path: policies.FieldPath(path...), Value: text, Problem: "the number is out of range",
	})
}
