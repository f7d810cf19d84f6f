package load

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/holdfast-go/holdfast/policies"
)

// Format is a file format.
type Format uint8

// The formats that can be loaded.
const (
	JSON Format = iota + 1
	YAML
	TOML
)

// String returns the format's usual name.
func (f Format) String() string {
	switch f {
	case JSON:
		return "JSON"
	case YAML:
		return "YAML"
	case TOML:
		return "TOML"
	}
	return fmt.Sprintf("Format(%d)", uint8(f))
}

// byteOrderMark is UTF-8's, which some editors write and no parser wants.
var byteOrderMark = []byte("\xef\xbb\xbf")

// parse turns data into a document. The error is a [policies.FieldError] or a
// [policies.Errors], without the source's name. A document with errors may
// still hold what could be read, so that its settings are checked as well.
func parse(format Format, data []byte) (document, error) {
	data = bytes.TrimPrefix(data, byteOrderMark)
	if err := encoded(data); err != nil {
		return document{}, err
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return document{}, fault("is empty; if no settings are meant, write "+format.nothing(), nil)
	}
	switch format {
	case JSON:
		return parseJSON(data)
	case YAML:
		return parseYAML(data)
	case TOML:
		return parseTOML(data)
	}
	return document{}, fault(fmt.Sprintf("%v is not a known format; use load.JSON, load.YAML or load.TOML", format), nil)
}

// nothing is what a file without settings may say.
func (f Format) nothing() string {
	if f == JSON {
		return "{}"
	}
	return "a comment"
}

// encoded reports text that is not UTF-8.
func encoded(data []byte) error {
	if utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 {
		return nil
	}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return fault("is UTF-16 or UTF-32; save the file as UTF-8", nil)
		}
	}
	at := 0
	for at < len(data) && data[at] != 0 {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			break
		}
		at += size
	}
	line, column := position(data, at)
	return &policies.FieldError{Line: line, Column: column, Problem: "is not UTF-8 text; save the file as UTF-8"}
}

// maxDepth is that of our deepest key, targets.NAME.BLOCK.KEY. Places are not
// looked for further down: a deeply nested text would have too many.
const maxDepth = 4
