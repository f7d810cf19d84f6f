package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
)

func answered(status int) error {
	return &classify.StatusError{Method: http.MethodGet, StatusCode: status}
}

func retryOn(names ...string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.RetryOn = names }
}

func neverRetry(names ...string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Retry.NeverRetry = names }
}

func ignores(names ...string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.Ignore = names }
}

func tripsOn(names ...string) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.TripOn = names }
}

// If this fails, a target's retry_on or never_retry has no effect on how often
// its operations run.
func TestTheListsSayWhatIsRetried(t *testing.T) {
	for name, c := range map[string]struct {
		edit     func(*policies.Policy)
		err      error
		attempts int
		reason   retry.Reason // none: the error comes as it is
	}{
		"a 404":                      {noWaits, answered(404), 1, ""},
		"a 404 that retry_on names":  {retryOn("http.404"), answered(404), 3, retry.MaxAttempts},
		"a 403, retry_on says 404":   {retryOn("http.404"), answered(403), 1, ""},
		"a 503":                      {noWaits, answered(503), 3, retry.MaxAttempts},
		"a 503, never_retry says so": {neverRetry("http.503"), answered(503), 1, ""},
		"a 503, never_retry: 500":    {neverRetry("http.500"), answered(503), 3, retry.MaxAttempts},
		"a mark, never_retry":        {neverRetry("explicit"), errTemp, 1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			everyWay(t, func(t *testing.T, run func(*Supervisor, func(context.Context) (int, error)) (int, error)) {
				s := one(t, c.edit)
				calls := 0
				_, err := run(s, func(context.Context) (int, error) { calls++; return 0, c.err })
				assert.Equal(t, c.attempts, calls)
				var exhausted *ExhaustedError
				if c.reason == "" {
					assert.Equal(t, c.err, err)
				} else if assert.ErrorAs(t, err, &exhausted) {
					assert.Equal(t, c.reason, exhausted.Reason)
				}
			})
		})
	}
}

// If this fails, a target's ignore or trip_on has no effect on its breaker, or
// on another's.
func TestTheListsSayWhatTheBreakerCounts(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(*policies.Policy)
		storm []int
		opens bool
	}{
		"404 and 503":                {noWaits, []int{404, 503}, true},
		"404 and 503, both ignored":  {ignores("http.404", "http.503"), []int{404, 503}, false},
		"404 and 503, 5xx ignored":   {ignores("http.5xx"), []int{404, 503}, false},
		"404 and 500, 503 ignored":   {ignores("http.503"), []int{404, 500}, true},
		"401":                        {noWaits, []int{401}, false},
		"401, which trip_on names":   {tripsOn("http.401"), []int{401}, true},
		"429, which trip_on names":   {tripsOn("http.429"), []int{429}, true},
		"403, trip_on names another": {tripsOn("http.401"), []int{403}, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				edits := []func(*policies.Policy){trips(5), attempts(1), c.edit}
				s := start(t, targets{"x": policy(edits...), "other": policy(trips(5))})
				for range 50 {
					for _, status := range c.storm {
						_, _ = Do(bg, s, "x", failWith(answered(status)))
					}
				}
				if c.opens {
					assert.Equal(t, breaker.Open, s.Breaker("x").State())
				} else {
					assert.Equal(t, breaker.Closed, s.Breaker("x").State())
					assert.EqualValues(t, 50*len(c.storm), s.Breaker("x").Counts().Ignored+s.Breaker("x").Counts().Throttled)
				}
				assert.Equal(t, breaker.Closed, s.Breaker("other").State())
			})
		})
	}
}

// If this fails, an agent-wide list multiplies the attempts of operations within
// operations.
func TestRetryOnMultipliesNoInnerOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := policy(attempts(3), noWaits, retryOn("http.404"))
		s := start(t, targets{"outer": p, "inner": p})
		calls := 0
		_, err := Do(bg, s, "outer", func(ctx context.Context) (int, error) {
			return Do(ctx, s, "inner", func(context.Context) (int, error) { calls++; return 0, answered(404) })
		})
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, "inner", exhausted.Target)
		assert.Equal(t, 3, calls)
	})
}

// If this fails, one failure opens the breakers of all targets around it: an
// inner operation's error reaches the 503 that it ended with.
func TestTripOnCountsNoInnerOperation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(trips(1), attempts(1), tripsOn("http.5xx")), "y": policy(noWaits)})
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			_, err := Do(ctx, s, "y", failWith(answered(503)))
			return 0, fmt.Errorf("inner: %w", err)
		})
		var answer *classify.StatusError
		require.ErrorAs(t, err, &answer)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Ignored)
		assert.EqualValues(t, 3, s.Breaker("y").Counts().Failures, "it has been counted where it failed")

		_, _ = Do(bg, s, "x", failWith(fmt.Errorf("own: %w", answered(503))))
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "the same error of its own trips it")
	})
}

// If this fails, a list hides the crashes of a program from its breaker.
func TestACrashIsAFailureWhateverItCarries(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1), ignores("file.not_exist", "io/fs.ErrNotExist", "explicit"))
		crash := func(f func()) {
			_, err := Go(bg, s, "x", func(context.Context) (int, error) { f(); return 0, nil }).Wait(bg)
			assert.Error(t, err)
		}
		crash(func() { panic(fs.ErrNotExist) })
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
		crash(runtime.Goexit) // but this one says of itself what it is, and is named
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Failures)
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Ignored)

		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(1), ignores("http.5xx"))})))
		crash(runtime.Goexit)
		assert.EqualValues(t, 2, s.Breaker("x").Counts().Failures, "unnamed, it is a failure")
	})
}

