package load

import (
	"regexp"

	yamltree "go.yaml.in/yaml/v3"

	"github.com/holdfast-go/holdfast/policies"
)

// yamlWalk goes over a tree that was read for what the values don't tell.
type yamlWalk struct {
	places *places
	found  policies.Errors
	// entries says to note the places of the entries of lists instead of those
	// of keys.
	entries bool
}

// yamlEntries notes the places of the entries of lists.
func yamlEntries(top *yamltree.Node) *places {
	w := yamlWalk{places: &places{}, entries: true}
	w.keys(0, nil, top, nil)
	return w.places
}

var (
	// leadingZero is true of the numbers that people mean in base 10, whatever
	// reads them.
	leadingZero = regexp.MustCompile(`^[-+]?0[0-9_]`)
	// octal is one that YAML 1.1 reads in base 8; 08 and 01.5 it doesn't.
	octal = regexp.MustCompile(`^[-+]?0[0-7_]+$`)
)

// keys notes the places of our keys. What an alias brings in has the place of
// the key that it stands under, by: nil where none was met. The parser went the
// same ways, so they end.
func (w *yamlWalk) keys(h pathHash, path []string, n, by *yamltree.Node) {
	n = resolved(n)
	if n.Kind != yamltree.MappingNode || len(path) == maxDepth {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			continue
		}
		at, beyond := key, by
		if by != nil {
			at = by
		} else if value.Kind == yamltree.AliasNode {
			beyond = key
		}
		inner := h.under(key.Value)
		if w.entries {
			w.list(inner, value, beyond)
		} else {
			w.places.note(inner, at.Line, at.Column)
		}
		if len(path) > 0 || isTop(key.Value) {
			under := append(path[:len(path):len(path)], key.Value)
			w.number(under, resolved(value))
			w.keys(inner, under, value, beyond)
		}
	}
	w.merged(h, path, n, by)
}

// list notes the places of the entries of a list, or where it was brought in.
func (w *yamlWalk) list(h pathHash, n, by *yamltree.Node) {
	n = resolved(n)
	if n.Kind != yamltree.SequenceNode {
		return
	}
	for i, entry := range n.Content {
		at := entry
		if by != nil {
			at = by
		}
		w.places.note(h.under(index(i)), at.Line, at.Column)
	}
}

// merged notes what comes in by "<<", after what the mapping says itself, for
// that wins.
func (w *yamlWalk) merged(h pathHash, path []string, n, by *yamltree.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if !isMerge(key) {
			continue
		}
		at := by
		if at == nil {
			at = key
		}
		if value.Kind != yamltree.SequenceNode {
			w.keys(h, path, value, at)
			continue
		}
		for _, one := range value.Content {
			w.keys(h, path, one, at)
		}
	}
}

// number reports one that begins with 0.
func (w *yamlWalk) number(path []string, n *yamltree.Node) {
	tag := n.ShortTag()
	if n.Kind != yamltree.ScalarNode || tag != "!!int" && tag != "!!float" || !leadingZero.MatchString(n.Value) {
		return
	}
	e := &policies.FieldError{
		Line: n.Line, Column: n.Column, Path: policies.FieldPath(path...), Value: n.Value, Problem: "a number must not begin with 0",
	}
	if octal.MatchString(n.Value) {
		e.Problem += ", which YAML reads as octal"
	}
	w.found = append(w.found, e)
}
