package supervisor

import (
	"fmt"

	"github.com/holdfast-go/holdfast/actors"
)

var _ actors.Keeper = (*targetActor)(nil)

// startBreaker: the breaker has been told something, and has no actor yet.
type startBreaker struct{}

// StartBreaker implements [actors.Keeper].
func (a *targetActor) StartBreaker() { a.tell(startBreaker{}) }

// BreakerMoved implements [actors.Keeper].
func (a *targetActor) BreakerMoved() { a.tell(moved{}) }

// TakeUntold implements [actors.Keeper].
func (a *targetActor) TakeUntold(generation uint64) (n, earlier uint64) {
	return a.pool.takeUntold(generation)
}

// CountUntold implements [actors.Keeper].
func (a *targetActor) CountUntold() uint64 { return a.pool.untold() }

// makeBreaker gives the target its breaker, whose actor is started when somebody
// has something to tell it, or now if it goes on from what is remembered.
func (a *targetActor) makeBreaker() error {
	settings := &a.policy.Load().Breaker
	if a.keyed != nil && a.keyed.memory != nil {
		b, err := actors.RestoreBreaker(a.name, settings, *a.keyed.memory, a.sup.bus, a)
		if err == nil {
			a.breaker = b
			a.startBreaker()
			return a.unable
		}
		a.unable = err
	}
	a.breaker = actors.NewBreaker(a.name, settings, a.sup.bus, a)
	return a.unable
}

// startBreaker starts the breaker's actor, anew if somebody stopped it. Its state
// machine is kept, so that nothing it knew is lost.
func (a *targetActor) startBreaker() {
	if a.down {
		a.breaker.End()
		return
	}
	if err := a.breaker.Start(a.self); err != nil { // the name is taken, by an actor that is not ours
		a.unable = err
		a.breaker.End()
		a.haltFor(ErrTargetStopped, fmt.Errorf("%w: %w", ErrTargetStopped, err))
		a.ref.Stop() // the next look-up of its name tries again
		return
	}
	a.protected = true
	a.breaker.SetWorkers(a.policy.Load().Pool.Workers)
}

// breakerEnded brings the breaker back if somebody stopped it.
func (a *targetActor) breakerEnded() {
	a.startBreaker()
	if !a.down {
		a.breakerMoved() // who was told nothing meanwhile asks again
	}
}
