package load

import (
	"github.com/holdfast-go/holdfast/policies"
)

// store holds what the sources say, later ones over earlier ones, by layer.
type store struct {
	agentWide layer
	bindu     map[string]*layer // by operation type
	types     map[string]*layer // by operation type
	targets   map[string]*layer // by name; empty for one that only code declares
	// declared and given are what code says of targets: their types, or their
	// whole policies.
	declared map[string]policies.OperationType
	given    map[string]policies.Policy
}

// layer is what is said in one place of the structure: at the top level, of an
// operation type, or of a target.
type layer struct {
	// path leads to it from the top level.
	path   []string
	values []given
}

// given is a value and the source that gives it.
type given struct {
	*setting
	value  any // nil if it was reported and left out
	source int
}

// newStore returns one with room for that many targets.
func newStore(targets int) *store {
	s := &store{
		bindu:    map[string]*layer{},
		types:    map[string]*layer{},
		targets:  make(map[string]*layer, targets),
		declared: map[string]policies.OperationType{},
		given:    map[string]policies.Policy{},
	}
	for _, t := range typeNames() {
		s.bindu[t] = &layer{path: []string{operationTypesKey, t}}
		s.types[t] = &layer{path: []string{operationTypesKey, t}}
		s.target(t)
	}
	return s
}

// target returns the layer of a target, a new one for a new name.
func (s *store) target(name string) *layer {
	l, ok := s.targets[name]
	if !ok {
		l = &layer{path: []string{targetsKey, name}}
		s.targets[name] = l
	}
	return l
}

// code takes in what a source says in code.
func (s *store) code(doc document) {
	for name, t := range doc.declared {
		s.target(name)
		s.declared[name] = t
	}
	for name, p := range doc.given {
		s.target(name)
		s.given[name] = p
	}
}

// put sets a value, over that of an earlier source.
func (l *layer) put(g given) {
	for i := range l.values {
		if l.values[i].setting == g.setting {
			l.values[i] = g
			return
		}
	}
	if l.values == nil {
		l.values = make([]given, 0, 4) // few targets say more
	}
	l.values = append(l.values, g)
}

// find returns what is given for a setting.
func (l *layer) find(s *setting) (given, bool) {
	for _, g := range l.values {
		if g.setting == s {
			return g, true
		}
	}
	return given{}, false
}

// apply sets the fields of p that the layer gives.
func (l *layer) apply(p *policies.Policy) {
	for _, g := range l.values {
		if g.value != nil {
			assign(g.setting, p, g.value)
		}
	}
}

// layersOf lists the layers of a target, the most specific first.
func (s *store) layersOf(target string, t policies.OperationType) [4]*layer {
	return [4]*layer{s.targets[target], s.types[string(t)], &s.agentWide, s.bindu[string(t)]}
}

// typeOf is what the sources say of a target's type.
func (s *store) typeOf(name string) policies.OperationType {
	if t, ok := ownType(name); ok {
		return t
	}
	if g, ok := s.targets[name].find(typeSetting); ok && g.value != nil {
		return policies.OperationType(g.value.(string))
	}
	if t, ok := s.declared[name]; ok {
		return t
	}
	return policies.API
}
