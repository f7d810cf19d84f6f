package load

import (
	"maps"
	"slices"

	"github.com/holdfast-go/holdfast/policies"
)

// fallbacks reports the targets that fall back to what they can't, at the place
// that says so.
func (r *resolver) fallbacks(all map[string]*policies.Policy) {
	problems := policies.FallbackProblems(all)
	one := settingAt["fallback.target"]
	for _, name := range slices.Sorted(maps.Keys(problems)) {
		m := r.members([]string{name}, one.Path, all)[0]
		if m.bad() || m.builtIn() {
			continue // reported already
		}
		o := r.from(m)
		if o.Path != "" && m.layer != nil && m.depth > 0 {
			if r.told[o.Path] {
				continue // of another target that inherits it
			}
			r.told[o.Path] = true
		}
		at := policies.FieldPath(targetsKey, name) + "." + one.Path
		problem := problems[name]
		if o.Path != at {
			problem += " (for the target " + name + ")"
		}
		r.found.add(m.source, &policies.FieldError{
			Source: o.Source, Line: o.Line, Column: o.Column, Path: o.Path, Value: m.value.Interface(), Problem: problem,
		})
	}
}
