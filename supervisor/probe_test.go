package supervisor

import (
	"context"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// pinger is a probe that does what it is told, and remembers when it ran.
type pinger struct {
	from time.Time
	do   func(ctx context.Context, run int) error

	mu      sync.Mutex
	at      []time.Duration
	running int
	most    int
	ended   []error // what each context came to by the end of the run
	endedAt []time.Duration
}

func (p *pinger) probe(ctx context.Context) error {
	p.mu.Lock()
	p.at = append(p.at, time.Since(p.from))
	run := len(p.at)
	p.running++
	p.most = max(p.most, p.running)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.running--
		p.ended, p.endedAt = append(p.ended, ctx.Err()), append(p.endedAt, time.Since(p.from))
		p.mu.Unlock()
	}()
	if p.do == nil {
		return nil
	}
	return p.do(ctx, run)
}

// times are those at which the probe was begun.
func (p *pinger) times() []time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.at)
}

// peak is how many ran at a time.
func (p *pinger) peak() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.most
}

// ends are the contexts' errors, and when the runs ended.
func (p *pinger) ends() ([]error, []time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.ended), slices.Clone(p.endedAt)
}

// tripped makes a supervisor whose target "x" has just tripped and is half-open
// in 30 s. Two good probes close it.
func tripped(t *testing.T, p *pinger, edits ...func(*policies.Policy)) *Supervisor {
	t.Helper()
	edits = append([]func(*policies.Policy){attempts(1), trips(1), func(p *policies.Policy) { p.Breaker.SuccessThreshold = 2 }}, edits...)
	s := start(t, targets{"x": policy(edits...)}, WithProbe("x", p.probe))
	p.from = time.Now()
	_, _ = Do(bg, s, "x", failWith(errPlain))
	require.Equal(t, breaker.Open, s.Breaker("x").State())
	return s
}

func hang(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }

// If it failed, a user's call would be sacrificed to find out whether the
// service is back.
func TestAProbeTakesThePlaceOfCalls(t *testing.T) {
	everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
		p := &pinger{do: func(context.Context, int) error { <-time.After(100 * time.Millisecond); return nil }}
		s := tripped(t, p)
		j := listen(s)
		never := func(context.Context) (int, error) { assert.Fail(t, "a call was sacrificed"); return 0, nil }
		for _, at := range []time.Duration{30 * time.Second, 100 * time.Millisecond, time.Second} {
			pass(at) // a probe begins, has ended, the next begins
			require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
			_, err := run(s, never)
			var refusal *OpenError
			require.ErrorAs(t, err, &refusal)
			assert.True(t, refusal.Probing)
		}
		pass(100*time.Millisecond - 1)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		pass(1)
		require.Equal(t, breaker.Closed, s.Breaker("x").State())
		_, err := run(s, succeed)
		assert.NoError(t, err)
		pass(time.Hour)
		assert.Equal(t, []time.Duration{30 * time.Second, 31100 * time.Millisecond}, p.times())
		events := eventsOf[actors.Probed](j)
		require.Len(t, events, 2)
		assert.Equal(t, "probe of x succeeded in 100ms", events[0].String())
	})
}

// The first probe that fails opens the breaker for longer; the next follows
// when that is over.
func TestAFailedProbeOpensAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{do: func(_ context.Context, run int) error {
			if run == 2 || run == 3 {
				return errPlain
			}
			return nil
		}}
		s := tripped(t, p)
		j := listen(s)
		pass(31 * time.Second)
		require.Equal(t, breaker.Open, s.Breaker("x").State())
		var refusal *OpenError
		_, err := Do(bg, s, "x", succeed)
		require.ErrorAs(t, err, &refusal)
		assert.Equal(t, errPlain, refusal.Cause)
		pass(time.Hour)
		require.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Equal(t, []time.Duration{30 * time.Second, 31 * time.Second, 91 * time.Second, 211 * time.Second, 212 * time.Second}, p.times())
		assert.Len(t, eventsOf[actors.Probed](j), 5)
		shown := snapshotOf(t, s, "x").Probe
		require.NotNil(t, shown)
		assert.Equal(t, ProbeSnapshot{Runs: 5, Failures: 2, LastAt: p.from.Add(212 * time.Second)}, *shown)
	})
}

