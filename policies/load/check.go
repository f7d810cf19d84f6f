package load

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// checker checks one source by itself, so that every error has the source and
// the line it comes from. What it returns holds only known keys, with values
// of the right type and within their ranges; the rest is reported.
type checker struct {
	doc     document
	source  int
	found   *report
	origins origins
}

// document checks the whole source.
func (c *checker) document() map[string]any {
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(c.doc.values)) {
		v := c.doc.values[key]
		switch {
		case key == operationTypesKey:
			out[key] = c.operationTypes(v)
		case key == targetsKey:
			out[key] = c.targets(v)
		case !slices.Contains(topKeys, key):
			c.foreign(key, v)
		}
	}
	maps.Copy(out, c.layer(nil, policies.Worker, blocks, c.doc.values))
	return out
}

// foreign leaves a key that is not ours alone, unless it looks like a slip.
// The names of one word have neighbours that are words too (tools, port,
// start), so for those a slip begins with the same letter and holds a block.
func (c *checker) foreign(key string, v any) {
	near := policies.Nearest(key, topKeys)
	if near == "" {
		return
	}
	if !strings.Contains(near, "_") {
		_, isBlock := stringKeys(v)
		if !isBlock || !strings.EqualFold(key[:1], near[:1]) {
			return
		}
	}
	c.report([]string{key}, nil, fmt.Sprintf("unknown key; did you mean %q?", near))
}

func (c *checker) operationTypes(v any) map[string]any {
	out := map[string]any{}
	values := c.mapping([]string{operationTypesKey}, v)
	known := make([]string, 0, 4)
	for _, t := range policies.OperationTypes() {
		known = append(known, string(t))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := []string{operationTypesKey, name}
		if !slices.Contains(known, name) {
			c.unknown(path, "operation type", known)
			continue
		}
		out[name] = c.inside(path, policies.OperationType(name), blocks, values[name])
	}
	return out
}

func (c *checker) targets(v any) map[string]any {
	out := map[string]any{}
	values := c.mapping([]string{targetsKey}, v)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		path := []string{targetsKey, name}
		var bad *policies.FieldError
		if errors.As(policies.ValidateTargetName(name), &bad) {
			c.report(path, nil, bad.Problem)
			continue
		}
		target := c.inside(path, policies.API, schema.settings, values[name])
		own, isType := ownType(name)
		if t, given := target[typeKey]; given && isType && t != string(own) {
			c.reject(append(path, typeKey), t,
				fmt.Sprintf("must be %s: the target named after an operation type holds that type's policy", own))
			delete(target, typeKey)
		}
		out[name] = target
	}
	return out
}

// inside checks the block of an operation type or a target. Its own unknown
// keys are errors, unlike those at the top level.
func (c *checker) inside(path []string, t policies.OperationType, settings []setting, v any) map[string]any {
	values := c.mapping(path, v)
	c.unknownKeys(path, settings, values)
	return c.layer(path, t, settings, values)
}

// layer checks the blocks at one level: each value by itself, and its range
// against a policy that is otherwise built in. Two values that contradict each
// other are left for later, when it is known which ones meet.
func (c *checker) layer(path []string, t policies.OperationType, settings []setting, values map[string]any) map[string]any {
	p := policies.Default(t)
	out := c.settings(path, settings, values, reflect.ValueOf(&p).Elem())
	var invalid policies.Errors
	errors.As(p.Validate(), &invalid)
	for _, e := range invalid {
		if e.Related != "" {
			continue
		}
		relative := strings.Split(e.Path, ".")
		c.reject(slices.Concat(path, relative), e.Value, e.Problem)
		remove(out, relative)
	}
	return out
}

// settings checks the keys of one block that are there and not null, and sets
// the fields of v to their values.
func (c *checker) settings(path []string, settings []setting, values map[string]any, v reflect.Value) map[string]any {
	out := map[string]any{}
	for _, s := range settings {
		given := values[s.key]
		if given == nil {
			continue
		}
		at := append(slices.Clip(path), s.key)
		if s.kind == block {
			inner := c.mapping(at, given)
			c.unknownKeys(at, s.settings, inner)
			out[s.key] = c.settings(at, s.settings, inner, v.Field(s.index))
			continue
		}
		value, problem := convert(s, given)
		if problem != "" {
			c.reject(at, given, problem)
			continue
		}
		if names, ok := value.([]string); ok && !c.conditions(at, names) {
			continue
		}
		c.mark(at, false)
		s.set(v, value)
		out[s.key] = value
	}
	return out
}

// conditions reports the names of error conditions that nobody knows.
func (c *checker) conditions(path []string, names []string) bool {
	_, err := classify.ParseConditions(names)
	var unknown *classify.UnknownNamesError
	if !errors.As(err, &unknown) {
		return true
	}
	c.mark(path, true)
	for _, u := range unknown.Names {
		c.report(path, nil, u.String(), "["+strconv.Itoa(u.Index)+"]")
	}
	return false
}

// mapping returns the keys of a block; null is a block without keys.
func (c *checker) mapping(path []string, v any) map[string]any {
	values, ok := stringKeys(v)
	if !ok && v != nil {
		c.report(path, v, "must be a block of keys and values")
	}
	return values
}

// stringKeys also takes the map the YAML parser makes where a key is not text,
// such as a target named 1.
func stringKeys(v any) (map[string]any, bool) {
	switch v := v.(type) {
	case map[string]any:
		return v, true
	case map[any]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[fmt.Sprint(key)] = value
		}
		return out, true
	}
	return nil, false
}

func (c *checker) unknownKeys(path []string, settings []setting, values map[string]any) {
	var strange []string
	for key := range values {
		if _, ok := find(settings, key); !ok {
			strange = append(strange, key)
		}
	}
	slices.Sort(strange)
	for _, key := range strange {
		c.unknown(append(slices.Clip(path), key), "key", keys(settings))
	}
}

func (c *checker) unknown(path []string, what string, known []string) {
	problem := fmt.Sprintf("unknown %s; known are %s", what, strings.Join(known, ", "))
	if near := policies.Nearest(path[len(path)-1], known); near != "" {
		problem = fmt.Sprintf("unknown %s; did you mean %q?", what, near)
	}
	c.report(path, nil, problem)
}

func (c *checker) reject(path []string, value any, problem string) {
	c.mark(path, true)
	c.report(path, value, problem)
}

func (c *checker) mark(path []string, bad bool) {
	c.origins[join(path)] = origin{source: c.source, name: c.doc.name, line: c.doc.lines.at(path), bad: bad}
}

// report adds a finding; entry is the index in a list, as it is written.
func (c *checker) report(path []string, value any, problem string, entry ...string) {
	c.found.add(c.source, &policies.FieldError{
		Source: c.doc.name, Line: c.doc.lines.at(path),
		Path: policies.FieldPath(path...) + strings.Join(entry, ""), Value: value, Problem: problem,
	})
}

// remove takes the value of a setting out again.
func remove(values map[string]any, path []string) {
	if len(path) > 1 {
		values = values[path[0]].(map[string]any)
	}
	delete(values, path[len(path)-1])
}

func ownType(name string) (policies.OperationType, bool) {
	t := policies.OperationType(name)
	return t, slices.Contains(policies.OperationTypes(), t)
}
