package supervisor

import (
	"errors"
	"fmt"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// Breaker is the circuit breaker of a target, shared by name: whoever asks
// for it gets the same state. It is safe for concurrent use. Commands have
// taken effect when they return; on a breaker that doesn't exist (see Err)
// they do nothing.
type Breaker struct {
	target *Target
}

// Breaker gives the breaker of a target, a keyed one if there are keys. It never returns nil; for a name that
// no policy mentions, Err gives the error.
func (s *Supervisor) Breaker(name string, keys ...Key) *Breaker {
	return &Breaker{target: s.Target(name, keys...)}
}

// BreakerWith gives the breaker of that name if it has these settings. A name
// that no policy mentions becomes a target, with the api defaults and these
// breaker settings. A breaker with other settings is a *[ConflictError];
// settings or a name that can't be are a policies.ErrInvalid, and names of
// error conditions that nobody knows a *classify.UnknownNamesError.
func (s *Supervisor) BreakerWith(name string, settings policies.Breaker) (*Breaker, error) {
	t := s.Target(name)
	if errors.Is(t.err, ErrUnknownTarget) {
		p := s.set.Load().Defaults(policies.API)
		p.Breaker = settings
		set, err := s.set.Load().With(name, p)
		if err != nil {
			return nil, fmt.Errorf("breaker %q: %w", name, err)
		}
		if p, err = set.Target(name); err != nil {
			return nil, fmt.Errorf("breaker %q: %w", name, err)
		}
		policy, err := resolve(p)
		if err != nil {
			return nil, fmt.Errorf("breaker %q: %w", name, err)
		}
		t = s.open(name, policy)
	}
	if t.err != nil {
		return nil, t.err
	}
	if have := t.policy.Load().Breaker; !have.Equal(settings) {
		return nil, &ConflictError{Name: name, Have: have, Want: settings}
	}
	return &Breaker{target: t}, nil
}

// Breakers gives the breakers of all running targets, by name.
func (s *Supervisor) Breakers() []*Breaker {
	var all []*Breaker
	for _, t := range s.running() {
		all = append(all, &Breaker{target: t})
	}
	return all
}

// ResetBreakers resets every breaker, those of passivated targets included.
func (s *Supervisor) ResetBreakers() {
	done := make(chan struct{})
	s.root.Tell(&resetKeys{done: done})
	<-done
	for _, b := range s.Breakers() {
		b.Reset()
	}
}

// Err is nil for a breaker that exists.
func (b *Breaker) Err() error { return b.target.err }

// Name is the breaker's name.
func (b *Breaker) Name() string { return b.target.name }

// State is the breaker's state now. It changes by the breaker's own timer,
// not when somebody calls. A breaker that doesn't exist reads as disabled.
func (b *Breaker) State() breaker.State {
	t := b.target.current()
	if t.err != nil {
		return breaker.Disabled
	}
	return t.breaker.View().State
}

// Counts is what the breaker has counted. LastSuccess may be later than the
// success was: what changes no decision is told to the breaker together, when it
// is told, or asked, something else.
func (b *Breaker) Counts() breaker.Counts {
	var counts breaker.Counts
	t := b.target.current()
	if t.err != nil {
		return counts
	}
	t.breaker.Query(func(m *breaker.Machine, now time.Time) { counts = m.Counts(now) })
	// The machine counts questions, of which one operation may ask several.
	counts.Rejected = t.refused.Load() + t.refusedTold.Load()
	return counts
}

// PID is the address of the breaker actor itself, nil if it doesn't exist.
func (b *Breaker) PID() *actor.PID {
	t := b.target.current()
	if t.err != nil {
		return nil
	}
	return t.breaker.PID()
}

// Reset closes the breaker and clears what would open it.
func (b *Breaker) Reset() { b.command((*actors.Breaker).Reset) }

// ForceOpen refuses every call until Reset, ForceClose or Disable.
func (b *Breaker) ForceOpen() {
	b.command(func(a *actors.Breaker) { a.ForceOpen(time.Time{}) })
}

// ForceOpenFor refuses every call for d, and then probes. With d zero or less
// it probes at once.
func (b *Breaker) ForceOpenFor(d time.Duration) {
	until := time.Now().Add(d)
	b.command(func(a *actors.Breaker) { a.ForceOpen(until) })
}

// ForceClose lets every call through, whatever its outcome, until Reset.
func (b *Breaker) ForceClose() { b.command((*actors.Breaker).ForceClose) }

// Disable lets every call through and counts nothing, until Reset.
func (b *Breaker) Disable() { b.command((*actors.Breaker).Disable) }

func (b *Breaker) command(f func(*actors.Breaker)) {
	if t := b.target.current(); t.err == nil {
		f(t.breaker)
	}
}
