package supervisor

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// ErrTooManyKeys says that there are as many keyed targets as the template's
// policy allows, and none of them idle.
var ErrTooManyKeys = errors.New("as many keys are in use as keyed.max_keys allows; raise it, or use fewer keys at a time")

// openTries is how many targets are asked to go for one that needs room.
const openTries = 128

// rootMessage is a message that knows what the root has to do.
type rootMessage interface {
	handle(r *rootActor, c actor.Context)
	// refuse answers it for a root that has ended.
	refuse(s *Supervisor)
}

// openKey asks the root for a keyed target. then is called with it once, on the
// root, and must not block.
type openKey struct {
	template string
	id       string
	then     func(*Target)
	tries    int
	since    uint64 // the space's clock at the first try: those used later were tried, or are in use
}

// stayed says that a target that was asked to go is in use.
type stayed struct{ target *Target }

// passivated says that a target has gone, and what is to be remembered of it.
type passivated struct {
	target  *Target
	reason  actors.Passivation
	state   breaker.State
	memory  *actors.BreakerMemory // nil if there is nothing to remember
	stopped bool
}

func (m *openKey) refuse(s *Supervisor) { m.then(s.missingKey(m, ErrShutdown)) }
func (*stayed) refuse(*Supervisor)      {}

func (m *passivated) refuse(s *Supervisor) {
	for _, heir := range m.target.keyed.heirs {
		heir.refuse(s)
	}
}

func (m *openKey) handle(r *rootActor, c actor.Context) {
	if r.stopping || r.sup.closing.Load() {
		m.refuse(r.sup)
		return
	}
	k, err := r.keyspace(m.template)
	if err != nil {
		m.then(r.sup.missingKey(m, err))
		return
	}
	if !k.open(r, c, m) {
		k.waiting = append(k.waiting, m)
		k.serve(r, c)
	}
}

// keyspace gives the keyed targets of a template, which must be a target.
func (r *rootActor) keyspace(template string) (*keyspace, error) {
	if k, ok := r.sup.keyspaces.Load(template); ok {
		return k, nil
	}
	policy, err := r.sup.resolveTarget(template)
	if err != nil {
		return nil, err
	}
	k := newKeyspace(r.sup, template, r.withBudget(policy, nil))
	r.sup.keyspaces.Store(template, k)
	return k, nil
}

// size is how many keys are known. A target that was asked to go still counts.
func (k *keyspace) size() int { return int(k.stats.live.Load()) + k.memories.byID.n }

func (k *keyspace) maxKeys() int { return k.policy.Load().Keyed.MaxKeys }

// open answers m if the target runs, is remembered, or has room.
func (k *keyspace) open(r *rootActor, c actor.Context, m *openKey) bool {
	hash := hashOf(k.seed, keysOf(m.id))
	if t := k.findID(hash, m.id); t != nil {
		switch {
		case t.keyed.left.Load():
			t.keyed.heirs = append(t.keyed.heirs, m)
			return true
		case !t.gone.Load():
			m.then(t)
			return true
		}
		k.forget(t) // it was stopped from outside; the notice is on the way
	}
	remembered := k.memories.byID.of(m.id)
	if remembered == nil && k.size() >= k.maxKeys() {
		return false
	}
	t, err := k.start(c, m.id, hash, remembered)
	if err != nil {
		m.then(r.sup.missingKey(m, err))
		return true
	}
	r.children[t.ref.ID()] = t
	m.then(t)
	return true
}

// start starts a keyed target, with what is remembered of it, if anything is.
func (k *keyspace) start(c actor.Context, id string, hash uint64, remembered *memory) (*Target, error) {
	keyed := &keyedTarget{space: k, id: id, hash: hash, place: -1}
	if remembered != nil {
		keyed.memory = remembered.unpack(k.sup.epoch)
	}
	t := &Target{name: keyedName(k.name, id), sup: k.sup, factory: k.sup.factories[k.name], keyed: keyed}
	k.started++
	// A number, since the keys may be long, and a namesake may still be on its
	// way out. No target's name has a "/" in it.
	if err := k.sup.startActor(c, fmt.Sprintf("%s/key-%d", k.name, k.started), t, k.policy.Load()); err != nil {
		return nil, err
	}
	keyed.memory = nil
	if remembered != nil {
		k.memories.drop(remembered)
		k.countMemories()
		if remembered.stopped {
			t.tell(&halt{reason: ErrTargetStopped, done: make(chan (<-chan struct{}), 1)})
		}
	}
	k.used.enter(t)
	k.insert(t)
	k.stats.live.Add(1)
	k.sweeper.start(k)
	return t, nil
}

