package load

import (
	"cmp"
	"errors"
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

// addAll adds what is wrong with one source as a whole.
func (r *report) addAll(source int, name string, err error) {
	var several policies.Errors
	var one *policies.FieldError
	switch {
	case errors.As(err, &several):
	case errors.As(err, &one):
		several = policies.Errors{one}
	}
	for _, e := range several {
		if e.Source == "" {
			e.Source = name
		}
		r.add(source, e)
	}
}

// err returns everything found in the order of the sources, and in each in the
// order of its lines, or nil.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Path, b.Path))
	})
	all := make(policies.Errors, len(r.found))
	for i, f := range r.found {
		all[i] = f.FieldError
	}
	return all
}
