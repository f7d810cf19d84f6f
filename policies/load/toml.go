package load

import (
	"errors"
	"fmt"

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
	w := tomlWalk{places: &places{}}
	w.parser.Reset(data)
	w.expressions()
	return document{values: values, places: w.places}, nil
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
	places *places
}

// tomlBlock is where keys belong.
type tomlBlock struct {
	pathHash
	depth int
	// foreign says that none of ours can be inside.
	foreign bool
}

func (w *tomlWalk) expressions() {
	var table tomlBlock
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = w.keys(tomlBlock{}, e.Key())
		case unstable.KeyValue:
			w.keyValue(table, e)
		}
	}
}

func (w *tomlWalk) keyValue(in tomlBlock, n *unstable.Node) {
	in = w.keys(in, n.Key())
	if in.foreign || n.Value().Kind != unstable.InlineTable {
		return
	}
	for inner := n.Value().Children(); inner.Next(); {
		if inner.Node().Kind == unstable.KeyValue {
			w.keyValue(in, inner.Node())
		}
	}
}

// keys notes the parts of a dotted key inside a block, and returns the block it
// leads to.
func (w *tomlWalk) keys(in tomlBlock, parts unstable.Iterator) tomlBlock {
	for !in.foreign && parts.Next() {
		key := string(parts.Node().Data)
		at := w.parser.Shape(parts.Node().Raw).Start
		in.pathHash = in.under(key)
		in.depth++
		w.places.note(in.pathHash, at.Line, at.Column)
		in.foreign = in.depth == maxDepth || in.depth == 1 && !isTop(key)
	}
	return in
}
