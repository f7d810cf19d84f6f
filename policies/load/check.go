package load

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// checker checks one source by itself, so that every error has the source and
// the line it comes from. Known keys with values of the right type and within
// their ranges go to the store; the rest is reported.
type checker struct {
	doc    document
	source int
	name   string
	names  *names
	store  *store
	found  *report
}

// layer is where settings stand: at the top level, in an operation type or in a
// target.
type layer struct {
	path   []string
	prefix string // of the store's keys
}

// document checks the whole source.
func (c *checker) document() {
	root := c.doc.places
	if root == nil {
		root = &place{}
	}
	top := layer{prefix: agentWide}
	for key, v := range c.doc.values {
		at := root.in(key)
		switch {
		case key == operationTypesKey:
			c.operationTypes(v, at)
		case key == targetsKey:
			c.targets(v, at)
		case blocks[key] != nil:
			c.block(top, key, v, at)
		default:
			c.foreign(key, v, at)
		}
	}
}

// foreign leaves a key that is not ours alone, unless it looks like a slip.
// The names of one word have neighbours that are words too (tools, port,
// start), so for those a slip begins with the same letter and holds a block.
func (c *checker) foreign(key string, v any, at *place) {
	near := policies.Nearest(key, topKeys)
	if near == "" {
		return
	}
	if !strings.Contains(near, "_") {
		_, isBlock := v.(map[string]any)
		if !isBlock || !strings.EqualFold(key[:1], near[:1]) {
			return
		}
	}
	c.report(at, []string{key}, nil, fmt.Sprintf("unknown key; did you mean %q?", near))
}

func (c *checker) operationTypes(v any, at *place) {
	prefix := ofType
	if c.doc.bindu {
		prefix = ofBindu
	}
	for name, inner := range c.mapping([]string{operationTypesKey}, v, at) {
		path := []string{operationTypesKey, name}
		if _, known := ownType(name); !known {
			c.unknown(at.in(name), path, "operation type", typeNames())
			continue
		}
		c.inside(layer{path, prefix + name + "/"}, inner, at.in(name), insideTypes)
	}
}

func (c *checker) targets(v any, at *place) {
	for written, inner := range c.mapping([]string{targetsKey}, v, at) {
		name := written
		if c.doc.folded {
			name = c.names.resolve(written)
		}
		here := at.in(written)
		path := []string{targetsKey, name}
		var bad *policies.FieldError
		if errors.As(policies.ValidateTargetName(name), &bad) {
			c.report(here, path, nil, bad.Problem)
			continue
		}
		c.store.addTarget(name)
		c.inside(layer{path, ofTarget + name + "/"}, inner, here, insideTarget)
	}
}

// inside checks the block of an operation type or a target. Its own unknown
// keys are errors, unlike those at the top level.
func (c *checker) inside(l layer, v any, at *place, known []string) {
	for key, inner := range c.mapping(l.path, v, at) {
		here := at.in(key)
		switch {
		case blocks[key] != nil:
			c.block(l, key, inner, here)
		case key == typeKey && slices.Contains(known, typeKey):
			if own, isType := ownType(l.path[1]); isType && inner != nil && inner != string(own) {
				c.reject(l, typeSetting, here, inner, mustBeOwnType(own))
				continue
			}
			c.setting(l, typeSetting, inner, here)
		default:
			c.unknown(here, append(slices.Clip(l.path), key), "key", known)
		}
	}
}

func (c *checker) block(l layer, name string, v any, at *place) {
	b := blocks[name]
	for key, inner := range c.mapping(append(slices.Clip(l.path), name), v, at) {
		if s := b.settings[key]; s != nil {
			c.setting(l, s, inner, at.in(key))
			continue
		}
		c.unknown(at.in(key), append(slices.Clip(l.path), name, key), "key", b.keys)
	}
}

// setting checks one value by itself. Two values that contradict each other
// are left for later, when it is known which ones meet.
func (c *checker) setting(l layer, s *setting, v any, at *place) {
	if v == nil {
		return
	}
	value, problem := c.convert(s, v)
	if problem != "" {
		c.reject(l, s, at, v, problem)
		return
	}
	if text, isText := v.(string); isText && c.doc.textual {
		v = text
	} else {
		v = shown(s, value)
	}
	if err := s.Check(value); err != nil {
		var invalid policies.Errors
		errors.As(err, &invalid)
		for _, e := range invalid {
			entry := strings.TrimPrefix(e.Path, s.Path) // the index in a list
			if entry != "" {
				v = e.Value
			}
			c.reject(l, s, at, v, e.Problem, entry)
		}
		return
	}
	if names, ok := value.([]string); ok && !c.conditions(l, s, names, at) {
		return
	}
	c.store.put(l.prefix, s, value, c.origin(at))
}

func (c *checker) convert(s *setting, v any) (any, string) {
	if text, isText := v.(string); isText && c.doc.textual {
		return convertText(s, text)
	}
	return convert(s, v)
}

// conditions reports the names of error conditions that nobody knows.
func (c *checker) conditions(l layer, s *setting, names []string, at *place) bool {
	_, err := classify.ParseConditions(names)
	var unknown *classify.UnknownNamesError
	if !errors.As(err, &unknown) {
		return true
	}
	for _, u := range unknown.Names {
		c.reject(l, s, at, nil, u.String(), "["+strconv.Itoa(u.Index)+"]")
	}
	return false
}

// mapping returns the keys of a block; null is a block without keys.
func (c *checker) mapping(path []string, v any, at *place) map[string]any {
	switch v := v.(type) {
	case map[string]any:
		return v
	case nil:
		return nil
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Map {
		return c.stringKeys(path, r, at)
	}
	if _, isText := v.(string); isText && c.doc.textual {
		v = nil // a variable may hold anything
	}
	c.report(at, path, v, "must be a block of keys and values")
	return nil
}

// stringKeys takes the map the YAML parser makes where a key is not text, such
// as a target named 1, and the maps of Go types.
func (c *checker) stringKeys(path []string, r reflect.Value, at *place) map[string]any {
	out := make(map[string]any, r.Len())
	for key, value := range r.Seq2() {
		name := fmt.Sprint(key.Interface())
		if _, twice := out[name]; twice {
			c.report(at, append(slices.Clip(path), name), nil, "two keys are written in different ways and read the same; keep one")
		}
		out[name] = value.Interface()
	}
	return out
}

func (c *checker) unknown(at *place, path []string, what string, known []string) {
	problem := fmt.Sprintf("unknown %s; known are %s", what, strings.Join(known, ", "))
	if near := policies.Nearest(path[len(path)-1], known); near != "" {
		problem = fmt.Sprintf("unknown %s; did you mean %q?", what, near)
	}
	c.report(at, path, nil, problem)
}

// reject reports the value of a setting, and notes that it was given; entry is
// the index in a list, as it is written.
func (c *checker) reject(l layer, s *setting, at *place, value any, problem string, entry ...string) {
	o := c.origin(at)
	o.bad = true
	c.store.note(l.prefix, s, o)
	c.report(at, append(slices.Clip(l.path), strings.Split(s.Path, ".")...), value, problem, entry...)
}

func (c *checker) origin(at *place) origin {
	name := c.name
	if at.name != "" {
		name = at.name
	}
	return origin{source: c.source, name: name, line: at.line, column: at.column}
}

func (c *checker) report(at *place, path []string, value any, problem string, entry ...string) {
	o := c.origin(at)
	c.found.add(c.source, &policies.FieldError{
		Source: o.name, Line: o.line, Column: o.column,
		Path: policies.FieldPath(path...) + strings.Join(entry, ""), Value: value, Problem: problem,
	})
}
