package pairs_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/supervisor"
)

type (
	policy  = policies.Policy
	targets = map[string]policies.Policy
	edit    = func(*policies.Policy)
)

var (
	bg       = context.Background()
	errPlain = errors.New("plain failure")                         // a failure, not worth another attempt
	errTemp  = classify.Retryable(errors.New("temporary failure")) // a failure that is
	errQuota = errors.New("the quota is used up")
)

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	virtualtime.Run(t, f)
}

func pass(d time.Duration) { virtualtime.Pass(d) }

// sec makes a duration of seconds.
func sec(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// seconds makes durations of them.
func seconds(n ...float64) []time.Duration {
	all := []time.Duration{}
	for _, s := range n {
		all = append(all, sec(s))
	}
	return all
}

// of is a policy that is easy to count with: three attempts, waits of 1 s, 2 s,
// 4 s exactly, and a breaker that never trips by itself.
func of(edits ...edit) policy {
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

func attempts(n int) edit { return func(p *policy) { p.Retry.MaxAttempts = n } }
func noWaits(p *policy)   { p.Retry.MinWait, p.Retry.MaxWait = 0, 0 }
func workers(n int) edit  { return func(p *policy) { p.Pool.Workers = n } }
func trips(n int) edit    { return func(p *policy) { p.Breaker.FailureThreshold = n } }
func parks(p *policy)     { p.Retry.WhenOpen = policies.Park }
func twice(p *policy)     { p.Retry.Idempotent = policies.IdempotentYes }
func adapts(p *policy)    { p.AdaptiveRetry.Enabled = true }
func refuses(p *policy)   { p.RateLimit.WhenExceeded = policies.Refuse }

func timesOut(d time.Duration) edit { return func(p *policy) { p.Retry.AttemptTimeout = d } }
func fallsBackTo(name string) edit  { return func(p *policy) { p.Fallback.Target = name } }
func abandons(n int) edit           { return func(p *policy) { p.Pool.MaxAbandoned = n } }

// hedged has every operation hedged after d, and repeated whatever happened.
func hedged(d time.Duration) edit {
	return func(p *policy) { twice(p); p.Hedge.Delay = d }
}

func rated(rate float64, burst int) edit {
	return func(p *policy) { p.RateLimit.Rate, p.RateLimit.Burst = rate, burst }
}

// budgeted allows n retries in 10 s, whatever the calls are.
func budgeted(n float64) edit {
	return func(p *policy) {
		p.RetryBudget.Enabled, p.RetryBudget.Ratio, p.RetryBudget.MinPerSecond = true, 0, n/10
	}
}

// adaptive lets from 1 to most attempts run; it begins with 4.
func adaptive(most int) edit {
	return func(p *policy) { p.Pool.Adaptive, p.Pool.MinWorkers, p.Pool.Workers = true, 1, most }
}

// ramps trips at the first failure and lets the load back in by degrees.
func ramps(d time.Duration) edit {
	return func(p *policy) { p.Breaker.FailureThreshold, p.Breaker.Ramp = 1, d }
}

func faults(rate float64, f policies.Fault) edit {
	return func(p *policy) { p.Chaos.Enabled, p.Chaos.FailureRate, p.Chaos.Failure = true, rate, f }
}

func delays(d time.Duration) edit {
	return func(p *policy) { p.Chaos.Enabled, p.Chaos.LatencyRate, p.Chaos.Latency = true, 1, d }
}

func setOf(t *testing.T, all targets) *policies.Set {
	t.Helper()
	set, err := policies.NewSet(all)
	require.NoError(t, err)
	return set
}

// start makes a supervisor that the test's end shuts down.
func start(t *testing.T, all targets, options ...supervisor.Option) *supervisor.Supervisor {
	t.Helper()
	sup, err := supervisor.New(setOf(t, all), options...)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(bg, time.Hour)
		defer cancel()
		require.NoError(t, sup.Shutdown(ctx), "the supervisor could not be shut down")
	})
	return sup
}

