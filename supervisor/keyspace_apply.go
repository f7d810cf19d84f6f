package supervisor

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// applyKeyed lets the keyed targets follow their templates. Those that run are
// told; the others get the policy when they are started again. It gives the
// templates whose policy changed.
func (r *rootActor) applyKeyed(set *policies.Set) (changed []string, targets []<-chan struct{}) {
	r.sup.keyspaces.Range(func(name string, k *keyspace) bool {
		old := k.policy.Load()
		p, err := set.Target(name)
		if err != nil || policies.Equal(p, old.Policy) {
			return true
		}
		policy, err := resolve(p)
		if err != nil {
			return true // checked before
		}
		policy = r.withBudget(policy, old) // which all keys draw from
		k.policy.Store(policy)
		k.sweeper.restart(k)
		changed = append(changed, name)
		otherBreaker := !old.Breaker.Equal(p.Breaker)
		k.each(func(t *Target) {
			t.policy.Store(policy)
			done := make(chan struct{})
			t.tell(&applyPolicy{policy: policy, breaker: otherBreaker, done: done})
			targets = append(targets, done)
		})
		k.shrink()
		return true
	})
	return changed, targets
}

// each calls f for every keyed target that runs.
func (k *keyspace) each(f func(*Target)) {
	k.index.Range(func(_ uint64, t *Target) bool {
		for ; t != nil; t = t.keyed.chain.Load() {
			f(t)
		}
		return true
	})
}

// resetKeys forgets what is remembered of breakers. A target that was stopped
// stays so.
type resetKeys struct{ done chan<- struct{} }

func (m *resetKeys) refuse(*Supervisor) { close(m.done) }

func (m *resetKeys) handle(r *rootActor, _ actor.Context) {
	r.sup.keyspaces.Range(func(_ string, k *keyspace) bool {
		for _, x := range slices.Concat(k.memories.others, k.memories.refusing) {
			if !x.stopped {
				k.memories.drop(x)
				continue
			}
			fresh := &actors.BreakerMemory{}
			was := x.unpack(r.sup.epoch)
			fresh.Generation, fresh.Enabled = was.Generation+1, true
			fresh.At, fresh.Since = was.At, was.Since
			k.memories.drop(x)
			k.memories.add(pack(x.id, fresh, true, &k.policy.Load().Breaker, r.sup.epoch))
		}
		k.countMemories()
		return true
	})
	close(m.done)
}
