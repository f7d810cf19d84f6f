package supervisor

import (
	"hash/maphash"
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v4"

	"github.com/holdfast-go/holdfast/actors"
)

// keyspace is what a supervisor knows of the keyed targets of one template: an
// index of those that run, which anybody reads, and what only the root
// touches: in which order they were used, and what is remembered of the
// others.
type keyspace struct {
	sup    *Supervisor
	name   string // the template's
	seed   maphash.Seed
	index  *xsync.Map[uint64, *Target] // by hash; those with the same hash are a chain
	policy atomic.Pointer[resolved]    // the template's
	// clock counts uses. It gives each use a later time than the one before,
	// which is all that "least recently" needs.
	clock atomic.Uint64
	stats keyStats

	// The root's.
	used     uses
	memories memories
	waiting  []*openKey // until there is room
	asked    int        // targets that were asked to go and have not answered
	started  uint64     // so far, for the names of actors
	sweeper  sweeper
}

// keyedTarget is the part of a target that only one with keys has.
type keyedTarget struct {
	space *keyspace
	id    string
	hash  uint64
	chain atomic.Pointer[Target] // the next with the same hash
	stamp atomic.Uint64          // the space's clock at the last use
	left  atomic.Bool            // it goes, and tells the root what is to be remembered
	// memory is what the breaker goes on from. Only its start looks at it.
	memory *actors.BreakerMemory

	// The root's.
	seen  uint64     // the stamp by which it stands in the order of uses
	eased uint64     // the stamp at which it was last eased
	place int32      // in the order of uses, -1 if it is not in it
	asked bool       // to go
	heirs []*openKey // wait for what it will tell
}

// touch notes a use. Uses in a row of the same target cost two reads.
func (k *keyedTarget) touch() {
	if k.stamp.Load() != k.space.clock.Load() {
		k.stamp.Store(k.space.clock.Add(1))
	}
}

func newKeyspace(s *Supervisor, name string, policy *resolved) *keyspace {
	k := &keyspace{sup: s, name: name, seed: maphash.MakeSeed(), index: xsync.NewMap[uint64, *Target]()}
	k.policy.Store(policy)
	return k
}

// find gives the running target of these keys, nil if there is none.
func (k *keyspace) find(hash uint64, keys []Key) *Target {
	t, _ := k.index.Load(hash)
	for t != nil && !identifies(t.keyed.id, keys) {
		t = t.keyed.chain.Load()
	}
	return t
}

// findID is find for the root.
func (k *keyspace) findID(hash uint64, id string) *Target {
	t, _ := k.index.Load(hash)
	for t != nil && t.keyed.id != id {
		t = t.keyed.chain.Load()
	}
	return t
}

// insert puts a target into the index. Only the root changes that.
func (k *keyspace) insert(t *Target) {
	if next, ok := k.index.Load(t.keyed.hash); ok {
		t.keyed.chain.Store(next)
	}
	k.index.Store(t.keyed.hash, t)
}

// remove takes a target out of the index, and says whether it was there.
func (k *keyspace) remove(t *Target) bool {
	hash := t.keyed.hash
	first, ok := k.index.Load(hash)
	switch next := t.keyed.chain.Load(); {
	case !ok:
		return false
	case first == t && next == nil:
		k.index.Delete(hash)
		return true
	case first == t:
		k.index.Store(hash, next)
		return true
	}
	for before := first; before != nil; before = before.keyed.chain.Load() {
		if before.keyed.chain.Load() == t {
			before.keyed.chain.Store(t.keyed.chain.Load())
			return true
		}
	}
	return false
}

// keyedTarget looks a keyed target up and starts it if it doesn't run. It
// keeps none of the keys.
func (s *Supervisor) keyedTarget(name string, keys []Key) *Target {
	if k, ok := s.keyspaces.Load(name); ok {
		if t := k.find(hashOf(k.seed, keys), keys); t != nil && !t.gone.Load() {
			return t
		}
	}
	if err := checkKeys(keys); err != nil {
		return s.missing(name, err)
	}
	return s.openKeyed(name, identity(keys))
}

// openKeyed has the root start a keyed target, or give the one that runs.
func (s *Supervisor) openKeyed(name, id string) *Target {
	done := make(chan *Target, 1)
	s.root.Tell(&openKey{template: name, id: id, then: func(t *Target) { done <- t }})
	return <-done
}

// missingKey stands for a keyed target that could not be started. A handle to
// it tries again with each operation.
func (s *Supervisor) missingKey(m *openKey, reason error) *Target {
	t := s.missing(keyedName(m.template, m.id), reason)
	t.keyed = &keyedTarget{space: &keyspace{sup: s, name: m.template}, id: m.id}
	t.gone.Store(true)
	return t
}

// successor is the target that goes on where this one, whose actor has ended,
// has left off.
func (t *Target) successor() *Target {
	if t.keyed == nil {
		return t.sup.Target(t.name)
	}
	return t.sup.keyedTarget(t.keyed.space.name, keysOf(t.keyed.id))
}
