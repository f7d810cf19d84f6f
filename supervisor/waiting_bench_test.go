package supervisor

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// crowd is many operations that fail once, wait for 20 to 40 s all at the same
// time, and then succeed.
type crowd struct {
	target   *Target
	contexts []context.Context // each with its number
	futures  []*Future[int]
	failed   []time.Time     // when the first attempt did
	late     []time.Duration // what lay between the end of the wait and the second attempt
}

type numberKey struct{}

func newCrowd(b *testing.B, n int, of func() context.Context) (*Supervisor, *crowd) {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 20*time.Second, 40*time.Second
	p.Breaker.FailureThreshold = policies.Never
	p.Pool.MaxPending = 10_000_000
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(b, err)
	s, err := New(set)
	require.NoError(b, err)
	c := &crowd{target: s.Target("x"), contexts: make([]context.Context, n), futures: make([]*Future[int], n),
		failed: make([]time.Time, n), late: make([]time.Duration, n)}
	for i := range n {
		c.contexts[i] = context.WithValue(of(), numberKey{}, i)
	}
	return s, c
}

// gather starts them and returns when all of them wait.
func (c *crowd) gather() {
	run := c.run
	for i, ctx := range c.contexts {
		c.futures[i] = GoOn(ctx, c.target, run)
	}
	for c.target.seldom().inBackoff.Load() < int64(len(c.futures)) {
		runtime.Gosched()
	}
}

func (c *crowd) run(ctx context.Context) (int, error) {
	op, attempt := attemptOf(ctx)
	i := ctx.Value(numberKey{}).(int)
	if attempt == 1 {
		c.failed[i] = time.Now()
		return 0, errTemp
	}
	c.late[i] = time.Since(c.failed[i]) - op.course.previous
	return i, nil
}

// inUse is the memory in use, the number of allocations so far, and that of
// goroutines.
func inUse() (bytes, mallocs uint64, goroutines int) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse, m.Mallocs, runtime.NumGoroutine()
}

// BenchmarkWaiting tells what each of b.N operations costs while all of them are
// in backoff, with everything that is kept for it; how long it took until they
// were; how late their second attempts began; and how long after the last was
// due all had ended.
//
// The callers' contexts are never done, or all derived from one that may be, or
// each its own. What the watch over them costs is counted, they are not.
//
//	go test -run - -bench Waiting/background -benchtime 1000000x ./supervisor
func BenchmarkWaiting(b *testing.B) {
	shared, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, way := range []struct {
		name string
		of   func() context.Context
	}{
		{"background", context.Background},
		{"shared", func() context.Context { return shared }},
		{"own", func() context.Context {
			ctx, cancel := context.WithCancel(context.Background())
			b.Cleanup(cancel)
			return ctx
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			s, c := newCrowd(b, b.N, way.of)
			defer s.Shutdown(context.Background())
			n := float64(b.N)
			bytes, mallocs, goroutines := inUse()
			start := time.Now()
			c.gather()
			b.ReportMetric(time.Since(start).Seconds(), "s/gather")
			bytes2, mallocs2, goroutines2 := inUse()
			b.ReportMetric(float64(int64(bytes2)-int64(bytes))/n, "B/waiting")
			b.ReportMetric(float64(mallocs2-mallocs)/n, "allocs/waiting")
			b.ReportMetric(float64(goroutines2-goroutines), "goroutines")

			for i, f := range c.futures {
				value, err := f.Wait(context.Background())
				require.NoError(b, err)
				require.Equal(b, i, value)
			}
			end := time.Now()
			var last time.Time
			for i, failed := range c.failed {
				if due := failed.Add(c.futures[i].call.course.previous); due.After(last) {
					last = due
				}
			}
			b.ReportMetric(float64(end.Sub(last).Microseconds())/1e3, "ms/tail")
			slices.Sort(c.late)
			for _, q := range []struct {
				unit string
				at   float64
			}{{"ms/late-p50", .5}, {"ms/late-p99", .99}, {"ms/late-max", 1}} {
				b.ReportMetric(float64(c.late[int(q.at*(n-1))].Microseconds())/1e3, q.unit)
			}
		})
	}
}

// BenchmarkShutdownOfWaiting tells how long a shutdown takes that ends b.N
// operations in backoff.
//
//	go test -run - -bench ShutdownOfWaiting -benchtime 100000x ./supervisor
func BenchmarkShutdownOfWaiting(b *testing.B) {
	s, c := newCrowd(b, b.N, context.Background)
	c.gather()
	b.ResetTimer()
	start := time.Now()
	require.NoError(b, s.Shutdown(context.Background()))
	b.ReportMetric(float64(time.Since(start).Microseconds())/1e3, "ms/shutdown")
	b.StopTimer()
	for _, f := range c.futures {
		_, err := f.Wait(context.Background())
		require.ErrorIs(b, err, ErrShutdown)
	}
}
