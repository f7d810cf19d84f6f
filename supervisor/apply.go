package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// Apply puts another set of policies in force. A running target whose policy
// did not change is not touched; a changed one keeps its breaker's state, and
// operations under way finish under the policy they started with. A running
// target that the new set no longer names keeps its last policy.
//
// A nil set, or one that names an error condition nobody knows, changes
// nothing and is an error.
func (s *Supervisor) Apply(set *policies.Set) error {
	o := options{name: "apply"}
	if err := o.check(set); err != nil {
		return fmt.Errorf("supervisor.Apply: %w", err)
	}
	done := make(chan error, 1)
	s.root.Tell(&applySet{set: set, done: done})
	if err := <-done; err != nil {
		return fmt.Errorf("supervisor.Apply: %w", err)
	}
	return nil
}

// applySet asks the root to put a set in force. The root also starts targets,
// so none starts with the policy of a set that is being replaced.
type applySet struct {
	set  *policies.Set
	done chan<- error
}

func (r *rootActor) apply(m *applySet) error {
	if r.stopping || r.sup.closing.Load() {
		return ErrShutdown
	}
	r.sup.set.Store(m.set)
	var changed []string
	for _, t := range r.children {
		p, err := m.set.Target(t.name)
		if err != nil || policies.Equal(p, t.policy.Load().Policy) {
			continue
		}
		policy, err := resolve(p)
		if err != nil {
			continue // checked before
		}
		t.tell(&applyPolicy{policy: policy})
		changed = append(changed, t.name)
	}
	slices.Sort(changed)
	r.sup.bus.Publish(actors.PoliciesApplied{Header: actors.Header{At: time.Now()}, Changed: changed})
	return nil
}

// running lists the targets that were started, by name.
func (s *Supervisor) running() []*Target {
	var all []*Target
	s.targets.Range(func(_ string, t *Target) bool {
		all = append(all, t)
		return true
	})
	slices.SortFunc(all, func(a, b *Target) int { return strings.Compare(a.name, b.name) })
	return all
}

func isUnknown(err error) bool { return errors.Is(err, ErrUnknownTarget) }
