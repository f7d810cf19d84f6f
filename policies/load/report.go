package load

import (
	"cmp"
	"slices"

	"github.com/holdfast-go/holdfast/policies"
)

// report collects what is wrong with all sources.
type report struct{ found []finding }

type finding struct {
	source int
	*policies.FieldError
}

func (r *report) add(source int, e *policies.FieldError) {
	r.found = append(r.found, finding{source, e})
}

// err returns everything found in the order of the sources, and in each in the
// order of its lines, or nil.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Line, b.Line))
	})
	all := make(policies.Errors, len(r.found))
	for i, f := range r.found {
		all[i] = f.FieldError
	}
	return all
}

// origin is where the value of a key comes from.
type origin struct {
	source int
	name   string
	line   int
	// bad says that the value was reported and left out.
	bad bool
}

// origins holds the origin of each key that any source gives, by its joined
// path, of the last source that gives it.
type origins map[string]origin
