package paths

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// waiting is b.N operations whose first attempts have failed and that wait for
// their second: what they cost while they wait, and how late that attempt is.
func waiting() []Scenario {
	return []Scenario{
		{Path{"waiting/holdfast", waitInHoldfast}, 1_000_000, 45},
		{Path{"waiting_100k/holdfast", waitInHoldfast}, 100_000, 6},
		{Path{"waiting_100k/failsafe", waitInFailsafe}, 100_000, 6},
		{Path{"waiting_100k/gobreaker_backoff", waitInBackoff}, 100_000, 6},
		{Path{"waiting_100k/goroutine_sleep", waitInGoroutine}, 100_000, 6},
	}
}

// waitBatch is how many operations start together and wait equally long, where
// there are many.
const waitBatch = 1000

// storm makes operations wait. How long each of them waits has to be known, to
// tell how late it is, without a note for each: so each batch has one wait, that
// is drawn from a span that begins when all are sure to wait.
type storm struct {
	b        *testing.B
	shortest time.Duration
	late     []time.Duration // of each operation's second attempt
	due      []time.Time
	done     atomic.Int64
	ended    chan struct{}
	early    atomic.Int64
	counting atomic.Bool // the waiting operations are being looked at
}

func newStorm(b *testing.B) *storm {
	return &storm{
		b:        b,
		shortest: 300*time.Millisecond + time.Duration(b.N)*12*time.Microsecond,
		late:     make([]time.Duration, b.N),
		due:      make([]time.Time, b.N),
		ended:    make(chan struct{}),
	}
}

// attempt is the function of operation i. Its caller runs it twice.
func (s *storm) attempt(i int, wait time.Duration) (int, error) {
	if s.due[i].IsZero() {
		s.due[i] = time.Now().Add(wait)
		return 0, errDown
	}
	s.late[i] = time.Since(s.due[i])
	if s.late[i] < 0 || s.counting.Load() {
		s.early.Add(1)
	}
	if s.done.Add(1) == int64(len(s.late)) {
		close(s.ended)
	}
	return 1, nil
}

// run starts the operations, batch by batch, and reports. prepare says how long
// those wait that start from now on; parked says whether all wait.
func (s *storm) run(prepare func(wait time.Duration), start func(i int, wait time.Duration), parked func() bool) {
	b := s.b
	goroutines, before := runtime.NumGoroutine(), inUse()
	s.counting.Store(true)
	size := max(1, min(waitBatch, b.N/100))
	began := time.Now()
	for first := 0; first < b.N; first += size {
		wait := s.shortest + rand.N(2*s.shortest)
		prepare(wait)
		for i := first; i < min(first+size, b.N); i++ {
			start(i, wait)
		}
	}
	filled := time.Since(began)
	for !parked() {
		time.Sleep(time.Millisecond)
	}
	reportEach(b, before, "B/waiting")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
	s.counting.Store(false)
	<-s.ended
	if n := s.early.Load(); n > 0 {
		b.Fatalf("%d operations had their second attempt early, or before all were waiting", n)
	}
	slices.Sort(s.late)
	for _, q := range []struct {
		unit string
		of   float64
	}{{"ms-late-p50", 0.5}, {"ms-late-p99", 0.99}, {"ms-late-max", 1}} {
		at := min(int(q.of*float64(b.N)), b.N-1)
		b.ReportMetric(float64(s.late[at])/float64(time.Millisecond), q.unit)
	}
	b.ReportMetric(filled.Seconds(), "s-to-start")
	b.ReportMetric(0, "ns/op") // it would be the waits
}

// failedOnce says whether every operation has made its first attempt.
func (s *storm) failedOnce(started *atomic.Int64) func() bool {
	return func() bool { return started.Load() == int64(s.b.N) }
}

// waitInHoldfast uses default policies but for what the storm is about: how many
// may wait, how long they do, and a breaker that doesn't open while everything
// fails. The wait of the next operations is set by a hot reload, under which the
// operations under way keep theirs.
func waitInHoldfast(b *testing.B) {
	s := newStorm(b)
	p := policies.Default(policies.API)
	p.Pool.MaxPending = b.N
	neverTrips(&p)
	sup := supervise(b, map[string]policies.Policy{"api": p})
	target := sup.Target("api")
	_, err := supervisor.DoOn(ctx, target, succeed)
	check(b, err)
	s.run(func(wait time.Duration) {
		p.Retry.MinWait, p.Retry.MaxWait, p.Retry.Jitter = wait, wait, policies.JitterNone
		set, err := policies.NewSet(map[string]policies.Policy{"api": p})
		check(b, err)
		check(b, sup.Apply(set))
	}, func(i int, wait time.Duration) {
		supervisor.GoOn(ctx, target, func(context.Context) (int, error) { return s.attempt(i, wait) })
	}, func() bool { return inBackoff(sup) == b.N })
}

func inBackoff(sup *supervisor.Supervisor) int {
	for _, t := range sup.Snapshot().Targets {
		if t.Name == "api" {
			return t.InBackoff
		}
	}
	return 0
}

// waitInFailsafe has GetAsync wait. The executor of a batch has its wait.
func waitInFailsafe(b *testing.B) {
	s := newStorm(b)
	executor := newPatientFailsafe(time.Second)
	var failed atomic.Int64
	s.run(func(wait time.Duration) { executor = newPatientFailsafe(wait) },
		func(i int, wait time.Duration) {
			executor.GetAsync(func() (int, error) {
				defer failed.Add(1)
				return s.attempt(i, wait)
			})
		}, s.failedOnce(&failed))
}

// waitInBackoff has a goroutine an operation wait in cenkalti/backoff.
func waitInBackoff(b *testing.B) {
	s := newStorm(b)
	cb := newPatientGobreaker()
	var failed atomic.Int64
	s.run(func(time.Duration) {}, func(i int, wait time.Duration) {
		go func() {
			_, _ = backoffAround(ctx, cb, backoff.NewConstantBackOff(wait), func() (int, error) {
				defer failed.Add(1)
				return s.attempt(i, wait)
			})
		}()
	}, s.failedOnce(&failed))
}

// waitInGoroutine is the least that a goroutine which waits costs.
func waitInGoroutine(b *testing.B) {
	s := newStorm(b)
	var failed atomic.Int64
	s.run(func(time.Duration) {}, func(i int, wait time.Duration) {
		go func() {
			_, _ = s.attempt(i, wait)
			failed.Add(1)
			time.Sleep(wait)
			_, _ = s.attempt(i, wait)
		}()
	}, s.failedOnce(&failed))
}
