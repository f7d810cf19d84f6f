package invariants_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

var (
	errPlain = errors.New("plain failure")                               // a failure, not worth another attempt
	errTemp  = classify.Retryable(errors.New("temporary failure"))       // a failure that is
	errAside = classify.Ignore(errors.New("a failure that is no fault")) // counts for nobody
)

// errNobody stands for the engine's answer to a message for an actor that has
// ended.
var errNobody = errors.New("a dead letter")

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

// target is a policy that is easy to count with: three attempts, waits of
// 1 s, 2 s, 4 s exactly, and a breaker that never trips by itself.
func target(edits ...func(*policies.Policy)) policies.Policy {
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

type targets = map[string]policies.Policy

// start makes a supervisor that the test's end shuts down.
func start(t *testing.T, all targets, options ...supervisor.Option) *supervisor.Supervisor {
	t.Helper()
	set, err := policies.NewSet(all)
	require.NoError(t, err)
	sup, err := supervisor.New(set, options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		require.NoError(t, sup.Shutdown(ctx), "the supervisor could not be shut down")
	})
	return sup
}

// outcome is what a caller got. ended means that its goroutine was ended
// before it got anything.
type outcome struct {
	value int
	err   error
	ended bool
	at    time.Time
}

// async calls f on a goroutine of its own.
func async(f func() (int, error)) <-chan outcome {
	ch := make(chan outcome, 1)
	go func() {
		o := outcome{ended: true}
		defer func() {
			o.at = time.Now()
			ch <- o
		}()
		o.value, o.err = f()
		o.ended = false
	}()
	return ch
}

type function = func(context.Context) (int, error)

// way is one of the ways in which an operation reaches a target.
type way struct {
	name   string
	inline bool
	call   func(ctx context.Context, sup *supervisor.Supervisor, target string, fn function) (int, error)
}

var ways = []way{
	{"Do", true, func(ctx context.Context, sup *supervisor.Supervisor, target string, fn function) (int, error) {
		return supervisor.Do(ctx, sup, target, fn)
	}},
	{"DoOn", true, func(ctx context.Context, sup *supervisor.Supervisor, target string, fn function) (int, error) {
		return supervisor.DoOn(ctx, sup.Target(target), fn)
	}},
	{"Go", false, func(ctx context.Context, sup *supervisor.Supervisor, target string, fn function) (int, error) {
		return supervisor.Go(ctx, sup, target, fn).Wait(context.Background())
	}},
	{"message", false, func(ctx context.Context, sup *supervisor.Supervisor, target string, fn function) (int, error) {
		box := openInbox(sup.System())
		defer box.close()
		box.request(sup.PID(target), &actors.Operation{Context: ctx, Run: func(ctx context.Context) (any, error) { return fn(ctx) }})
		r, ok := (<-box.replies).(*actors.Result)
		if !ok {
			return 0, errNobody
		}
		value, _ := r.Value.(int)
		return value, r.Err
	}},
}

// eachWay runs a test in virtual time for each way in.
func eachWay(t *testing.T, f func(t *testing.T, w way)) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) { bubble(t, func(t *testing.T) { f(t, w) }) })
	}
}

// works fails the test unless the target runs a function at once.
func works(t *testing.T, sup *supervisor.Supervisor, target string) {
	t.Helper()
	before := time.Now()
	o := soon(t, async(func() (int, error) {
		return supervisor.Do(context.Background(), sup, target, func(context.Context) (int, error) { return 42, nil })
	}), "a call to "+target)
	require.NoError(t, o.err, "target %s should work", target)
	require.Equal(t, 42, o.value)
	require.Zero(t, o.at.Sub(before), "target %s should work without delay", target)
}

// clockwork is a function that keeps the times at which it was called.
type clockwork struct {
	began time.Time
	n     atomic.Int32
	mu    sync.Mutex
	times []time.Duration
}

func newClockwork() *clockwork { return &clockwork{began: time.Now()} }

// tick notes a call and gives its number, from 1.
func (c *clockwork) tick() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.times = append(c.times, time.Since(c.began))
	return int(c.n.Add(1))
}

func (c *clockwork) calls() int { return int(c.n.Load()) }

func (c *clockwork) at() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.times...)
}

// failing fails its first n calls with err and then gives 42.
func (c *clockwork) failing(n int, err error) function {
	return func(context.Context) (int, error) {
		if c.tick() <= n {
			return 0, err
		}
		return 42, nil
	}
}

// succeed is a function that is well.
func succeed(context.Context) (int, error) { return 42, nil }

// seconds makes durations of whole seconds.
func seconds(n ...float64) []time.Duration {
	all := make([]time.Duration, len(n))
	for i, s := range n {
		all[i] = time.Duration(s * float64(time.Second))
	}
	return all
}

// journal collects events.
type journal struct {
	mu     sync.Mutex
	events []actors.Event
}

func listen(sup *supervisor.Supervisor) *journal {
	j := &journal{}
	sup.Subscribe(func(e actors.Event) {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.events = append(j.events, e)
	})
	return j
}

// events gives those of type E so far.
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

// all gives every event so far.
func (j *journal) all() []actors.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]actors.Event(nil), j.events...)
}