// If this fails, a misspelt condition takes effect as none, or its report
// doesn't say where it stands.
func TestEveryListRefusesNamesNobodyKnows(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(2))
		var all []func(*policies.Policy)
		var said []string
		for _, c := range []struct {
			says string
			edit func(*policies.Policy)
		}{
			{`retry_policy.custom_exceptions[0]: unknown error condition "no.such.condition"`, unknownCondition},
			{`retry_policy.retry_on[1]: unknown error condition "no.retry"`, retryOn("http.404", "no.retry")},
			{`retry_policy.never_retry[0]: unknown error condition "no.never"`, neverRetry("no.never")},
			{`circuit_breaker.ignore[0]: unknown error condition "no.ignore"`, ignores("no.ignore", "http.404")},
			{`circuit_breaker.trip_on[0]: unknown error condition "no.trip"`, tripsOn("no.trip")},
		} {
			all, said = append(all, c.edit), append(said, c.says)
			bad := setOf(t, targets{"x": policy(c.edit)})
			_, err := New(bad)
			assert.ErrorContains(t, err, `target "x": `+c.says)
			var unknown *classify.UnknownNamesError
			assert.ErrorAs(t, err, &unknown)
			assert.ErrorContains(t, s.Apply(bad), `target "x": `+c.says)
		}
		_, err := New(setOf(t, targets{"x": policy(all...)}))
		for _, says := range said {
			assert.ErrorContains(t, err, says, "all are reported together")
		}
		assert.Equal(t, 2, s.Target("x").Policy().Retry.MaxAttempts, "nothing was applied")
	})
}

// If this fails, a reload that changes nothing but a list has no effect, or
// costs the breaker what it has counted.
func TestAReloadBringsTheBreakersLists(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(3), attempts(1))
		run := func(status int) { _, _ = Do(bg, s, "x", failWith(answered(status))) }
		run(503)
		run(503)
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(trips(3), attempts(1), ignores("http.503"), tripsOn("http.401"))})))
		run(503)
		run(503)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		run(401)
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "the two from before count")
	})
}

// What makes the predicate below misbehave.
var (
	errPanics = errors.New("the predicate panics")
	errExits  = errors.New("the predicate ends its goroutine")
)

type heldError struct{ begun, release chan struct{} }

func (*heldError) Error() string { return "the predicate blocks" }

func init() {
	err := classify.Register("test.odd", func(err error) bool {
		switch {
		case errors.Is(err, errPanics):
			panic("in the predicate")
		case errors.Is(err, errExits):
			runtime.Goexit()
		}
		if held, ok := errors.AsType[*heldError](err); ok {
			select {
			case held.begun <- struct{}{}:
			default: // it is asked for the second list
			}
			<-held.release
			return true
		}
		return false
	})
	if err != nil {
		panic(err)
	}
}

// If this fails, a predicate of the user's that panics, ends its goroutine or
// blocks takes the supervisor, the target or another operation with it.
func TestAPredicateThatMisbehavesCostsOnlyItsAttempt(t *testing.T) {
	odd := func(p *policies.Policy) {
		p.Retry.RetryOn, p.Breaker.Ignore = []string{"test.odd"}, []string{"test.odd"}
	}
	others := func(t *testing.T, s *Supervisor) {
		t.Helper()
		for _, name := range []string{"x", "other"} {
			value, err := Do(bg, s, name, succeed)
			assert.NoError(t, err)
			assert.Equal(t, 42, value)
			_, err = Go(bg, s, name, failWith(answered(404))).Wait(bg)
			assert.Equal(t, answered(404), err)
		}
	}
	for name, bad := range map[string]error{"panics": errPanics, "exits": errExits} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"x": policy(workers(1), odd), "other": policy(odd)})
				_, err := Go(bg, s, "x", failWith(bad)).Wait(bg)
				assert.Equal(t, bad, err)
				others(t, s)
				ended := make(chan error, 1)
				go func() {
					err := ErrGoexit // unless it comes back
					defer func() { ended <- err }()
					_, err = Do(bg, s, "x", failWith(bad))
				}()
				err = soon(t, ended, "the caller's goroutine")
				if bad == errPanics {
					assert.Equal(t, bad, err)
				} else {
					assert.Equal(t, ErrGoexit, err, "the goroutine is the caller's own, and ends")
				}
				others(t, s)
				assert.EqualValues(t, 2, s.Breaker("x").Counts().Failures, "nobody could say that they are ignored")
			})
		})
	}
	t.Run("blocks", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := start(t, targets{"x": policy(attempts(1), odd), "other": policy(odd)})
			for _, run := range []func(err error) (int, error){
				func(err error) (int, error) { return Do(bg, s, "x", failWith(err)) },
				func(err error) (int, error) { return Go(bg, s, "x", failWith(err)).Wait(bg) },
			} {
				held := &heldError{make(chan struct{}, 1), make(chan struct{})}
				result := async(func() (int, error) { return run(held) })
				soon(t, held.begun, "the predicate")
				began := time.Now()
				others(t, s)
				assert.Zero(t, time.Since(began), "nobody waits for it")
				assert.Len(t, snapshotOf(t, s, "x").Workers, 2, "and the supervisor answers")
				close(held.release)
				assert.ErrorIs(t, soon(t, result, "the operation").err, held)
			}
			assert.Zero(t, s.Breaker("x").Counts().Failures, "its answer counts in the end")
		})
	})
}