// Whatever ends a probe gives its slot back, and means what it means for an
// operation.
func TestNoEndingOfAProbeLeaksItsSlot(t *testing.T) {
	lists := func(p *policies.Policy) {
		p.Breaker.Ignore, p.Breaker.TripOn = []string{"io.EOF", "http.500"}, []string{"http.429"}
	}
	for name, c := range map[string]struct {
		do      func(ctx context.Context, run int) error
		after   time.Duration
		state   breaker.State
		outcome policies.Outcome
		edit    func(*policies.Policy)
	}{
		"success":            {func(context.Context, int) error { return nil }, 0, breaker.HalfOpen, policies.Success, nil},
		"an unknown error":   {func(context.Context, int) error { return errPlain }, 0, breaker.Open, policies.Failure, nil},
		"an ignored error":   {func(context.Context, int) error { return errAside }, 0, breaker.HalfOpen, policies.Ignored, nil},
		"a permanent error":  {func(context.Context, int) error { return backoff.Permanent(errPlain) }, 0, breaker.HalfOpen, policies.Ignored, nil},
		"a throttled probe":  {func(context.Context, int) error { return &classify.StatusError{StatusCode: 429} }, 0, breaker.HalfOpen, policies.Throttled, nil},
		"a server's failure": {func(context.Context, int) error { return &classify.StatusError{StatusCode: 500} }, 0, breaker.Open, policies.Failure, nil},
		"ignore":             {func(context.Context, int) error { return &classify.StatusError{StatusCode: 500} }, 0, breaker.HalfOpen, policies.Ignored, lists},
		"trip_on":            {func(context.Context, int) error { return &classify.StatusError{StatusCode: 429} }, 0, breaker.Open, policies.Failure, lists},
		"a panic":            {func(context.Context, int) error { panic("boo") }, 0, breaker.Open, policies.Failure, nil},
		"Goexit":             {func(context.Context, int) error { runtime.Goexit(); return nil }, 0, breaker.Open, policies.Failure, nil},
		"a hostile error":    {func(context.Context, int) error { return hostileError{} }, 0, breaker.Open, policies.Failure, nil},
		"the lease":          {hang, time.Minute, breaker.Open, policies.Failure, nil},
		"a slow one": {func(context.Context, int) error { <-time.After(2 * time.Second); return nil }, 2 * time.Second, breaker.Open, policies.Success,
			func(p *policies.Policy) { p.Breaker.SlowCallRate, p.Breaker.SlowCallDuration = 1, 2*time.Second }},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := &pinger{do: func(ctx context.Context, run int) error {
					if run > 1 {
						return nil
					}
					return c.do(ctx, run)
				}}
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				s := tripped(t, p, edit)
				pass(30 * time.Second)
				if c.after > 0 {
					require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
					require.Equal(t, 1, s.Breaker("x").Counts().ProbesRunning)
					require.True(t, snapshotOf(t, s, "x").Probe.Running)
					pass(c.after)
				}
				assert.Equal(t, c.state.String(), s.Breaker("x").State().String())
				assert.Zero(t, s.Breaker("x").Counts().ProbesRunning)
				shown := snapshotOf(t, s, "x").Probe
				assert.False(t, shown.Running)
				assert.Equal(t, c.outcome, shown.LastOutcome)
				pass(time.Hour)
				assert.Equal(t, breaker.Closed, s.Breaker("x").State(), "the next probes do their work")
				second := 31 * time.Second
				if c.state == breaker.Open {
					second = 90*time.Second + c.after
				}
				assert.Equal(t, second, p.times()[1])
			})
		})
	}
}

// hostileError panics when it is looked into.
type hostileError struct{}

func (hostileError) Error() string   { return "hostile" }
func (hostileError) Is(error) bool   { panic("in Is") }
func (hostileError) As(any) bool     { panic("in As") }
func (hostileError) Retryable() bool { panic("in Retryable") }

// A probe that neither closes nor opens must not be repeated without a pause.
func TestProbesKeepTheirInterval(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := &pinger{do: func(context.Context, int) error { return errAside }}
		s := tripped(t, p, func(p *policies.Policy) { p.Breaker.ProbeInterval = 5 * time.Second })
		pass(time.Minute)
		assert.Len(t, p.times(), 7, "at 30 s, 35 s, ... 60 s")
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(trips(1), func(p *policies.Policy) { p.Breaker.ProbeInterval = 20 * time.Second })})))
		pass(time.Minute)
		assert.Equal(t, []time.Duration{65 * time.Second, 85 * time.Second, 105 * time.Second}, p.times()[7:], "the wait under way is the old one")
	})
}

// If it failed, a server that asked to be left alone would be probed meanwhile.
func TestProbesHeedTheServersDelay(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		delay  string
		want   []time.Duration
	}{
		"throttled":                            {429, "20", []time.Duration{30 * time.Second, 50 * time.Second, 51 * time.Second}},
		"shorter than the interval":            {429, "0.5", []time.Duration{30 * time.Second, 31 * time.Second, 32 * time.Second}},
		"down, for longer than the open time":  {503, "100", []time.Duration{30 * time.Second, 130 * time.Second, 131 * time.Second}},
		"down, for shorter than the open time": {503, "10", []time.Duration{30 * time.Second, 90 * time.Second, 91 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := &pinger{do: func(_ context.Context, run int) error {
					if run > 1 {
						return nil
					}
					return &classify.StatusError{StatusCode: c.status, Header: http.Header{"Retry-After": {c.delay}}}
				}}
				s := tripped(t, p, func(p *policies.Policy) { p.Retry.MaxServerWait = time.Hour })
				pass(5 * time.Minute)
				assert.Equal(t, c.want, p.times())
				assert.Equal(t, breaker.Closed, s.Breaker("x").State())
			})
		})
	}
}
