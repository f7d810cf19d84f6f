package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/puzpuzpuz/xsync/v4"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// Supervisor runs operations on named targets and keeps them to their
// policies. It is the root of a tree of actors. It is safe for concurrent use.
type Supervisor struct {
	system    *actor.ActorSystem
	owned     bool
	bus       *actors.Bus
	root      *actors.Ref
	rootActor *rootActor
	factories map[string]actors.Factory
	probes    map[string]func(context.Context) error
	logger    *slog.Logger
	traced    bool // the logger wants to know of every attempt
	chaos     bool // is allowed
	targets   *xsync.Map[string, *Target]
	keyspaces *xsync.Map[string, *keyspace] // of the templates whose keys were asked for
	// given is the set that New or Apply was given, and set that one with the
	// targets that are known by their breakers alone.
	given, set atomic.Pointer[policies.Set]

	epoch  time.Time
	prefix string
	serial atomic.Uint64 // of operations that were asked for their id

	failures sync.Pool // of *failure, which an operation needs until it is decided on

	closing  atomic.Bool
	shutdown shutdown
	errands  errands
	watching watching
}

// New builds a supervisor for the targets of set and starts its actor system,
// or joins the one given with [WithSystem]. Targets start when they are first
// used. End it with [Supervisor.Shutdown].
//
// It fails if set is nil or names an error condition nobody knows, if it
// enables chaos without [AllowChaos], if an option names an unknown target, and if the actor system has a supervisor of
// the same name.
func New(set *policies.Set, opts ...Option) (*Supervisor, error) {
	o := options{name: "holdfast", factories: map[string]actors.Factory{}, probes: map[string]func(context.Context) error{}}
	for _, option := range opts {
		if option != nil {
			option(&o)
		}
	}
	if err := o.check(set); err != nil {
		return nil, fmt.Errorf("supervisor.New: %w", err)
	}
	s := &Supervisor{
		system:    o.system,
		factories: o.factories,
		probes:    o.probes,
		logger:    o.logger,
		chaos:     o.chaos,
		targets:   xsync.NewMap[string, *Target](),
		keyspaces: xsync.NewMap[string, *keyspace](),
		epoch:     time.Now(),
		prefix:    fmt.Sprintf("%016x", rand.Uint64()),
	}
	s.failures.New = func() any { return new(failure) }
	s.set.Store(set)
	s.given.Store(set)
	s.shutdown.done = make(chan struct{})
	if s.system == nil {
		s.system = actors.NewSystem()
		s.owned = true
	}
	if err := s.startActors(o.name); err != nil {
		if errors.Is(err, actor.ErrNameExists) {
			err = fmt.Errorf("%w: another supervisor has that name in this actor system; choose one with WithName", err)
		}
		if s.owned {
			s.system.Shutdown()
		}
		return nil, fmt.Errorf("supervisor.New: %w", err)
	}
	if s.logger != nil {
		s.traced = s.logger.Enabled(context.Background(), slog.LevelDebug)
		s.bus.Subscribe(s.log, logBuffer)
	}
	return s, nil
}

func (o *options) check(set *policies.Set) error {
	if set == nil {
		return errors.New("the policy set is nil; load one with load.Load or make one with policies.NewSet")
	}
	var errs []error
	all := resolving{}
	for _, name := range set.Names() {
		p, err := set.Target(name)
		if err == nil {
			_, err = all.resolve(p)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("target %q: %w", name, err))
		}
	}
	if err := o.chaosTargets(set); err != nil {
		errs = append(errs, err)
	}
	for name, factory := range o.factories {
		if _, err := set.Target(name); err != nil {
			errs = append(errs, fmt.Errorf("WithWorker: %w", err))
		}
		if factory == nil {
			errs = append(errs, fmt.Errorf("WithWorker: the factory for %q is nil", name))
		}
	}
	errs = append(errs, o.checkProbes(set)...)
	if o.name == "" {
		errs = append(errs, errors.New("WithName: the name is empty"))
	}
	return errors.Join(errs...)
}

func (s *Supervisor) startActors(name string) error {
	bus, err := actors.NewBus(s.system, name+"-events")
	if err != nil {
		return err
	}
	s.bus = bus
	none := make(chan struct{})
	close(none)
	s.rootActor = &rootActor{sup: s, told: none, nursery: actors.NewNursery(), children: map[string]*Target{}, extra: map[string]policies.Policy{}, budgets: map[string]*retryBudget{}, stopped: make(chan struct{})}
	s.root = actors.NewRef(s.rootActor.undeliverable)
	if err := s.root.Start(s.system.Root, name, s.rootActor); err != nil {
		bus.Close()
		return err
	}
	return nil
}