func apply(t *testing.T, sup *supervisor.Supervisor, all targets) {
	t.Helper()
	require.NoError(t, sup.Apply(setOf(t, all)))
}

func snapshotOf(t *testing.T, sup *supervisor.Supervisor, name string) supervisor.TargetSnapshot {
	t.Helper()
	for _, s := range sup.Snapshot().Targets {
		if s.Name == name {
			return s
		}
	}
	require.FailNow(t, "there is no target "+name)
	panic("unreachable")
}

// overloaded is the answer 503 that names a delay.
func overloaded(d time.Duration) error {
	return &classify.StatusError{StatusCode: http.StatusServiceUnavailable,
		Header: http.Header{"Retry-After": {strconv.Itoa(int(d.Seconds()))}}}
}

// step is what one attempt does: it takes a time, unless its context ends
// before, and then fails with err. A deaf one does not look at its context.
type step struct {
	takes time.Duration
	err   error
	deaf  bool
}

// script is a function whose attempts do one step each, and the last again. Its
// value is the number of the attempt that succeeded.
type script struct {
	from   time.Time
	mu     sync.Mutex
	steps  []step
	begun  []time.Duration
	where  []string
	causes []error // of the contexts that ended before the step was done
}

func does(steps ...step) *script { return &script{from: time.Now(), steps: steps} }

func (s *script) run(ctx context.Context) (int, error) {
	a, _ := supervisor.CurrentAttempt(ctx)
	s.mu.Lock()
	n := len(s.begun)
	s.begun = append(s.begun, time.Since(s.from))
	s.where = append(s.where, a.Target)
	do := s.steps[min(n, len(s.steps)-1)]
	s.mu.Unlock()
	left := ctx.Done()
	if do.deaf {
		left = nil
	}
	if do.takes > 0 {
		select {
		case <-time.After(do.takes):
		case <-left:
			s.mu.Lock()
			s.causes = append(s.causes, context.Cause(ctx))
			s.mu.Unlock()
			return 0, ctx.Err()
		}
	}
	return n + 1, do.err
}

// asAny is run for an *actors.Operation.
func (s *script) asAny(ctx context.Context) (any, error) { return s.run(ctx) }

func (s *script) at() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Duration{}, s.begun...)
}

func (s *script) places() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.where...)
}

func (s *script) ended() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]error{}, s.causes...)
}

// result is what a caller got, and when.
type result struct {
	value int
	err   error
	at    time.Duration
}

// calling begins an operation on a goroutine of its own.
type calling struct{ ch chan result }

func call(ctx context.Context, sup *supervisor.Supervisor, target string, fn func(context.Context) (int, error), o ...supervisor.CallOption) *calling {
	return callOn(ctx, sup.Target(target), fn, o...)
}

func callOn(ctx context.Context, target *supervisor.Target, fn func(context.Context) (int, error), o ...supervisor.CallOption) *calling {
	return later(func() (int, error) { return supervisor.DoOn(ctx, target, fn, o...) })
}

func later(f func() (int, error)) *calling {
	c := &calling{make(chan result, 1)}
	from := time.Now()
	go func() {
		value, err := f()
		c.ch <- result{value, err, time.Since(from)}
	}()
	pass(0) // so that operations come in the order of the test's lines
	return c
}

// outcome waits for it.
func (c *calling) outcome(t *testing.T) result {
	t.Helper()
	return virtualtime.Soon(t, c.ch, "an operation")
}

// well waits for it and wants a success.
func (c *calling) well(t *testing.T) result {
	t.Helper()
	r := c.outcome(t)
	require.NoError(t, r.err)
	return r
}

// open says that there is no outcome yet.
func (c *calling) open(t *testing.T) {
	t.Helper()
	assert.Empty(t, c.ch, "an operation that should still be under way")
}

func succeed(context.Context) (int, error) { return 1, nil }

func failWith(err error) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 0, err }
}

// counter is safe for concurrent use.
type counter struct{ n atomic.Int64 }

func (c *counter) add(n int64) { c.n.Add(n) }
func (c *counter) get() int    { return int(c.n.Load()) }
