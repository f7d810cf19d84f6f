package load

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/holdfast-go/holdfast/policies"
)

// Format is a file format.
type Format uint8

// The formats that can be loaded.
const (
	JSON Format = iota + 1
	YAML
)

// String returns the format's usual name.
func (f Format) String() string {
	switch f {
	case JSON:
		return "JSON"
	case YAML:
		return "YAML"
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
	if at := invalidUTF8(data); at >= 0 {
		return document{}, &policies.FieldError{
			Line:    lineAt(data, at),
			Problem: "is not valid UTF-8; save the file as UTF-8",
		}
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return document{}, nil
	}
	switch format {
	case JSON:
		return parseJSON(data)
	case YAML:
		return parseYAML(data)
	}
	return document{}, fault(fmt.Sprintf("%v is not a known format; use load.JSON or load.YAML", format), nil)
}

// invalidUTF8 returns where data stops being UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	at := 0
	for {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size <= 1 {
			return at
		}
		at += size
	}
}

func lineAt(data []byte, offset int) int {
	return 1 + bytes.Count(data[:min(offset, len(data))], []byte("\n"))
}

// maxDepth is that of our deepest key, targets.NAME.BLOCK.KEY. Paths are not
// followed further: in a deeply nested text they would outgrow it by far.
const maxDepth = 4

// lines holds the line of each key of a document, by its joined path.
type lines map[string]int

func join(path []string) string { return strings.Join(path, delimiter) }

// at returns the line of the key, or of the nearest block around it that has
// one: what a YAML alias brings in has no line of its own.
func (l lines) at(path []string) int {
	for ; len(path) > 0; path = path[:len(path)-1] {
		if line, ok := l[join(path)]; ok {
			return line
		}
	}
	return 0
}
