package load

import (
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// variable is a setting as the environment or the command line gives it.
type variable struct {
	name  string // with "$" or "-"
	path  []string
	value string
}

// divided makes a path of the parts of a name. A target's name may hold the
// separator itself, so the keys after it are counted from the end.
func divided(parts []string, separator string, spell func(string) string) []string {
	path := make([]string, len(parts))
	for i, part := range parts {
		path[i] = spell(part)
	}
	if path[0] != targetsKey {
		return path
	}
	keys := 2 // a block and a setting
	if path[len(path)-1] == typeKey {
		keys = 1
	}
	end := len(path) - keys
	if end < 2 {
		return path
	}
	return slices.Concat([]string{targetsKey, strings.Join(parts[1:end], separator)}, path[end:])
}

// nest turns the document's variables into nested values, now that it is known
// how the targets are spelt.
func (d *document) nest(n names, found *report, source int) {
	if d.variables == nil {
		return
	}
	d.values, d.places = map[string]any{}, &places{}
	given := map[pathHash]string{} // the variable that gave each key first
	for _, v := range d.variables {
		if d.folded && v.path[0] == targetsKey && len(v.path) > 1 {
			v.path[1] = n.resolve(v.path[1], source)
		}
		d.put(v, given, found, source)
	}
}

func (d *document) put(v variable, given map[pathHash]string, found *report, source int) {
	values, h := d.values, pathHash(0)
	for i, key := range v.path {
		h = h.under(key)
		there, taken := values[key]
		block, isBlock := there.(map[string]any)
		last := i == len(v.path)-1
		if taken && (last || !isBlock) && !isTop(v.path[0]) {
			return // neither is ours
		}
		if taken && (last || !isBlock) {
			found.add(source, &policies.FieldError{
				Source: v.name, Path: policies.FieldPath(v.path...), Problem: given[h] + " sets the same; keep one",
			})
			return
		}
		if last {
			values[key] = v.value
		} else if !taken {
			block = map[string]any{}
			values[key] = block
		}
		if !taken {
			given[h] = v.name
			d.places.noteName(h, v.name)
		}
		values = block
	}
}
