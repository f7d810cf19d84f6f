package actors

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// bench is a breaker actor with everything it tells others.
type bench struct {
	*Breaker
	t      *testing.T
	parent *parent
	bus    *Bus
	events notes[Event]
	moved  atomic.Int32
	// waiting are the successes that nobody told it, by generation.
	mu      sync.Mutex
	waiting map[uint64]uint64
	next    func() // is called once it has asked for them, nil for no such thing
}

// waits lets successes of a generation wait.
func (b *bench) waits(generation, n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting[generation] = n
}

func (b *bench) generationsThatWait() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// CountUntold implements [Keeper].
func (b *bench) CountUntold() (n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, all := range b.waiting {
		n += all
	}
	return n
}

// TakeUntold implements [Keeper].
func (b *bench) TakeUntold(generation uint64) (n, earlier uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for of, all := range b.waiting {
		if of == generation {
			n += all
		} else {
			earlier += all
		}
	}
	clear(b.waiting)
	if next := b.next; next != nil {
		b.next = nil
		next()
	}
	return n, earlier
}

// newBench starts a breaker that trips at the second failure in a row, opens
// for 30 s and closes with the first good probe.
func newBench(t *testing.T, edits ...func(*policies.Breaker)) *bench {
	t.Helper()
	settings := policies.DefaultBreaker()
	settings.FailureThreshold, settings.SuccessThreshold = 2, 1
	settings.RecoveryTimeout, settings.RecoveryJitter = 30*time.Second, 0
	for _, edit := range edits {
		edit(&settings)
	}
	b := &bench{t: t, parent: newParent(t), waiting: map[uint64]uint64{}}
	var err error
	b.bus, err = NewBus(b.parent.system(), "events")
	require.NoError(t, err)
	t.Cleanup(func() { b.bus.Close() })
	b.bus.Subscribe(b.events.add, 100)
	b.Breaker = NewBreaker("api", &settings, b.bus, b)
	require.NoError(t, b.Start(b.parent.system().Root))
	return b
}

// closing is a [Settler] that closes a channel.
type closing chan struct{}

func (c closing) Settled() { close(c) }

// StartBreaker implements [Keeper].
func (b *bench) StartBreaker() { require.NoError(b.t, b.Start(b.parent.system().Root)) }

// BreakerMoved implements [Keeper].
func (b *bench) BreakerMoved() { b.moved.Add(1) }

// settle ends an attempt that was let through while the breaker is as it is.
func (b *bench) settle(o policies.Outcome, err error) {
	b.t.Helper()
	b.settled(Settlement{Permit: breaker.Permit{Generation: b.View().Generation}, Outcome: o, Err: err})
}

func (b *bench) settled(s Settlement) {
	b.t.Helper()
	done := make(chan struct{})
	b.Settle(s, closing(done))
	soon(b.t, done, "a settlement")
}

func (b *bench) ask() Admission {
	b.t.Helper()
	answer := make(chan Admission, 1)
	b.Ask(func(a Admission) { answer <- a })
	return soon(b.t, answer, "an answer")
}

func (b *bench) trip() {
	b.t.Helper()
	b.settle(policies.Failure, errPlain)
	b.settle(policies.Failure, errPlain)
	b.in(breaker.Open)
}

func (b *bench) in(s breaker.State) {
	b.t.Helper()
	require.Equal(b.t, s.String(), b.View().State.String())
}

// kill stops the actor from outside.
func (b *bench) kill() {
	b.t.Helper()
	system := b.parent.system()
	system.Root.Stop(b.PID())
	synctest.Wait()
	require.True(b.t, gone(system, b.ref.Load()))
}

func (b *bench) transitions() []BreakerChanged {
	synctest.Wait()
	var all []BreakerChanged
	for _, e := range b.events.list() {
		if e, ok := e.(BreakerChanged); ok {
			all = append(all, e)
		}
	}
	return all
}

// last checks how the latest change came about.
func (b *bench) last(to breaker.State, why breaker.Reason) BreakerChanged {
	b.t.Helper()
	all := b.transitions()
	require.NotEmpty(b.t, all)
	e := all[len(all)-1]
	assert.Equal(b.t, to.String(), e.Transition.To.String())
	assert.Equal(b.t, why, e.Transition.Reason)
	assert.Equal(b.t, "api", e.Target)
	return e
}
