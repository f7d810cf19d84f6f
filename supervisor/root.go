package supervisor

import (
	"maps"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// rootActor is the parent of the targets' supervisors.
type rootActor struct {
	sup      *Supervisor
	children map[string]*Target // by PID id
	most     int                // children there were since that was made
	nursery  *actors.Nursery    // of the targets' supervisors
	// extra holds the policies of targets that no set has named.
	extra    map[string]policies.Policy
	budgets  map[string]*retryBudget // the shared ones, by name
	stopping bool
	stopped  chan struct{}
	// told closes when the last set that was applied has been told of.
	told <-chan struct{}
}

var _ actor.SupervisorStrategy = (*rootActor)(nil)

// open asks the root to start a target.
type open struct {
	name   string
	policy *resolved // nil: what the set says
	done   chan<- *Target
}

// stopAll asks the root to end, its children first.
type stopAll struct{}

// Receive implements [actor.Actor].
func (r *rootActor) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *open:
		m.done <- r.open(c, m)
	case *applySet:
		m.answer <- r.apply(m)
	case rootMessage:
		m.handle(r, c)
	case *actor.Terminated:
		r.ended(c, m.Who)
	case stopAll:
		r.stopping = true
		c.Stop(c.Self())
	case *actor.Stopping:
		r.stopping = true
		actors.Adopt(c, func(yield func(*actors.Ref) bool) {
			for _, t := range r.children {
				if !yield(t.ref) {
					return
				}
			}
		})
		r.sup.keyspaces.Range(func(_ string, k *keyspace) bool {
			k.abandon()
			return true
		})
	case *actor.Stopped:
		r.sup.root.Close()
		close(r.stopped)
	}
}

func (r *rootActor) undeliverable(message any) {
	switch m := message.(type) {
	case *open:
		m.done <- r.sup.missing(m.name, ErrShutdown)
	case *applySet:
		m.answer <- applied{err: ErrShutdown}
	case rootMessage:
		m.refuse(r.sup)
	}
}

// open starts a target, or gives the one that was started since it was asked
// for.
func (r *rootActor) open(c actor.Context, m *open) *Target {
	if r.stopping || r.sup.closing.Load() {
		return r.sup.missing(m.name, ErrShutdown)
	}
	if t, ok := r.sup.targets.Load(m.name); ok {
		return t
	}
	policy, err := m.policy, error(nil)
	if policy == nil {
		if policy, err = r.sup.resolveTarget(m.name); err != nil {
			return r.sup.missing(m.name, err)
		}
	}
	t, err := r.sup.startTarget(c, m.name, r.withBudget(policy, nil))
	if err != nil {
		return r.sup.missing(m.name, err)
	}
	r.children[t.ref.ID()] = t
	if m.policy != nil {
		// Known by its name from now on, as if the set had had it.
		r.extra[m.name] = m.policy.Policy
		r.sup.set.Store(r.withExtra(r.sup.set.Load()))
	}
	return t
}

// ended forgets a target whose actor was stopped. The next look-up of its
// name starts another.
func (r *rootActor) ended(c actor.Context, pid *actor.PID) {
	t, ok := r.children[pid.Id]
	r.forget(pid.Id)
	switch {
	case !ok || r.stopping:
	case t.keyed != nil:
		t.keyed.space.ended(r, c, t)
	default:
		r.sup.targets.Delete(t.name)
	}
}

// manyChildren is up to how many children nobody minds the room they had.
const manyChildren = 1024

// forget takes a child off the list, which is made anew when it has been much
// larger: a map keeps the room it once needed.
func (r *rootActor) forget(id string) {
	r.most = max(r.most, len(r.children))
	delete(r.children, id)
	if r.most > manyChildren && len(r.children) < r.most/4 {
		r.children = maps.Collect(maps.All(r.children))
		r.most = len(r.children)
	}
}

// HandleFailure implements [actor.SupervisorStrategy]: a target's supervisor
// has escalated. The target gets fresh workers and a closed breaker; what
// waits there is kept, and no other target notices.
func (r *rootActor) HandleFailure(_ *actor.ActorSystem, self actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, reason, _ any) {
	if t, ok := r.children[child.Id]; ok {
		header := actors.Header{Target: t.name, At: time.Now()}
		if err, ok := reason.(error); ok {
			r.sup.bus.Publish(actors.TargetStopped{Header: header, Reason: err})
		}
		t.tell(renew{})
		r.sup.bus.Publish(actors.TargetStarted{Header: header})
	}
	self.ResumeChildren(child)
}
