package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

var (
	errPlain = errors.New("plain failure")                               // a failure, not worth another attempt
	errTemp  = classify.Retryable(errors.New("temporary failure"))       // a failure that is
	errAside = classify.Ignore(errors.New("a failure that is no fault")) // counts for nobody
	bg       = context.Background()

	noContext context.Context // of a caller who forgot it
)

// bubble runs f in virtual time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

// pass lets virtual time go on.
func pass(d time.Duration) { virtualtime.Pass(d) }

// soon gives what comes out of ch, and fails if nothing ever does.
func soon[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	return virtualtime.Soon(t, ch, what)
}

// policy is easy to count with: three attempts, waits of 1 s, 2 s, 4 s
// exactly, and a breaker that never trips by itself.
func policy(edits ...func(*policies.Policy)) policies.Policy {
	p := policies.Default(policies.API)
	p.Retry.MaxAttempts = 3
	p.Retry.MinWait, p.Retry.MaxWait = time.Second, 8*time.Second
	p.Retry.Jitter = policies.JitterNone
	p.Breaker.FailureThreshold = policies.Never
	p.Breaker.RecoveryTimeout = 30 * time.Second
	p.Breaker.RecoveryJitter = 0
	p.Breaker.SuccessThreshold = 1
	for _, edit := range edits {
		edit(&p)
	}
	return p
}

func attempts(n int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.MaxAttempts = n }
}

func noWaits(p *policies.Policy) { p.Retry.MinWait, p.Retry.MaxWait = 0, 0 }

func workers(n int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Pool.Workers = n }
}

func pending(n int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Pool.MaxPending = n }
}

func trips(after int) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.FailureThreshold = after }
}

func parks(p *policies.Policy) { p.Retry.WhenOpen = policies.Park }

// restartsAt bounds restarts to n in ten seconds.
func restartsAt(n int, then policies.Escalation) func(*policies.Policy) {
	return func(p *policies.Policy) {
		p.Restart = policies.Restart{MaxRestarts: n, Within: 10 * time.Second, Exceeded: then}
	}
}

type targets = map[string]policies.Policy

func setOf(t testing.TB, all targets) *policies.Set {
	t.Helper()
	set, err := policies.NewSet(all)
	require.NoError(t, err)
	return set
}

// start makes a supervisor that the test's end shuts down.
func start(t testing.TB, all targets, options ...Option) *Supervisor {
	t.Helper()
	s, err := New(setOf(t, all), options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(bg, time.Hour)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx), "the supervisor could not be shut down")
	})
	return s
}

// one makes a supervisor with a target "x".
func one(t testing.TB, edits ...func(*policies.Policy)) *Supervisor {
	t.Helper()
	return start(t, targets{"x": policy(edits...)})
}

// succeed and fail are functions to run.
func succeed(context.Context) (int, error) { return 42, nil }

func failWith(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 0, err }
}

// gate is a function that says when it begins and ends when told to.
type gate struct {
	begun chan context.Context
	end   chan error
}

func newGate() *gate { return &gate{begun: make(chan context.Context, 16), end: make(chan error, 16)} }

func (g *gate) run(ctx context.Context) (int, error) {
	g.begun <- ctx
	return 42, <-g.end
}

// outcome is what a caller got.
type outcome struct {
	value int
	err   error
	at    time.Time
}

// async calls f on a goroutine of its own.
func async(f func() (int, error)) <-chan outcome {
	ch := make(chan outcome, 1)
	go func() {
		value, err := f()
		ch <- outcome{value, err, time.Now()}
	}()
	return ch
}

// journal collects events.
type journal struct {
	mu     sync.Mutex
	events []actors.Event
}

func listen(s *Supervisor) *journal {
	j := &journal{}
	s.Subscribe(func(e actors.Event) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.events = append(j.events, e)
	})
	return j
}

// eventsOf gives those of type E so far.
func eventsOf[E actors.Event](j *journal) []E {
	j.mu.Lock()
	defer j.mu.Unlock()
	var all []E
	for _, e := range j.events {
		if e, ok := e.(E); ok {
			all = append(all, e)
		}
	}
	return all
}

// snapshotOf gives the part of a snapshot that is about one target.
func snapshotOf(t testing.TB, s *Supervisor, name string) TargetSnapshot {
	t.Helper()
	for _, snap := range s.Snapshot().Targets {
		if snap.Name == name {
			return snap
		}
	}
	require.FailNow(t, "no such target runs", name)
	return TargetSnapshot{}
}

// errNotThere is a failure that only a custom condition makes worth another
// attempt.
var errNotThere = fmt.Errorf("open: %w", fs.ErrNotExist)
