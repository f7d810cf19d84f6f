package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// An open breaker sends operations elsewhere without a wait, and each target of
// the chain has its own. Broken, an outage of one model would be an outage, or
// count against the other.
func TestFallbackXBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(trips(1), fallsBackTo("y")), "y": of(trips(1))})
		f := does(step{err: errPlain}, step{})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, breaker.Closed, s.Breaker("y").State())
		r := call(bg, s, "x", f.run).well(t)
		assert.Zero(t, r.at)
		assert.Equal(t, []string{"x", "y", "y"}, f.places())

		s.Breaker("y").ForceOpen()
		r = call(bg, s, "x", f.run).outcome(t)
		var both *supervisor.FallbackError
		require.ErrorAs(t, r.err, &both)
		assert.Equal(t, []string{"x", "y"}, both.Targets)
		require.ErrorIs(t, r.err, supervisor.ErrOpen)
		assert.Len(t, f.places(), 3)
	})
}

// Who parks waits for its target, and goes elsewhere only if its time there is
// over. Broken, parking would mean nothing on a target with a fallback.
func TestFallbackXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bounded := func(p *policy) { p.Retry.MaxElapsed = 40 * time.Second }
		s := start(t, targets{"x": of(parks, trips(1), bounded, fallsBackTo("y")), "y": of()})
		f := does(step{err: errTemp}, step{err: errTemp}, step{})
		a := call(bg, s, "x", f.run)
		pass(29 * time.Second)
		a.open(t)
		r := a.well(t)
		assert.Equal(t, seconds(0, 30, 40), f.at(), "the probe fails at 30 s; 40 s are all it had")
		assert.Equal(t, []string{"x", "x", "y"}, f.places())
		assert.Equal(t, sec(40), r.at)
	})
}

// A key's operation goes where its template says, to the target of that name
// without keys. Broken, keyed targets would have no fallback.
func TestFallbackXKeyed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(fallsBackTo("y"), trips(1)), "y": of()})
		f := does(step{err: errPlain}, step{})
		callOn(bg, s.Target("x", "a"), f.run).well(t)
		callOn(bg, s.Target("x", "a"), f.run).well(t)
		callOn(bg, s.Target("x", "b"), f.run).well(t)
		assert.Equal(t, []string{"x[a]", "y", "y", "x[b]"}, f.places())
	})
}

// An inner operation that goes elsewhere is the outer attempt's still: it is lent
// a worker where it arrives, even if the outer one has the only one there, and the
// outer operation sees one attempt. Broken, it would wait for itself for ever, or
// be retried by two owners.
func TestFallbackXNestedOperations(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(2), fallsBackTo("y")), "y": of(workers(1))})
		outer, inner := does(step{}), does(step{err: errTemp}, step{err: errTemp}, step{})
		call(bg, s, "y", func(ctx context.Context) (int, error) {
			_, _ = outer.run(ctx)
			return supervisor.Do(ctx, s, "x", inner.run)
		}).well(t)
		assert.Len(t, outer.at(), 1)
		assert.Equal(t, []string{"x", "x", "y"}, inner.places())

		// When all of them fail, only the inner one was retried.
		outer, inner = does(step{}), does(step{err: errTemp})
		r := call(bg, s, "y", func(ctx context.Context) (int, error) {
			_, _ = outer.run(ctx)
			return supervisor.Do(ctx, s, "x", inner.run)
		}).outcome(t)
		require.ErrorIs(t, r.err, errTemp)
		assert.Len(t, outer.at(), 1)
		assert.Equal(t, []string{"x", "x", "y", "y", "y"}, inner.places())
	})
}

// At a shutdown what runs elsewhere is drained, and what waits goes nowhere.
// Broken, a shutdown would start operations on another target, or lose one that
// had gone there.
func TestFallbackXShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(1), fallsBackTo("y")), "y": of()})
		f, g := does(step{err: errTemp}, step{takes: sec(5)}), does(step{takes: sec(3), err: errTemp}, step{})
		a := call(bg, s, "x", f.run)
		b := call(bg, s, "x", g.run)
		pass(time.Second)
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, result{2, nil, sec(5)}, a.outcome(t))
		r := b.outcome(t)
		require.ErrorIs(t, r.err, errTemp)
		require.ErrorIs(t, r.err, supervisor.ErrShutdown, "y takes nothing any more")
		assert.Equal(t, []string{"x"}, g.places())
	})
}

// A rate that refuses, a full queue, a wait for a worker that is too long: all go
// elsewhere. Broken, load that another target could carry would be turned away.
func TestFallbackXRateLimitAndBulkhead(t *testing.T) {
	for name, c := range map[string]struct {
		full edit
		at   time.Duration
	}{
		"a rate that refuses": {func(p *policy) { rated(.001, 1)(p); refuses(p) }, 0},
		"a full queue":        {func(p *policy) { p.Pool.Workers, p.Pool.MaxPending = 1, 0 }, 0},
		"a wait too long":     {func(p *policy) { p.Pool.Workers, p.Pool.MaxQueueWait = 1, time.Second }, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"x": of(c.full, fallsBackTo("y")), "y": of()})
				f := does(step{takes: sec(3)})
				a := call(bg, s, "x", f.run)
				b := call(bg, s, "x", f.run)
				a.well(t)
				b.well(t)
				assert.Equal(t, []time.Duration{0, c.at}, f.at())
				assert.Equal(t, []string{"x", "y"}, f.places())
			})
		})
	}
}
