package load

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/knadh/koanf/v2"

	"github.com/holdfast-go/holdfast/policies"
)

// resolver lays the merged settings over each other: for each target the
// built-in policy of its type, then the agent-wide blocks, then those of the
// type, then its own.
type resolver struct {
	merged *koanf.Koanf
	// types holds the targets that code declares, with their types.
	types map[string]policies.OperationType
	// written holds the names of the targets in files, some more than once.
	written []string
	origins origins
	found   *report
	// told holds the contradictions that were reported, because many targets
	// inherit one.
	told map[string]bool
}

// add merges what a source says, once it is checked, over what is there.
func (r *resolver) add(doc document, checked map[string]any) error {
	maps.Copy(r.types, doc.declared)
	if targets, ok := checked[targetsKey].(map[string]any); ok {
		r.written = slices.AppendSeq(r.written, maps.Keys(targets))
	}
	if err := r.merged.Load(settings(checked), nil); err != nil {
		return fmt.Errorf("merge the settings of %s: %w", doc.name, err)
	}
	return nil
}

func (r *resolver) targets() map[string]policies.Policy {
	r.told = map[string]bool{}
	ofTypes := map[policies.OperationType]policies.Policy{}
	for _, t := range policies.OperationTypes() {
		p := policies.Default(t)
		v := reflect.ValueOf(&p).Elem()
		r.apply(v, blocks, "")
		r.apply(v, blocks, join([]string{operationTypesKey, string(t), ""}))
		ofTypes[t] = p
	}
	all := map[string]policies.Policy{}
	for _, name := range r.names() {
		p := ofTypes[r.typeOf(name)]
		r.apply(reflect.ValueOf(&p).Elem(), blocks, join([]string{targetsKey, name, ""}))
		r.contradictions(name, &p)
		all[name] = p
	}
	return all
}

// apply sets the fields of v that the merged settings give under the prefix of
// a flattened key. Whole maps are not asked for, because koanf hands out deep
// copies of them, which would take longer than all the rest.
func (r *resolver) apply(v reflect.Value, settings []setting, prefix string) {
	for _, s := range settings {
		key := prefix + s.key
		switch {
		case !r.merged.Exists(key):
		case s.kind == block:
			r.apply(v.Field(s.index), s.settings, key+delimiter)
		default:
			s.set(v, r.merged.Get(key))
		}
	}
}

// names returns the operation types, then every other target sorted, so that
// what all targets inherit is reported for the same one each time.
func (r *resolver) names() []string {
	var all []string
	for _, t := range policies.OperationTypes() {
		all = append(all, string(t))
	}
	others := append(slices.Collect(maps.Keys(r.types)), r.written...)
	slices.Sort(others)
	for _, name := range slices.Compact(others) {
		if _, isType := ownType(name); !isType {
			all = append(all, name)
		}
	}
	return all
}

func (r *resolver) typeOf(name string) policies.OperationType {
	if t, ok := ownType(name); ok {
		return t
	}
	if t, ok := r.merged.Get(join([]string{targetsKey, name, typeKey})).(string); ok {
		return policies.OperationType(t)
	}
	if t, ok := r.types[name]; ok {
		return t
	}
	return policies.API
}

// side is one of two settings that contradict each other.
type side struct {
	relative []string
	value    reflect.Value
	// layer is the path of the layer the value comes from, nearest first in
	// depth: 0 is the target, 1 its type, 2 all targets, 3 the built-in policy.
	layer []string
	depth int
	origin
}

// contradictions looks for pairs of settings of p that can't both hold. A
// built-in value gives way to what a source says. If sources give both, they
// are reported at the one nearer to the target, because the other was there
// before it.
func (r *resolver) contradictions(name string, p *policies.Policy) {
	var invalid policies.Errors
	errors.As(p.Validate(), &invalid)
	for _, e := range invalid {
		if e.Related == "" {
			continue
		}
		at, other := r.side(name, *p, e.Path), r.side(name, *p, e.Related)
		if at.bad || other.bad {
			continue
		}
		if at.depth == builtIn || other.depth == builtIn {
			giveWay(p, at, other)
			continue
		}
		if other.depth < at.depth {
			at, other = other, at
		}
		r.contradict(at, other)
	}
}

func (r *resolver) contradict(at, other side) {
	path := policies.FieldPath(slices.Concat(at.layer, at.relative)...)
	pair := path + delimiter + other.relative[1]
	if r.told[pair] {
		return
	}
	r.told[pair] = true
	bound := "at least"
	if at.value.Int() > other.value.Int() {
		bound = "at most"
	}
	problem := fmt.Sprintf("must be %s %s, which is %v", bound, other.relative[1], other.value)
	related := policies.FieldPath(slices.Concat(other.layer, other.relative)...)
	if other.depth != at.depth {
		problem += " from " + related
	}
	r.found.add(at.source, &policies.FieldError{
		Source: at.name, Line: at.line, Path: path, Value: at.value.Interface(), Problem: problem, Related: related,
	})
}

// giveWay makes the side that is built in equal to the one that is not.
func giveWay(p *policies.Policy, a, b side) {
	if a.depth != builtIn {
		a, b = b, a
	}
	valueAt(reflect.ValueOf(p).Elem(), a.relative).Set(b.value)
}

// builtIn is the depth of a value that no source gives.
const builtIn = 3

func (r *resolver) side(name string, p policies.Policy, path string) side {
	relative := strings.Split(path, ".")
	s := side{relative: relative, value: valueAt(reflect.ValueOf(p), relative), depth: builtIn}
	for depth, layer := range [][]string{{targetsKey, name}, {operationTypesKey, string(p.Type)}, nil} {
		if o, ok := r.origins[join(slices.Concat(layer, relative))]; ok {
			s.layer, s.depth, s.origin = layer, depth, o
			break
		}
	}
	return s
}
