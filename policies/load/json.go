package load

import (
	stdjson "encoding/json"
	"errors"

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
	w := jsonWalk{data: data, counter: newCounter(data), places: newPlaces(data)}
	w.space()
	switch {
	case err == nil && values == nil: // null
		return document{}, nil
	case w.data[w.at] != '{':
		return document{}, notMapping(w.line, w.columnAt(w.at))
	}
	// The one other thing the parser refuses is a number out of range. Without
	// koanf around it, it reads the rest.
	if w.numbers = err != nil; w.numbers {
		_ = stdjson.Unmarshal(data, &values)
	}
	w.value(0, true)
	doc := document{values: values, places: w.places, entries: func() *places { return jsonEntries(data) }}
	if w.keys != keysOf(values) { // some are there twice
		again := jsonWalk{data: data, counter: newCounter(data), places: &places{}, lines: map[pathHash]int{}}
		again.value(0, true)
		w.found = append(w.found, again.found...)
	}
	if len(w.found) > 0 {
		return doc, w.found
	}
	return doc, nil
}

func notMapping(line, column int) error {
	return &policies.FieldError{Line: line, Column: column, Problem: "the top level must be a mapping of keys to values"}
}

// keysOf counts the keys our settings can stand under, at all depths.
func keysOf(values map[string]any) int {
	n := len(values)
	for key, v := range values {
		if inner, ok := v.(map[string]any); ok && isTop(key) {
			n += keysInside(inner, 1)
		}
	}
	return n
}

func keysInside(values map[string]any, depth int) int {
	n := len(values)
	if depth+1 == maxDepth {
		return n
	}
	for _, v := range values {
		if inner, ok := v.(map[string]any); ok {
			n += keysInside(inner, depth+1)
		}
	}
	return n
}
