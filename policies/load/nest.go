package load

import (
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// nest makes a document of flat settings, as variables and flags give them.
type nest struct {
	doc   document
	found policies.Errors
}

func newNest() *nest {
	return &nest{doc: document{values: map[string]any{}, places: &place{}, textual: true}}
}

// put sets the value at a path. name is that of the variable or flag.
func (n *nest) put(path []string, name, value string) {
	values, at := n.doc.values, n.doc.places
	for i, key := range path {
		inner, known := at.inner[key]
		if !known {
			inner = &place{name: name}
			at.add(key, inner)
		}
		at = inner
		if i == len(path)-1 {
			if known {
				n.conflict(path, name, inner.name)
				return
			}
			values[key] = value
			return
		}
		block, ok := values[key].(map[string]any)
		if !ok {
			if known {
				n.conflict(path, name, inner.name)
				return
			}
			block = map[string]any{}
			values[key] = block
		}
		values = block
	}
}

func (n *nest) conflict(path []string, name, first string) {
	n.found = append(n.found, &policies.FieldError{
		Source: name, Path: policies.FieldPath(path...), Problem: first + " sets the same; keep one",
	})
}

func (n *nest) document() (document, error) {
	if len(n.found) > 0 {
		return n.doc, n.found
	}
	return n.doc, nil
}

// divide makes a path of the parts of a name. A target's name may hold the
// separator itself, so the keys after it are counted from the end.
func divide(parts []string, separator string, spell func(string) string) []string {
	path := slices.Clone(parts)
	path[0] = spell(path[0])
	if path[0] != targetsKey {
		for i := range path {
			path[i] = spell(path[i])
		}
		return path
	}
	keys := 2 // a block and a setting
	if spell(path[len(path)-1]) == typeKey {
		keys = 1
	}
	if len(path) <= 1+keys {
		return path
	}
	name := strings.Join(path[1:len(path)-keys], separator)
	out := []string{targetsKey, name}
	for _, key := range path[len(path)-keys:] {
		out = append(out, spell(key))
	}
	return out
}

func isTop(key string) bool { return slices.Contains(topKeys, key) }
