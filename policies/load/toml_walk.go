package load

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	// maxTOMLDepth bounds the nesting of tables, dotted keys and arrays. The
	// parser bounds only that of brackets, and what it makes of a long dotted
	// key would use up the stack when it is shown in an error.
	maxTOMLDepth = 1_000
	// maxTOMLKeys bounds the keys of a text, each part of a dotted one counted,
	// and the tables and arrays written as values. The parser looks each key up
	// among all that were before it, so that a file of 1 MiB could keep it busy
	// for minutes.
	maxTOMLKeys = 20_000
)

// tomlWalk goes over a text by its syntax, for the places of our keys.
type tomlWalk struct {
	parser unstable.Parser
	counter
	places *places
	count  int
	// entries says to note the places of the entries of lists instead of those
	// of keys.
	entries bool
}

func newTOMLWalk(data []byte) *tomlWalk {
	w := &tomlWalk{counter: newCounter(data), places: &places{}}
	w.parser.Reset(data)
	return w
}

// tomlEntries notes the places of the entries of lists.
func tomlEntries(data []byte) *places {
	w := newTOMLWalk(data)
	w.entries = true
	_ = w.expressions() // it went well before
	return w.places
}

// tomlBlock is where keys belong.
type tomlBlock struct {
	pathHash
	depth int
	// foreign says that none of ours can be inside.
	foreign bool
}

// expressions goes over the text as far as its syntax is right. It reports what
// the parser must not be given.
func (w *tomlWalk) expressions() error {
	var table tomlBlock
	for w.parser.NextExpression() {
		var err error
		switch e := w.parser.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table, err = w.keys(tomlBlock{}, e.Key())
		case unstable.KeyValue:
			err = w.keyValue(table, e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *tomlWalk) keyValue(in tomlBlock, n *unstable.Node) error {
	in, err := w.keys(in, n.Key())
	if err != nil {
		return err
	}
	return w.value(in, n.Value())
}

// value goes into tables and arrays. Its depth is bounded by the parser's.
func (w *tomlWalk) value(in tomlBlock, n *unstable.Node) error {
	inArray := n.Kind == unstable.Array
	if !inArray && n.Kind != unstable.InlineTable {
		return nil
	}
	w.count++
	noted := w.entries && inArray && (!in.foreign || in.depth == maxDepth)
	if inArray {
		in.foreign = true
		in.depth++
	}
	i := -1
	for inner := n.Children(); inner.Next(); {
		var err error
		if i++; noted && inner.Node().Raw.Length > 0 {
			line, column := w.place(int(inner.Node().Raw.Offset))
			w.places.note(in.under(index(i)), line, column)
		}
		if inArray {
			err = w.value(in, inner.Node())
		} else if inner.Node().Kind == unstable.KeyValue {
			err = w.keyValue(in, inner.Node())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// keys notes the parts of a dotted key inside a block, and returns the block it
// leads to.
func (w *tomlWalk) keys(in tomlBlock, parts unstable.Iterator) (tomlBlock, error) {
	for parts.Next() {
		n := parts.Node()
		at := int(n.Raw.Offset)
		w.count++
		in.depth++
		switch {
		case w.count > maxTOMLKeys:
			return in, w.refuse(at, fmt.Sprintf("has more than %d keys and values in brackets; divide the TOML file, or use JSON", maxTOMLKeys))
		case in.depth > maxTOMLDepth:
			return in, w.refuse(at, fmt.Sprintf("is nested deeper than %d", maxTOMLDepth))
		case in.foreign:
			continue
		}
		key := string(n.Data)
		in.pathHash = in.under(key)
		if !w.entries {
			line, column := w.place(at)
			w.places.note(in.pathHash, line, column)
		}
		in.foreign = in.depth == maxDepth || in.depth == 1 && !isTop(key)
	}
	return in, nil
}

func (w *tomlWalk) refuse(at int, problem string) error {
	line, column := w.place(at)
	return &policies.FieldError{Line: line, Column: column, Problem: problem}
}
