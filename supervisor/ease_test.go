package supervisor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, an idle key would keep workers that nobody needs, or the next
// call would have to do without one.
func TestAnIdleKeyedTargetLetsItsWorkersGo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, 40*time.Minute), workers(3))
		j := listen(s)
		x := s.Target("x", "a")
		g := newGate()
		busy := []<-chan outcome{async(func() (int, error) { return DoOn(bg, x, g.run) }), async(func() (int, error) { return DoOn(bg, x, g.run) })}
		synctest.Wait()
		g.end <- nil
		g.end <- nil
		for _, b := range busy {
			require.NoError(t, soon(t, b, "a call").err)
		}
		require.Len(t, snapshotOf(t, s, "x[a]").Workers, 2)
		pass(20*time.Minute + time.Second)
		snap := snapshotOf(t, s, "x[a]")
		assert.Empty(t, snap.Workers)
		assert.EqualValues(t, 2, snap.Succeeded)
		assert.Empty(t, eventsOf[actors.WorkerStopped](j), "it is nothing out of the way")

		for range 3 {
			_, err := DoOn(bg, x, succeed)
			require.NoError(t, err)
		}
		require.Len(t, snapshotOf(t, s, "x[a]").Workers, 1)
		assert.Equal(t, "holdfast/x/key-1/worker-3", snapshotOf(t, s, "x[a]").Workers[0].PID, "names are not used twice")
		pass(5 * time.Minute)
		_, err := DoOn(bg, x, succeed)
		require.NoError(t, err)
		pass(9 * time.Minute)
		assert.Len(t, snapshotOf(t, s, "x[a]").Workers, 1, "it was used since the last look")
	})
}

// If it failed, what waits at a target would be forgotten because nobody calls.
func TestWhatWaitsAtAnIdleTargetIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, 40*time.Second), workers(1), trips(1), parks, attempts(2), noWaits)
		x := s.Target("x", "a")
		waits := async(func() (int, error) {
			n := 0
			return DoOn(bg, x, func(context.Context) (int, error) {
				if n++; n == 1 {
					return 0, errTemp
				}
				return n, nil
			})
		})
		pass(25 * time.Second) // parked, behind an open breaker
		require.Equal(t, breaker.Open, s.Breaker("x", "a").State())
		pass(20 * time.Second)
		o := soon(t, waits, "the operation")
		assert.NoError(t, o.err)
		assert.Equal(t, 2, o.value)
	})
}

// A worker with a state is not taken for idle: what it holds is costly to make.
func TestAnIdleStatefulWorkerIsKept(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(keyed(10, 40*time.Minute))},
			WithWorker("x", func(context.Context) (actors.Worker, error) { return &session{}, nil }))
		_, err := DoOn(bg, s.Target("x", "a"), succeed)
		require.NoError(t, err)
		pass(25 * time.Minute)
		assert.Len(t, snapshotOf(t, s, "x[a]").Workers, 1)
	})
}

type session struct{}

func (*session) Handle(context.Context, any) (any, error) { return nil, nil }
func (*session) Close() error                             { return nil }

// If it failed, an operation that arrives while its target's workers are let go
// would be lost or run twice, or a worker leak.
func TestNoOperationIsLostWhileWorkersAreLetGo(t *testing.T) {
	const callers, each, keys = 4, 300, 3
	s := one(t, attempts(3), noWaits, workers(2), trips(100))
	stop := meanwhile(func() {
		for n := range keys {
			x := s.Target("x", Key(fmt.Sprint(n)))
			x.tell(ease{})
			answer := make(chan error, 1)
			x.tell(&startAgain{done: answer})
			<-answer
			if n == 0 {
				x.tell(&passivate{reason: actors.PassivatedIdle})
			}
		}
	})
	var ran atomic.Int64
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for n := range each {
				runs := 0
				fn := func(context.Context) (int, error) {
					if runs++; n%7 == 0 && runs == 1 {
						return 0, errTemp
					}
					ran.Add(1)
					return 1, nil
				}
				x := s.Target("x", Key(fmt.Sprint((n+caller)%keys)))
				var err error
				if n%2 == 0 {
					_, err = DoOn(bg, x, fn)
				} else {
					_, err = GoOn(bg, x, fn).Wait(bg)
				}
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	stop()
	assert.EqualValues(t, callers*each, ran.Load())
	for _, x := range s.running() {
		assert.LessOrEqual(t, len(x.snapshot().Workers), 2)
		assert.Zero(t, x.pool.busy())
	}
}

// If it failed, idle keys would cost twice of what they need: the desk of their
// supervisor, an actor for the breaker, or a list of children in the engine.
func TestWhatAnIdleKeyCosts(t *testing.T) {
	const n, most = 20_000, 1900 // bytes; the benchmark has 1,300 with more keys, who share the engine's maps
	s := one(t, keyed(2*n, time.Hour))
	use(t, s, "first")
	before := heapInUse()
	for i := range n {
		use(t, s, Key(fmt.Sprint(i)))
	}
	for _, x := range s.running() {
		x.tell(ease{})
	}
	assert.Less(t, (int64(heapInUse())-int64(before))/n, int64(most))
}
