package load

import (
	"maps"
	"slices"

	"github.com/holdfast-go/holdfast/policies"
)

// resolver lays what is given over the built-in policy of each target: first
// Bindu's variables for its type, then the agent-wide blocks, then those of the
// type, then its own. A policy from code stands for itself.
type resolver struct {
	*store
	found *report
	// told holds the contradictions that were reported, because many targets
	// inherit one.
	told      map[string]bool
	explained explained
}

func (r *resolver) targets() map[string]policies.Policy {
	ofTypes := map[policies.OperationType]policies.Policy{}
	for _, t := range policies.OperationTypes() {
		p := policies.Default(t)
		for _, prefix := range layersOf(t) {
			r.apply(&p, prefix)
		}
		ofTypes[t] = p
	}
	names := r.names()
	all := make(map[string]policies.Policy, len(names))
	r.explained = explained{origins: r.origins, types: make(map[string]policies.OperationType, len(names)), declared: r.types, given: r.given}
	resolved := make([]policies.Policy, len(names)) // in one piece, for the reflection needs their addresses
	for i, name := range names {
		if p, ok := r.given[name]; ok {
			all[name] = p
			continue
		}
		p := &resolved[i]
		*p = ofTypes[r.typeOf(name)]
		r.explained.types[name] = p.Type
		r.apply(p, ofTarget+name+"/")
		r.contradictions(name, p)
		all[name] = *p
	}
	return all
}

// layersOf lists the prefixes of what a target inherits, the least specific
// first.
func layersOf(t policies.OperationType) []string {
	return []string{ofBindu + string(t) + "/", agentWide, ofType + string(t) + "/"}
}

// names returns the operation types, then every other target sorted, so that
// what all targets inherit is reported for the same one each time.
func (r *resolver) names() []string {
	all := typeNames()
	for _, name := range slices.Sorted(maps.Keys(r.written)) {
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
	if t, ok := r.merged.Get(ofTarget + name + "/" + typeKey).(string); ok {
		return policies.OperationType(t)
	}
	if t, ok := r.types[name]; ok {
		return t
	}
	return policies.API
}
