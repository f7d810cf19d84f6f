package load

import (
	"github.com/holdfast-go/holdfast/policies"
)

// resolver lays what is given over the built-in policy of each target: first
// Bindu's variables for its type, then the agent-wide blocks, then those of the
// type, then its own. A policy from code stands for itself.
type resolver struct {
	*explained
	found *report
	// told holds the contradictions that were reported, because many targets
	// inherit one.
	told map[string]bool
}

func (r *resolver) resolve() map[string]*policies.Policy {
	ofTypes := map[policies.OperationType]*policies.Policy{}
	for _, t := range policies.OperationTypes() {
		p := policies.Default(t)
		r.bindu[string(t)].apply(&p)
		r.agentWide.apply(&p)
		r.types[string(t)].apply(&p)
		ofTypes[t] = &p
	}
	all := make(map[string]*policies.Policy, len(r.targets))
	spare := make([]policies.Policy, len(r.targets))
	for name, l := range r.targets {
		p := &spare[0]
		spare = spare[1:]
		all[name] = p
		if code, ok := r.given[name]; ok {
			*p = code
			continue
		}
		*p = *ofTypes[r.typeOf(name)]
		l.apply(p)
		r.contradictions(name, p)
	}
	r.sharedBudgets(all)
	r.fallbacks(all)
	return all
}
