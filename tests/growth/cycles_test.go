// Package growth_test looks whether anything is left of supervisors that ended,
// and whether a supervisor grows with what it has done.
package growth_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/leaks"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	cycles   = flag.Int("growth.cycles", 200, "how often a supervisor is started and shut down")
	keys     = flag.Int("growth.keys", 100_000, "how many distinct keys the soak uses")
	duration = flag.Duration("growth.duration", 0, "for how long the soak goes on, in place of a number of keys")
)

func TestMain(m *testing.M) {
	flag.Parse()
	leaks.Main(m)
}

// Broken: a supervisor that has been shut down leaves an actor in the system that
// it was a guest of, a goroutine or memory.
func TestCycles_InOneSystem(t *testing.T) {
	system := actors.NewSystem()
	defer system.Shutdown()
	look := func() int { return registered(system) }
	cycle(t, supervisor.WithSystem(system))
	before, goroutines := settled(look, 0), settled(runtime.NumGoroutine, 0)
	heap := heapInUse()
	for range *cycles {
		cycle(t, supervisor.WithSystem(system))
	}
	entries, left := settled(look, before)-before, settled(runtime.NumGoroutine, goroutines)-goroutines
	perCycle := float64(heapInUse()-heap) / float64(*cycles)
	fmt.Printf("prove: cycles_shared cycles=%d registry_entries_left=%d goroutines_left=%d heap_bytes_per_cycle=%.0f\n", *cycles, entries, left, perCycle)
	require.Zero(t, entries, "entries in the registry")
	require.LessOrEqual(t, left, 0, "goroutines")
	require.Less(t, perCycle, 500.0, "bytes that each cycle leaves")
}

// Broken: a supervisor that owned its system leaves part of it.
func TestCycles_OfOwnSystems(t *testing.T) {
	cycle(t)
	goroutines, heap := settled(runtime.NumGoroutine, 0), heapInUse()
	n := max(*cycles/10, 1) // a system is 3 MB
	for range n {
		cycle(t)
	}
	left := settled(runtime.NumGoroutine, goroutines) - goroutines
	perCycle := float64(heapInUse()-heap) / float64(n)
	fmt.Printf("prove: cycles_own own_cycles=%d own_goroutines_left=%d own_heap_bytes_per_cycle=%.0f\n", n, left, perCycle)
	require.LessOrEqual(t, left, 0, "goroutines")
	require.Less(t, perCycle, 20_000.0, "bytes that each cycle leaves")
}

// cycle is a supervisor's life: successes, failures, retries, a key, a subscriber.
func cycle(t *testing.T, options ...supervisor.Option) {
	t.Helper()
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(t, err)
	sup, err := supervisor.New(set, options...)
	require.NoError(t, err)
	sup.Subscribe(func(actors.Event) {})
	for i := range 4 {
		n := 0
		fn := func(context.Context) (int, error) {
			if n++; n == 1 {
				panic("once")
			}
			return n, nil
		}
		if i%2 == 0 {
			_, err = supervisor.Do(t.Context(), sup, "x", fn)
		} else {
			_, err = supervisor.DoOn(t.Context(), sup.Target("x", "key"), fn)
		}
		require.NoError(t, err)
	}
	require.NoError(t, sup.Shutdown(context.Background()))
}

// settled gives a count once it is no more than wanted, or falls no further:
// actors of the engine end a moment after they were stopped, and its dead letters
// keep a goroutine for a second.
func settled(count func() int, wanted int) int {
	least := count()
	for n := 0; n < 60 && least > wanted; n++ {
		<-time.After(50 * time.Millisecond)
		least = min(least, count())
	}
	return least
}

// heapInUse is in bytes.
func heapInUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// registered counts the actors that a system knows.
func registered(system *actor.ActorSystem) (n int) {
	for _, bucket := range system.ProcessRegistry.LocalPIDs.LocalPIDs {
		n += bucket.Count()
	}
	return n
}