// forget takes a target that runs no more off the books. It says whether it was
// in them.
func (k *keyspace) forget(t *Target) bool {
	if !k.remove(t) {
		return false
	}
	k.used.leave(t)
	k.stats.live.Add(-1)
	k.stats.take(t)
	k.answered(t)
	return true
}

// serve answers who waits for room, in order, as far as there is any to be had.
// What is remembered of breakers that let calls through goes first, then the
// running target used least recently, if it is idle, and last what is
// remembered of breakers that refuse; but of these no more than half of the
// keys, or those in use would have to do with what little room is left.
func (k *keyspace) serve(r *rootActor, c actor.Context) {
	for len(k.waiting) > 0 {
		m := k.waiting[0]
		if m.tries == 0 {
			m.since = k.clock.Load()
		}
		switch t := k.used.least(); {
		case k.open(r, c, m):
			k.waiting = k.waiting[1:]
		case k.asked > 0:
			return // until there is an answer
		case len(k.memories.others) > 0:
			k.evict(k.memories.others[0])
		case len(k.memories.refusing) > max(1, k.maxKeys()/2):
			k.evict(k.memories.refusing[0])
		case t != nil && t.keyed.seen <= m.since && m.tries < openTries:
			m.tries++
			k.ask(t, actors.PassivatedForRoom)
		case len(k.memories.refusing) > 0:
			k.evict(k.memories.refusing[0])
		default:
			k.waiting = k.waiting[1:]
			k.stats.refused.Add(1)
			m.then(r.sup.missingKey(m, ErrTooManyKeys))
		}
	}
	if len(k.waiting) == 0 {
		k.waiting = nil
	}
}

// ask asks a target to go. It answers with stayed or passivated.
func (k *keyspace) ask(t *Target, why actors.Passivation) {
	k.used.leave(t)
	t.keyed.asked = true
	k.asked++
	t.tell(&passivate{reason: why})
}

func (k *keyspace) answered(t *Target) {
	if t.keyed.asked {
		t.keyed.asked = false
		k.asked--
	}
}

// evict drops what is remembered of a target.
func (k *keyspace) evict(m *memory) {
	k.memories.drop(m)
	k.countMemories()
	k.stats.evicted.Add(1)
	if k.sup.bus.Active() {
		k.sup.bus.Publish(actors.KeyEvicted{Header: actors.Header{Target: keyedName(k.name, m.id), At: time.Now()}, State: m.state})
	}
}

func (m *stayed) handle(r *rootActor, c actor.Context) {
	k := m.target.keyed.space
	k.answered(m.target)
	if k.findID(m.target.keyed.hash, m.target.keyed.id) == m.target && m.target.keyed.place < 0 {
		k.used.enter(m.target)
	}
	k.serve(r, c)
}

func (m *passivated) handle(r *rootActor, c actor.Context) {
	t := m.target
	k := t.keyed.space
	if !k.forget(t) {
		return
	}
	k.stats.passivated.Add(1)
	if m.memory != nil || m.stopped {
		k.memories.add(pack(t.keyed.id, m.memory, m.stopped, &k.policy.Load().Breaker, r.sup.epoch))
		k.countMemories()
	}
	if r.sup.bus.Active() {
		r.sup.bus.Publish(actors.TargetPassivated{Header: actors.Header{Target: t.name, At: time.Now()},
			Reason: m.reason, State: m.state, Remembered: m.memory != nil || m.stopped})
	}
	for _, heir := range t.keyed.heirs {
		heir.handle(r, c)
	}
	t.keyed.heirs = nil
	k.serve(r, c)
}

// ended forgets a keyed target that was stopped from outside. The end of one
// that was passivated overtakes what it has told the root.
func (k *keyspace) ended(r *rootActor, c actor.Context, t *Target) {
	if !t.keyed.left.Load() && k.forget(t) {
		k.serve(r, c)
	}
}

// abandon refuses whoever waits, for a root that ends.
func (k *keyspace) abandon() {
	for _, m := range k.waiting {
		m.refuse(k.sup)
	}
	k.waiting = nil
	k.sweeper.stop()
}
