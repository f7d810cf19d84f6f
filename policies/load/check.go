package load

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/holdfast-go/holdfast/policies"
)

// checker checks one source by itself, so that every error has the source and
// the line it comes from. Known keys with values of the right type and within
// their ranges go to the store; the rest is reported.
type checker struct {
	doc    document
	source int
	name   string
	store  *store
	found  *report
	// entries says where the entries of lists stand, nil until the first of
	// them is wrong.
	entries *places
}

// document checks the whole source.
func (c *checker) document() {
	for key, v := range c.doc.values {
		switch {
		case key == operationTypesKey:
			c.operationTypes(v)
		case key == targetsKey:
			c.targets(v)
		case blocks[key] != nil:
			c.block(&c.store.agentWide, key, v)
		default:
			c.foreign(key, v)
		}
	}
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
		_, isBlock := v.(map[string]any)
		if !isBlock || !strings.EqualFold(key[:1], near[:1]) {
			return
		}
	}
	c.report([]string{key}, nil, fmt.Sprintf("unknown key; did you mean %q?", near))
}

func (c *checker) operationTypes(v any) {
	layers := c.store.types
	if c.doc.bindu {
		layers = c.store.bindu
	}
	for name, inner := range c.mapping(v, operationTypesKey) {
		l := layers[name]
		if l == nil {
			c.unknown([]string{operationTypesKey, name}, "operation type", typeNames())
			continue
		}
		c.inside(l, inner, insideTypes)
	}
}

func (c *checker) targets(v any) {
	for name, inner := range c.mapping(v, targetsKey) {
		path := []string{targetsKey, name}
		var bad *policies.FieldError
		if errors.As(policies.ValidateTargetName(name), &bad) {
			c.report(path, nil, bad.Problem)
			continue
		}
		c.inside(c.store.target(name), inner, insideTarget)
	}
}

// inside checks the block of an operation type or a target. Its own unknown
// keys are errors, unlike those at the top level.
func (c *checker) inside(l *layer, v any, known []string) {
	for key, inner := range c.mapping(v, l.path...) {
		switch {
		case blocks[key] != nil:
			c.block(l, key, inner)
		case key == typeKey && len(known) == len(insideTarget):
			own, isType := ownType(l.path[1])
			if text, _ := asText(inner); isType && inner != nil && text != string(own) {
				c.reject(l, typeSetting, inner, mustBeOwnType(own))
				continue
			}
			c.setting(l, typeSetting, inner)
		default:
			c.unknown(append(slices.Clip(l.path), key), "key", known)
		}
	}
}

func (c *checker) block(l *layer, name string, v any) {
	values, ok := v.(map[string]any)
	if !ok && v != nil { // the path is put together only where something is wrong
		values = c.mapping(v, append(slices.Clip(l.path), name)...)
	}
	b := blocks[name]
	lists := 0
	for key, inner := range values {
		s := b.settings[key]
		if s == nil {
			c.unknown(append(slices.Clip(l.path), name, key), "key", b.keys)
			continue
		}
		c.setting(l, s, inner)
		if s.Kind == policies.Names {
			lists++
		}
	}
	if lists > 1 {
		c.lists(l, name)
	}
}

// setting checks one value by itself. Two values that contradict each other
// are left for later, when it is known which ones meet.
func (c *checker) setting(l *layer, s *setting, v any) {
	if v == nil {
		return
	}
	if s.Kind == policies.Names {
		c.names(l, s, v)
		return
	}
	value, problem := c.convert(s, v)
	if problem != "" {
		c.unfit(l, s, v, problem)
		return
	}
	if err := s.Check(value); err != nil {
		c.outOfRange(l, s, v, value, err)
		return
	}
	l.put(given{setting: s, value: value, source: c.source})
}

func (c *checker) convert(s *setting, v any) (any, string) {
	if text, isText := v.(string); isText && c.doc.variables != nil {
		return convertText(s, text)
	}
	return convert(s, v)
}

// unfit reports a value that can't be the setting's. One of another shape is
// not shown, for it may be anything.
func (c *checker) unfit(l *layer, s *setting, v any, problem string) {
	if scalar(v) == nil {
		problem += ", not " + shape(v)
	}
	c.reject(l, s, scalar(v), problem)
}

// outOfRange reports a value of the right type that is not allowed: as the
// source has it, or if that is a number, with its unit.
func (c *checker) outOfRange(l *layer, s *setting, v, value any, err error) {
	var invalid policies.Errors
	errors.As(err, &invalid)
	if _, isText := v.(string); !isText || s.Kind == policies.Names {
		v = shown(s, value)
	}
	for _, e := range invalid {
		c.reject(l, s, v, e.Problem)
	}
}

// mapping returns the keys of a block; null is a block without keys.
func (c *checker) mapping(v any, path ...string) map[string]any {
	if values, ok := v.(map[string]any); ok || v == nil {
		return values
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Map {
		return c.stringKeys(path, r)
	}
	c.report(path, nil, "must be a block of keys and values, not "+shape(v))
	return nil
}

// stringKeys takes the maps of Go types that a provider may give.
func (c *checker) stringKeys(path []string, r reflect.Value) map[string]any {
	out := make(map[string]any, r.Len())
	for key, value := range r.Seq2() {
		name := fmt.Sprint(key.Interface())
		if _, twice := out[name]; twice {
			c.report(append(slices.Clip(path), name), nil, "two keys are written in different ways and read the same; keep one")
		}
		out[name] = value.Interface()
	}
	return out
}

func (c *checker) unknown(path []string, what string, known []string) {
	problem := fmt.Sprintf("unknown %s; known are %s", what, strings.Join(known, ", "))
	if near := policies.Nearest(path[len(path)-1], known); near != "" {
		problem = fmt.Sprintf("unknown %s; did you mean %q?", what, near)
	}
	c.report(path, nil, problem)
}

// reject reports the value of a setting, and notes that it was given; entry is
// the index in a list.
func (c *checker) reject(l *layer, s *setting, value any, problem string, entry ...int) *policies.FieldError {
	l.put(given{setting: s, source: c.source})
	return c.report(append(slices.Clip(l.path), strings.Split(s.Path, ".")...), value, problem, entry...)
}

// report reports what is wrong at a path, or with an entry of the list there.
func (c *checker) report(path []string, value any, problem string, entry ...int) *policies.FieldError {
	at := c.doc.places.at(path...)
	source, field := c.name, policies.FieldPath(path...)
	if at.name != "" {
		source = at.name
	}
	for _, i := range entry {
		field += index(i)
		if in, known := c.entryAt(append(slices.Clip(path), index(i))); known {
			at = in
		}
	}
	e := &policies.FieldError{Source: source, Line: at.line, Column: at.column, Path: field, Value: value, Problem: problem}
	c.found.add(c.source, e)
	return e
}
