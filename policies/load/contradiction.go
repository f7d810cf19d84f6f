package load

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// side is one of two settings that contradict each other.
type side struct {
	*setting
	value reflect.Value
	// layer is where the value is given, and depth how near to the target: 0
	// is the target, then its type, all targets, Bindu's variables, and the
	// built-in policy.
	layer layer
	depth int
	origin
}

func (s side) path() string {
	return policies.FieldPath(slices.Concat(s.layer.path, strings.Split(s.Path, "."))...)
}

// builtIn is the depth of a value that no source gives.
const builtIn = 4

// contradictions looks for pairs of settings of p that can't both hold. A
// built-in value gives way to what a source says. If sources give both, they
// are reported at the one nearer to the target, because the other was there
// before it.
func (r *resolver) contradictions(name string, p *policies.Policy) {
	var invalid policies.Errors
	if !errors.As(p.Validate(), &invalid) {
		return
	}
	for _, e := range invalid {
		if e.Related == "" {
			continue
		}
		at, other := r.side(name, p, e.Path), r.side(name, p, e.Related)
		switch {
		case at.bad || other.bad:
		case at.depth == builtIn:
			at.value.Set(other.value)
			r.explained.follow(name, at.setting, other.setting)
		case other.depth == builtIn:
			other.value.Set(at.value)
			r.explained.follow(name, other.setting, at.setting)
		case other.depth < at.depth:
			r.contradict(other, at, e.Problem)
		default:
			r.contradict(at, other, e.Problem)
		}
	}
}

func (r *resolver) contradict(at, other side, problem string) {
	pair := at.path() + " " + other.path()
	if r.told[pair] {
		return
	}
	r.told[pair] = true
	if at.Kind == policies.Names {
		problem = fmt.Sprintf("must not name %q, which %s names too", shared(at.value, other.value), other.key)
	} else {
		bound := "at least"
		if at.value.Int() > other.value.Int() {
			bound = "at most"
		}
		problem = fmt.Sprintf("must be %s %s, which is %v", bound, other.key, other.value)
	}
	if other.depth != at.depth {
		problem += " from " + other.path()
	}
	r.found.add(at.source, &policies.FieldError{
		Source: at.name, Line: at.line, Column: at.column,
		Path: at.path(), Value: at.value.Interface(), Problem: problem, Related: other.path(),
	})
}

// shared returns the first name that is in both lists.
func shared(a, b reflect.Value) string {
	others := b.Interface().([]string)
	for _, name := range a.Interface().([]string) {
		if slices.Contains(others, name) {
			return name
		}
	}
	return ""
}

func (r *resolver) side(name string, p *policies.Policy, path string) side {
	one := settingAt[path]
	s := side{setting: one, value: one.Value(p), depth: builtIn}
	t := string(p.Type)
	for depth, l := range []layer{
		{[]string{targetsKey, name}, ofTarget + name + "/"},
		{[]string{operationTypesKey, t}, ofType + t + "/"},
		{nil, agentWide},
		{[]string{operationTypesKey, t}, ofBindu + t + "/"},
	} {
		if o, ok := r.origins[l.prefix+path]; ok {
			s.layer, s.depth, s.origin = l, depth, o
			break
		}
	}
	return s
}
