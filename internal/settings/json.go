package settings

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// keyed is one key of an object and its value.
type keyed struct {
	key   string
	value any
}

// object is a JSON object whose keys keep their order.
type object []keyed

// MarshalJSON writes the object.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := compact(k.key)
		if err != nil {
			return nil, err
		}
		value, err := compact(k.value)
		if err != nil {
			return nil, err
		}
		b.WriteString(key + ":" + value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// compact is v as JSON on one line, with <, > and & as they are.
func compact(v any) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// indented is v as a JSON file. What is not ASCII is escaped, so that nobody
// has to tell one kind of space from another in a pattern.
func indented(v any) ([]byte, error) {
	text, err := compact(v)
	if err != nil {
		return nil, err
	}
	var ascii strings.Builder
	for _, r := range text {
		if r < 0x80 {
			ascii.WriteRune(r)
		} else {
			fmt.Fprintf(&ascii, `\u%04x`, r)
		}
	}
	var b bytes.Buffer
	err = json.Indent(&b, []byte(ascii.String()), "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}
