package load

import (
	"fmt"
	"maps"
	"slices"

	"github.com/holdfast-go/holdfast/policies"
)

// member is a target's side of a setting on which those that share a retry
// budget must agree.
type member struct {
	side
	target string
	code   bool // it is in a policy from code
}

func (m member) builtIn() bool { return m.layer == nil && !m.code }

// sharedBudgets has the targets that share a retry budget agree. A built-in
// value gives way to what a source says of another of them. If sources say
// different things, they are reported as contradictions.
func (r *resolver) sharedBudgets(all map[string]*policies.Policy) {
	shared := policies.SharedBudgets(all)
	for _, budget := range slices.Sorted(maps.Keys(shared)) {
		for _, path := range policies.SharedBudgetSettings() {
			r.agree(budget, r.members(shared[budget], path, all))
		}
	}
}

func (r *resolver) members(names []string, path string, all map[string]*policies.Policy) []member {
	members := make([]member, len(names))
	for i, name := range names {
		m := member{target: name}
		if _, m.code = r.given[name]; m.code {
			m.setting = settingAt[path]
			m.value = m.setting.Value(all[name])
		} else {
			m.side = r.side(name, all[name], path)
		}
		members[i] = m
	}
	return members
}

func (r *resolver) agree(budget string, members []member) {
	first := slices.IndexFunc(members, func(m member) bool { return !m.builtIn() && !m.bad() })
	if first < 0 {
		return // built in, or wrong, everywhere
	}
	one := members[first]
	for _, other := range members {
		switch {
		case other.bad() || other.value.Equal(one.value):
		case other.builtIn():
			other.value.Set(one.value)
			r.note(followed{other.target, other.setting}, followed{one.target, one.setting})
		case one.layer != nil && (other.layer == nil || one.depth < other.depth):
			r.disagree(budget, one, other)
		default:
			r.disagree(budget, other, one)
		}
	}
}

// disagree reports a member at its own place, because of the other.
func (r *resolver) disagree(budget string, at, other member) {
	o, from := r.from(at), r.from(other)
	pair := o.Path + " " + from.Path
	if r.told[pair] {
		return // of other targets that inherit the two
	}
	r.told[pair] = true
	where := ""
	if from.Source != o.Source {
		where = " from " + from.String()
	}
	r.found.add(at.source, &policies.FieldError{
		Source: o.Source, Line: o.Line, Column: o.Column, Path: o.Path, Value: at.value.Interface(), Related: from.Path,
		Problem: fmt.Sprintf("must be %v, as %s%s is: the targets %q and %q share the retry budget %q",
			other.value, from.Path, where, at.target, other.target, budget),
	})
}

// from is where a member's value comes from.
func (r *resolver) from(m member) policies.Origin {
	if m.code {
		return policies.Origin{Source: policies.FromCode, Path: policies.FieldPath(targetsKey, m.target) + "." + m.setting.Path}
	}
	return r.place(m.layer, m.given)
}
