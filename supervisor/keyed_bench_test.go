package supervisor

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// BenchmarkKeyed compares a call by name with calls by keys.
//
//	go test -run - -bench Keyed ./supervisor
func BenchmarkKeyed(b *testing.B) {
	set, err := policies.NewSet(nil)
	require.NoError(b, err)
	s, err := New(set)
	require.NoError(b, err)
	defer s.Shutdown(context.Background())
	ctx := context.Background()
	fn := func(context.Context) (int, error) { return 1, nil }
	tenants := make([]Key, 1000)
	for i := range tenants {
		tenants[i] = Key(fmt.Sprintf("tenant-%d", i))
	}
	model := Key("gpt-x")
	kept := s.Target("api", model)
	n := 0
	for _, way := range []struct {
		name string
		do   func() error
	}{
		{"by_name", func() error { _, err := Do(ctx, s, "api", fn); return err }},
		{"by_one_key", func() error { _, err := DoOn(ctx, s.Target("api", model), fn); return err }},
		{"by_two_keys", func() error { _, err := DoOn(ctx, s.Target("api", model, tenants[0]), fn); return err }},
		{"by_two_keys_of_1000", func() error {
			n++
			_, err := DoOn(ctx, s.Target("api", model, tenants[n%1000]), fn)
			return err
		}},
		{"handle", func() error { _, err := DoOn(ctx, kept, fn); return err }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := way.do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parallel_by_two_keys_of_1000", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for i := 0; pb.Next(); i++ {
				if _, err := DoOn(ctx, s.Target("api", model, tenants[i%1000]), fn); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkKeyedMemory tells what a key costs that was just used, and one that
// nobody has used for a look or two of the sweeper, which is half its idle_timeout
// at most; and what is left of all of them when they are put away at the same
// time: the engine's maps keep the room for the next that run. It tells too how
// long it takes to start one, to put one away and to start it again.
//
//	go test -run - -bench KeyedMemory -benchtime 100000x ./supervisor
func BenchmarkKeyedMemory(b *testing.B) {
	p := policies.Default(policies.API)
	p.Breaker.FailureThreshold = 1
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = time.Hour, time.Hour
	p.Keyed = policies.Keyed{MaxKeys: 10_000_000, IdleTimeout: 24 * time.Hour}
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(b, err)
	ctx := context.Background()
	fail := func(context.Context) (int, error) { return 0, errPlain }
	for _, way := range []struct {
		name string
		use  func(t *Target)
	}{
		{"unused", func(*Target) {}},
		{"used", func(t *Target) { _, _ = DoOn(ctx, t, func(context.Context) (int, error) { return 1, nil }) }},
		{"open", func(t *Target) { _, _ = DoOn(ctx, t, fail) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			s, err := New(set)
			require.NoError(b, err)
			defer s.Shutdown(ctx)
			keys := make([]Key, b.N)
			for i := range keys {
				keys[i] = Key(fmt.Sprintf("tenant-%d", i))
			}
			way.use(s.Target("x", "first"))
			before := heapInUse()
			b.ResetTimer()
			for _, key := range keys {
				way.use(s.Target("x", key))
			}
			b.StopTimer()
			b.ReportMetric(float64(heapInUse()-before)/float64(b.N), "B/used")
			for _, t := range s.running() {
				t.tell(ease{}) // as the sweep does
			}
			b.ReportMetric(float64(heapInUse()-before)/float64(b.N), "B/idle")

			k, _ := s.keyspaces.Load("x")
			began := time.Now()
			last := ""
			for _, t := range s.running() {
				last = t.ref.ID()
				t.tell(&passivate{reason: "idle"})
			}
			for k.stats.live.Load() > 0 {
				runtime.Gosched()
			}
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N), "ns/passivation")
			for _, there := s.system.ProcessRegistry.GetLocal(last); there; _, there = s.system.ProcessRegistry.GetLocal(last) {
				runtime.Gosched() // let the last actors end
			}
			b.ReportMetric(float64(int64(heapInUse())-int64(before))/float64(b.N), "B/left")
			began = time.Now()
			for _, key := range keys {
				s.Target("x", key)
			}
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/float64(b.N), "ns/restoration")
		})
	}
}

// BenchmarkKeyedRemembered tells what a passivated key costs whose breaker is
// open, when few run at a time.
//
//	go test -run - -bench KeyedRemembered -benchtime 100000x ./supervisor
func BenchmarkKeyedRemembered(b *testing.B) {
	p := policies.Default(policies.API)
	p.Breaker.FailureThreshold = 1
	p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = time.Hour, time.Hour
	p.Keyed = policies.Keyed{MaxKeys: 10_000_000, IdleTimeout: 24 * time.Hour}
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(b, err)
	s, err := New(set)
	require.NoError(b, err)
	defer s.Shutdown(context.Background())
	put := func(key Key, outcome error) {
		t := s.Target("x", key)
		_, _ = DoOn(context.Background(), t, func(context.Context) (int, error) { return 0, outcome })
		t.tell(&passivate{reason: "idle"})
	}
	for i := range 10_000 { // the engine's registry grows to what it needs
		put(Key(fmt.Sprintf("forgotten-%d", i)), nil)
	}
	before := heapInUse()
	b.ResetTimer()
	for i := range b.N {
		put(Key(fmt.Sprintf("tenant-%d", i)), errPlain)
	}
	b.StopTimer()
	k, _ := s.keyspaces.Load("x")
	for k.stats.live.Load() > 0 {
		runtime.Gosched()
	}
	b.ReportMetric(float64(int64(heapInUse())-int64(before))/float64(b.N), "B/remembered")
}
