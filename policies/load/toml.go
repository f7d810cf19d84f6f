package load

import (
	"errors"
	"fmt"
	"slices"

	"github.com/knadh/koanf/parsers/toml/v2"
	tomllib "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/holdfast-go/holdfast/policies"
)

// maxTOMLDepth bounds the nesting, in brackets and in dotted keys, because the
// parser doesn't: it would use up the stack, which nothing can catch.
const maxTOMLDepth = 1_000

func parseTOML(data []byte) (document, error) {
	if at := tooDeep(data); at >= 0 {
		line, column := position(data, at)
		return document{}, &policies.FieldError{
			Line: line, Column: column, Problem: fmt.Sprintf("is nested deeper than %d", maxTOMLDepth),
		}
	}
	values, err := toml.Parser().Unmarshal(data)
	var malformed *tomllib.DecodeError
	if errors.As(err, &malformed) {
		line, column := malformed.Position()
		return document{}, &policies.FieldError{Line: line, Column: column, Problem: "is not valid TOML: " + message(malformed), Cause: err}
	}
	if err != nil {
		return document{}, fault("is not valid TOML: "+err.Error(), err)
	}
	w := tomlWalk{root: &place{}}
	w.parser.Reset(data)
	w.expressions()
	return document{values: values, places: w.root}, nil
}

func message(e *tomllib.DecodeError) string {
	const prefix = "toml: "
	s := e.Error()
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):]
	}
	return s
}

// tooDeep returns where the text nests too deeply, or -1. Brackets and dots
// inside of strings and comments count too, which no sane file minds: a line's
// dots are counted anew, and brackets that are not closed are few.
func tooDeep(data []byte) int {
	brackets, dots := 0, 0
	for i, b := range data {
		switch b {
		case '[', '{':
			brackets++
		case ']', '}':
			brackets = max(0, brackets-1)
		case '\n':
			dots = 0
		case '.':
			dots++
		}
		if brackets > maxTOMLDepth || dots > maxTOMLDepth {
			return i
		}
	}
	return -1
}

// tomlWalk goes over a text that the parser found to be TOML, for the places of
// our keys.
type tomlWalk struct {
	parser unstable.Parser
	root   *place
	// table is where the keys that follow belong, nil if they are not ours.
	table *place
	path  []string
}

func (w *tomlWalk) expressions() {
	w.table = w.root
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			w.table, w.path = w.keys(w.root, nil, e.Key())
		case unstable.KeyValue:
			w.keyValue(w.table, w.path, e)
		}
	}
}

func (w *tomlWalk) keyValue(p *place, path []string, n *unstable.Node) {
	p, path = w.keys(p, path, n.Key())
	if p == nil || n.Value().Kind != unstable.InlineTable {
		return
	}
	inner := n.Value().Children()
	for inner.Next() {
		if inner.Node().Kind == unstable.KeyValue {
			w.keyValue(p, path, inner.Node())
		}
	}
}

// keys notes the parts of a dotted key inside p, and returns the last one's
// place, nil if ours can't be inside it.
func (w *tomlWalk) keys(p *place, path []string, parts unstable.Iterator) (*place, []string) {
	for parts.Next() {
		if p == nil {
			return nil, nil
		}
		part := parts.Node()
		at := w.parser.Shape(part.Raw).Start
		key := string(part.Data)
		inner, known := p.inner[key]
		if !known {
			inner = &place{line: at.Line, column: at.Column}
			p.add(key, inner)
		}
		path = append(slices.Clip(path), key)
		p = inner
		if len(path) == maxDepth || !isTop(path[0]) {
			p = nil
		}
	}
	return p, path
}
