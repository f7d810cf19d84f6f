package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/supervisor"
)

// Operations within an attempt go by the priority of its context, and are lent a
// worker before any priority counts. Broken, an urgent operation would wait for
// one that waits for itself.
func TestPriorityXNestedOperations(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1))})
		inner := does(step{takes: sec(1)})
		low := call(supervisor.WithPriority(bg, supervisor.PriorityLow), s, "x", func(ctx context.Context) (int, error) {
			<-time.After(time.Second)
			return supervisor.Do(ctx, s, "x", inner.run)
		})
		critical := call(supervisor.WithPriority(bg, supervisor.PriorityCritical), s, "x", succeed)
		assert.Equal(t, sec(2), low.well(t).at)
		assert.Equal(t, seconds(1), inner.at())
		assert.Equal(t, sec(2), critical.well(t).at)
	})
}

// A worker that is restarted too often trips the breaker, and the queue, the
// parked and the hedged ones go the way of any trip. Broken, restarts would be a
// second way into an open breaker.
func TestRestartsXBulkheadXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1), attempts(1), func(p *policy) { p.Restart.MaxRestarts = 1 })})
		boom := func(context.Context) (int, error) { <-time.After(time.Second); panic("boom") }
		a, b := call(bg, s, "x", boom), call(bg, s, "x", boom)
		c, d := call(bg, s, "x", succeed), call(bg, s, "x", succeed, supervisor.ParkWhenOpen())
		var crash *supervisor.PanicError
		require.ErrorAs(t, a.outcome(t).err, &crash)
		require.ErrorAs(t, b.outcome(t).err, &crash)
		r := c.outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrOpen)
		assert.Equal(t, sec(2), r.at)
		assert.Equal(t, sec(32), d.well(t).at)
	})
}

// A breaker that opens empties the queue: who waits for a worker is refused at
// once, and who parks is kept for when it lets calls through. Broken, they would
// wait for a worker of a target that is down, or parked ones would be lost.
func TestBreakerXBulkhead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(workers(1), trips(1))})
		first, second := does(step{takes: sec(1), err: errPlain}), does(step{})
		a := call(bg, s, "x", first.run)
		b := call(bg, s, "x", second.run)
		c := call(bg, s, "x", second.run, supervisor.ParkWhenOpen())
		require.Equal(t, 2, snapshotOf(t, s, "x").Queued)
		require.ErrorIs(t, a.outcome(t).err, errPlain)
		r := b.outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrOpen)
		assert.Equal(t, sec(1), r.at)
		assert.Equal(t, 1, snapshotOf(t, s, "x").Parked)
		assert.Equal(t, sec(31), c.well(t).at, "as the probe")
		assert.Equal(t, seconds(31), second.at())
	})
}

// Parked operations go in the order they came, whatever their priority. Broken,
// operations that have waited through an outage would starve behind newcomers.
func TestPriorityXParking(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, workers(1))})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{takes: sec(1)})
		low := call(supervisor.WithPriority(bg, supervisor.PriorityLow), s, "x", f.run)
		critical := call(supervisor.WithPriority(bg, supervisor.PriorityCritical), s, "x", f.run)
		normal := call(bg, s, "x", f.run)
		assert.Equal(t, []time.Duration{sec(31), sec(32), sec(33)}, []time.Duration{low.well(t).at, critical.well(t).at, normal.well(t).at})
	})
}

// At a shutdown parked operations end at once and run nowhere: as rejected if
// they never ran, and with their own last error if they did. Broken, a shutdown
// would hang on an outage, or callers would not learn what became of them.
func TestParkXShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, fallsBackTo("y")), "y": of()})
		ran, never := does(step{err: errTemp}), does(step{})
		a := call(bg, s, "x", ran.run)
		s.Breaker("x").ForceOpen()
		b := call(bg, s, "x", never.run)
		pass(2 * time.Second)
		require.Equal(t, 2, snapshotOf(t, s, "x").Parked)
		began := time.Now()
		require.NoError(t, s.Shutdown(bg))
		assert.Zero(t, time.Since(began))
		r := a.outcome(t)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, r.err, &exhausted)
		assert.Equal(t, supervisor.ReasonShutdown, exhausted.Reason)
		assert.Equal(t, 1, exhausted.Attempts)
		require.ErrorIs(t, r.err, errTemp)
		var rejected *supervisor.RejectedError
		r = b.outcome(t)
		require.ErrorAs(t, r.err, &rejected)
		require.ErrorIs(t, r.err, supervisor.ErrShutdown)
		assert.Empty(t, never.at(), "nor does it fall back")
		assert.Len(t, ran.at(), 1)
	})
}

// A retry meets the open breaker after its wait, parks behind those that came
// before it, and the time it is parked is not a wait of its own. Broken, retries
// would overtake, or be refused although their policy parks.
func TestRetryXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, trips(1))})
		f, g := does(step{err: errTemp}, step{}), does(step{})
		a := call(bg, s, "x", f.run)
		b := call(bg, s, "x", g.run)
		assert.Equal(t, sec(30), b.well(t).at, "the probe")
		assert.Equal(t, sec(30), a.well(t).at)
		assert.Equal(t, seconds(0, 30), f.at())
	})
}

// max_queue_wait is for workers and turns, and doesn't run while an operation is
// parked: one of them waits for a worker at a time. Broken, an outage would end
// what is to be kept through it.
func TestBulkheadXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, workers(1), func(p *policy) { p.Pool.MaxQueueWait = sec(3.5) })})
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{takes: sec(3)})
		a, b, c := call(bg, s, "x", f.run), call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		assert.Equal(t, sec(33), a.well(t).at)
		assert.Equal(t, sec(36), b.well(t).at)
		assert.Equal(t, sec(39), c.well(t).at)
	})
}
