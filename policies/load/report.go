package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// maxErrors bounds how many errors are kept: a text of 1 MiB may have a
// quarter of a million.
const maxErrors = 1_000

// report collects what is wrong with all sources.
type report struct{ found []finding }

type finding struct {
	source int
	*policies.FieldError
	// complete does what is worth doing only for an error that is kept. It
	// may be nil.
	complete func()
}

func (r *report) add(source int, e *policies.FieldError) {
	r.found = append(r.found, finding{source: source, FieldError: e})
}

// later has the error that was added last completed if it is kept.
func (r *report) later(complete func()) { r.found[len(r.found)-1].complete = complete }

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
// order of its lines, or nil. Beyond maxErrors they are only counted.
func (r *report) err() error {
	if len(r.found) == 0 {
		return nil
	}
	slices.SortStableFunc(r.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.source, b.source), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Source, b.Source), comparePaths(a.Path, b.Path))
	})
	omitted := max(0, len(r.found)-maxErrors)
	all := make(policies.Errors, 0, len(r.found)-omitted+1)
	for _, f := range r.found[:len(r.found)-omitted] {
		if f.complete != nil {
			f.complete()
		}
		all = append(all, f.FieldError)
	}
	if omitted > 0 {
		all = append(all, &policies.FieldError{
			Problem: fmt.Sprintf("%d more are not listed; mend these first", omitted), Omitted: omitted,
		})
	}
	return all
}

// comparePaths compares as text, but numbers as numbers: [2] comes before [10].
func comparePaths(a, b string) int {
	for a != "" && b != "" {
		m, restA := cutNumber(a)
		n, restB := cutNumber(b)
		switch {
		case m != "" && n != "":
			if order := cmp.Or(cmp.Compare(len(m), len(n)), strings.Compare(m, n)); order != 0 {
				return order
			}
			a, b = restA, restB
		case a[0] != b[0]:
			return cmp.Compare(a[0], b[0])
		default:
			a, b = a[1:], b[1:]
		}
	}
	return cmp.Compare(len(a), len(b))
}

// cutNumber cuts the digits a text begins with, without leading zeros.
func cutNumber(s string) (digits, rest string) {
	rest = strings.TrimLeft(s, "0123456789")
	digits = s[:len(s)-len(rest)]
	if significant := strings.TrimLeft(digits, "0"); significant != "" || digits == "" {
		return significant, rest
	}
	return "0", rest
}
