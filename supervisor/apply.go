package supervisor

import (
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// Apply puts another set of policies in force, and returns when it is. A running target whose policy
// did not change is not touched; a changed one keeps its breaker's state, and
// operations under way finish under the policy they started with. A running
// target that the new set no longer names keeps its last policy. A
// PoliciesApplied event has the old and the new values; it comes when they are
// in force, and of two calls in the order in which they took effect.
//
// A nil set, one that names an error condition nobody knows, or one that
// enables chaos where [AllowChaos] was not given, changes nothing and is an
// error.
func (s *Supervisor) Apply(set *policies.Set) error {
	o := options{name: "apply", chaos: s.chaos}
	if err := o.check(set); err != nil {
		return fmt.Errorf("supervisor.Apply: %w", err)
	}
	answer := make(chan applied, 1)
	s.root.Tell(&applySet{set: set, answer: answer})
	a := <-answer
	if a.err != nil {
		return fmt.Errorf("supervisor.Apply: %w", a.err)
	}
	for _, done := range a.targets {
		<-done
	}
	<-a.before
	s.bus.Publish(actors.PoliciesApplied{Header: actors.Header{At: time.Now()}, Changed: a.changed, Changes: a.changes})
	close(a.told)
	return nil
}

// applySet asks the root to put a set in force. The root also starts targets,
// so none starts with the policy of a set that is being replaced.
type applySet struct {
	set    *policies.Set
	answer chan<- applied
}

// applied is what became of it: a channel for each target that changes, which
// closes when it has.
type applied struct {
	targets []<-chan struct{}
	changed []string
	changes []policies.Change
	// before closes when the set before this one has been told of, and told is
	// to be closed when this one has.
	before <-chan struct{}
	told   chan<- struct{}
	err    error
}

func (r *rootActor) apply(m *applySet) applied {
	if r.stopping || r.sup.closing.Load() {
		return applied{err: ErrShutdown}
	}
	told := make(chan struct{})
	result := applied{before: r.told, told: told, changes: policies.Diff(r.sup.given.Swap(m.set), m.set)}
	r.told = told
	r.sup.set.Store(r.withExtra(m.set))
	all := resolving{}
	for _, t := range r.children {
		old := t.policy.Load()
		p, err := m.set.Target(t.name)
		if t.keyed != nil || err != nil || policies.Equal(p, old.Policy) {
			continue
		}
		policy, err := all.resolve(p)
		if err != nil {
			continue // checked before
		}
		policy = r.withBudget(policy, old)
		t.policy.Store(policy)
		done := make(chan struct{})
		t.tell(&applyPolicy{policy: policy, breaker: !old.Breaker.Equal(p.Breaker), done: done})
		result.targets = append(result.targets, done)
		result.changed = append(result.changed, t.name)
	}
	templates, keyed := r.applyKeyed(m.set)
	result.targets = append(result.targets, keyed...)
	result.changed = append(result.changed, templates...)
	r.dropBudgets()
	slices.Sort(result.changed)
	result.changed = slices.Compact(result.changed)
	return result
}

// withExtra adds the targets that are known by [Supervisor.BreakerWith] alone.
func (r *rootActor) withExtra(set *policies.Set) *policies.Set {
	for name, p := range r.extra {
		if _, err := set.Target(name); err == nil {
			continue
		}
		// Nobody has said anything about its budget but for all targets of
		// its type, and who shares one must agree on it.
		p.RetryBudget = set.Defaults(p.Type).RetryBudget
		if with, err := set.With(name, p); err == nil {
			set = with
		}
	}
	return set
}