// Target looks a target up and starts it if this is its first use. It never
// returns nil: for a name that no policy mentions, Err of the target, and
// every operation on it, gives the error.
//
// With keys it is the target of that name for these keys: a breaker and a pool
// of its own, under the policy of the target called name, which is their
// template. One that nobody uses lets its workers go after half of its
// keyed.idle_timeout at most, unless they hold a state, and is passivated after it: it
// is stopped, and its breaker's state remembered if there is something that must
// not be forgotten. A *Target that was kept goes on working; the next operation
// starts it again. There are at most keyed.max_keys of them, and when one more
// is asked for, the one used least recently that is idle makes room; if none is,
// the error is [ErrTooManyKeys]. Up to 8 keys of up to 256 bytes are allowed,
// or the error is [ErrInvalidKeys].
func (s *Supervisor) Target(name string, keys ...Key) *Target {
	if len(keys) > 0 {
		return s.keyedTarget(name, keys)
	}
	if t, ok := s.targets.Load(name); ok {
		return t
	}
	if s.closing.Load() {
		return s.missing(name, ErrShutdown)
	}
	if _, err := s.set.Load().Target(name); err != nil {
		return s.missing(name, err)
	}
	return s.open(name, nil)
}

func (s *Supervisor) resolveTarget(name string) (*resolved, error) {
	p, err := s.set.Load().Target(name)
	if err != nil {
		return nil, err
	}
	return resolve(p)
}

// open has the root start a target, with the policy of the set if policy is
// nil.
func (s *Supervisor) open(name string, policy *resolved) *Target {
	done := make(chan *Target, 1)
	s.root.Tell(&open{name: name, policy: policy, done: done})
	return <-done
}

// missing stands for a target that there is not.
func (s *Supervisor) missing(name string, reason error) *Target {
	return &Target{name: name, sup: s, err: &RejectedError{Target: name, Err: reason}}
}

// startTarget starts a target's supervisor and its breaker. It runs on the
// root actor.
func (s *Supervisor) startTarget(parent actor.SpawnerContext, name string, policy *resolved) (*Target, error) {
	t := &Target{name: name, sup: s, factory: s.factories[name]}
	if err := s.startActor(parent, name, t, policy); err != nil {
		return nil, err
	}
	s.targets.Store(name, t)
	return t, nil
}

// declared is the name under which the target is declared: its template's if it
// has keys.
func (t *Target) declared() string {
	if t.keyed != nil {
		return t.keyed.space.name
	}
	return t.name
}

// startActor starts the actors of a target.
func (s *Supervisor) startActor(parent actor.SpawnerContext, name string, t *Target, policy *resolved) error {
	t.policy.Store(policy)
	t.pool.configure(policy.Pool)
	a := &targetActor{Target: t, desk: &desk{}}
	a.setProbe(s.probes[t.declared()])
	t.ref = actors.NewRef(a.undeliverable)
	if err := s.rootActor.nursery.Start(parent, name, t.ref, a); err != nil {
		return err
	}
	if a.unable != nil { // it has tried by now
		t.ref.Stop()
		return a.unable
	}
	return nil
}

// PID is the address of a target's supervisor, to which other actors send an
// *[actors.Operation]. It is nil for a target that doesn't exist.
//
// That of a keyed target is good until the target is passivated: ask for it
// when it is needed, or use [DoOn], which finds the target wherever it is.
func (s *Supervisor) PID(target string, keys ...Key) *actor.PID {
	return s.Target(target, keys...).PID()
}

// System is the actor system the supervisor lives in.
func (s *Supervisor) System() *actor.ActorSystem { return s.system }

// What users meet of package actors.
type (
	// Event is something that happened; see package actors for the types.
	Event = actors.Event
	// Worker is a worker with state; see [WithWorker].
	Worker = actors.Worker
	// Factory makes one.
	Factory = actors.Factory
)

// Subscription is a listener to events. See [Supervisor.Subscribe].
type Subscription = actors.Subscription

// subscriptionBuffer is how many events may wait for a subscriber.
const subscriptionBuffer = 1024

// Subscribe calls f for every event from now on, in order and one at a time,
// on a goroutine of its own. A function that is slow, blocks or panics holds
// up nothing else: of its events up to 1,024 wait, and further ones are
// dropped and counted. Shutdown ends it.
func (s *Supervisor) Subscribe(f func(actors.Event)) *Subscription {
	return s.bus.Subscribe(f, subscriptionBuffer)
}

func (s *Supervisor) operationID(serial uint64) string {
	return fmt.Sprintf("op-%s-%d", s.prefix, serial)
}

// running lists the targets that run, by name.
func (s *Supervisor) running() []*Target {
	var all []*Target
	s.targets.Range(func(_ string, t *Target) bool {
		all = append(all, t)
		return true
	})
	s.keyspaces.Range(func(_ string, k *keyspace) bool {
		k.each(func(t *Target) { all = append(all, t) })
		return true
	})
	slices.SortFunc(all, func(a, b *Target) int { return strings.Compare(a.name, b.name) })
	return all
}
