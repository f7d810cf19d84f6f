package pairs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/retry"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A race goes on when its target is stopped from outside: an attempt that fails
// leaves the other its chance. Broken, an operation would be given up although it
// is about to succeed.
func TestHedgeXAStoppedTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f := does(step{takes: sec(3), err: errTemp}, step{takes: sec(4)})
		a := call(bg, s, "x", f.run)
		pass(2 * time.Second)
		s.System().Root.Stop(s.PID("x"))
		assert.Equal(t, result{2, nil, sec(5)}, a.outcome(t))

		pass(time.Second) // its successor takes over
		f = does(step{takes: sec(3), err: errTemp}, step{takes: sec(4), err: errTemp})
		a = call(bg, s, "x", f.run)
		pass(2 * time.Second)
		s.System().Root.Stop(s.PID("x"))
		r := a.outcome(t)
		require.ErrorIs(t, r.err, supervisor.ErrTargetStopped)
		require.ErrorIs(t, r.err, errTemp)
		assert.Equal(t, sec(5), r.at)
	})
}

// A hedge is the operation's next attempt, begun early: while it runs, the
// failure of the other schedules none, and when both have failed the wait is the
// one after two failures. Broken, an operation would be retried beside its own
// hedge, or sooner than its policy says.
func TestRetryXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f := does(step{takes: sec(3), err: errTemp}, step{takes: sec(1), err: errTemp}, step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, 3, r.value)
		assert.Equal(t, seconds(0, 1, 5), f.at(), "the hedge after 1 s; the retry 2 s after the later failure, at 3 s")
		assert.Equal(t, sec(5), r.at)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Retries)
	})
}

// A hedge counts towards max_attempts. Broken, hedges would multiply attempts.
func TestRetryXHedge_TheLastAttemptMayBeTheHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), attempts(2), func(p *policy) { p.Hedge.MaxHedges = 5 })})
		f := does(step{takes: sec(5), err: errTemp})
		r := call(bg, s, "x", f.run).outcome(t)
		var exhausted *supervisor.ExhaustedError
		require.ErrorAs(t, r.err, &exhausted)
		assert.Equal(t, 2, exhausted.Attempts)
		assert.Equal(t, retry.MaxAttempts, exhausted.Reason)
		assert.Equal(t, seconds(0, 1), f.at())
		assert.Equal(t, sec(6), r.at, "when the hedge has failed too")
	})
}

// No attempt begins later than max_elapsed after the operation was accepted, and
// a hedge is one. Broken, an operation would begin new work when its time is over.
func TestMaxElapsedXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(2*time.Second), func(p *policy) { p.Retry.MaxElapsed = time.Second })})
		f := does(step{takes: sec(5)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0), f.at())
		assert.Zero(t, snapshotOf(t, s, "x").Hedges)
	})
}

// Both attempts are over before an operation goes elsewhere, and it goes there
// once. Broken, it would run on two targets at a time, or twice on the second.
func TestFallbackXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), attempts(2), fallsBackTo("y")), "y": of()})
		f := does(step{takes: sec(4), err: errTemp}, step{takes: sec(1), err: errTemp}, step{takes: sec(3)})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, 1, 4), f.at())
		assert.Equal(t, []string{"x", "x", "y"}, f.places())
		assert.Equal(t, sec(7), r.at, "and y doesn't hedge")
	})
}

// A failure that no attempt can mend ends the race, and the operation goes
// elsewhere at once while its hedge is told to stop. Broken, it would wait for an
// attempt whose outcome nobody wants any more.
func TestFallbackXHedge_ADefiniteFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), fallsBackTo("y")), "y": of()})
		f := does(step{takes: sec(2), err: errPlain}, step{takes: sec(60)}, step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, 1, 2), f.at())
		assert.Equal(t, sec(2), r.at)
		pass(0)
		assert.Equal(t, []error{supervisor.ErrHedgeLost}, f.ended())
	})
}

// Each attempt of a race has its own timeout, is left behind by itself, and only
// when neither is left does the operation wait for its next. Broken, a hang would
// end the operation although its hedge may still succeed, or retry beside it.
func TestTimeoutXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(sec(.5)), timesOut(time.Second))})
		f := does(step{takes: sec(60), deaf: true}, step{takes: sec(60), deaf: true}, step{})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, .5, 3.5), f.at(), "2 s after the hedge was left behind, at 1.5 s")
		assert.Equal(t, 3, r.value)
		assert.Equal(t, 2, snapshotOf(t, s, "x").StillRunning)
		pass(time.Minute)
		assert.Zero(t, snapshotOf(t, s, "x").StillRunning)
	})
}

// The loser of a race that does not heed its context keeps its worker until its
// own timeout, and then is a hang like any other, which counts against the
// target. Broken, hedging would hide that a target hangs, or leak its worker.
func TestTimeoutXHedge_ALoserThatHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), timesOut(4*time.Second), trips(1))})
		f := does(step{takes: sec(60), deaf: true}, step{takes: sec(1)})
		r := call(bg, s, "x", f.run).well(t)
		assert.Equal(t, sec(2), r.at)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		pass(2 * time.Second)
		assert.Equal(t, breaker.Open, s.Breaker("x").State(), "at the loser's timeout, after 4 s")
		assert.Equal(t, 1, snapshotOf(t, s, "x").StillRunning)
		pass(time.Minute)
	})
}

// Two attempts of one operation have two workers, each with its own state. The
// loser's, which was only told to stop, keeps its own; one that failed is renewed.
// Broken, two attempts would share a session, or sessions would be thrown away for
// every race.
func TestHedgeXStatefulWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &house{}
		s := start(t, targets{"x": of(hedged(time.Second))}, supervisor.WithWorker("x", h.open))
		f := does(step{takes: sec(60)}, step{takes: sec(1)})
		n, err := supervisor.Ask[int](bg, s, "x", f)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		pass(0)
		assert.Equal(t, [2]int{2, 0}, h.count(), "made and closed: the loser's is kept")

		f = does(step{takes: sec(2), err: errTemp}, step{takes: sec(3)})
		n, err = supervisor.Ask[int](bg, s, "x", f)
		require.NoError(t, err)
		assert.Equal(t, 2, n)
		pass(0)
		assert.Equal(t, 1, h.count()[1], "the one that failed is closed")
		assert.EqualValues(t, 2, snapshotOf(t, s, "x").HedgesWon)
	})
}

// A shutdown waits for both attempts of a race, gives the caller the first
// success, and begins no hedge. Broken, a drain would begin new work, or end an
// operation whose hedge was about to succeed.
func TestHedgeXShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f, late := does(step{takes: sec(9)}, step{takes: sec(3)}), does(step{takes: sec(3)})
		a := call(bg, s, "x", f.run)
		pass(sec(1.5))
		b := call(bg, s, "x", late.run)
		pass(sec(.5))
		began := time.Now()
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, sec(2.5), time.Since(began), "until late has ended")
		assert.Equal(t, result{2, nil, sec(4)}, a.outcome(t))
		assert.Equal(t, result{1, nil, sec(3)}, b.outcome(t))
		assert.Equal(t, seconds(1.5), late.at(), "its hedge was due half a second after the shutdown began")
	})
}

// A failure beside a hedge during a shutdown leaves the hedge its chance.
// Broken, an operation that could still end well would be given up.
func TestHedgeXShutdown_AFailureBesideAHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f := does(step{takes: sec(3), err: errTemp}, step{takes: sec(4)})
		a := call(bg, s, "x", f.run)
		pass(2 * time.Second)
		require.NoError(t, s.Shutdown(bg))
		assert.Equal(t, result{2, nil, sec(5)}, a.outcome(t))
	})
}

// An adaptive limit bounds hedges too: with every place taken there is none, and
// a race ends with one measurement for each attempt that came to its end. Broken,
// hedges would exceed what the target was found to bear.
func TestAdaptiveConcurrencyXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), adaptive(8))})
		f := does(step{takes: sec(3)})
		all := []*calling{}
		for range 4 {
			all = append(all, call(bg, s, "x", f.run))
		}
		for _, c := range all {
			c.well(t)
		}
		assert.Equal(t, seconds(0, 0, 0, 0), f.at(), "four may run")
		assert.Zero(t, snapshotOf(t, s, "x").Hedges)

		f = does(step{takes: sec(60)}, step{takes: sec(1)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0, 1), f.at())
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 1, snap.HedgesWon)
		assert.GreaterOrEqual(t, snap.Concurrency.Limit, 4, "a loser that was cancelled is no sign of overload")
	})
}

// A breaker that opens while a race is on lets both attempts come to their end,
// and begins no hedge. Broken, attempts would begin while the breaker is open, or
// an operation would be lost that was already running.
func TestBreakerXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), trips(1), attempts(2))})
		f := does(step{takes: sec(3)})
		a := call(bg, s, "x", f.run)
		pass(sec(.5))
		call(bg, s, "x", failWith(errPlain)).outcome(t)
		require.Equal(t, breaker.Open, s.Breaker("x").State())
		assert.Equal(t, sec(3), a.well(t).at)
		assert.Equal(t, seconds(0), f.at())
	})
}

// Nobody waits for a worker because of a hedge: with operations in the queue
// there is none. Broken, hedges would starve the operations behind them.
func TestBulkheadXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), workers(2))})
		f := does(step{takes: sec(3)}, step{takes: sec(.9)}, step{takes: sec(3)})
		a, b := call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		c := call(bg, s, "x", f.run)
		assert.Equal(t, sec(3), a.well(t).at)
		assert.Equal(t, sec(.9), b.well(t).at)
		assert.Equal(t, sec(3.9), c.well(t).at, "it has b's worker")
		assert.Equal(t, seconds(0, 0, .9), f.at())
		assert.Zero(t, snapshotOf(t, s, "x").Hedges, "at 1 s the pool is full, and at 1.9 s too")
	})
}

// A hedge is sent only where it may run twice: one whose call says that it is
// not safe to repeat is not hedged, whatever else. Broken, a payment would be
// made twice.
func TestIdempotencyXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second), func(p *policy) { p.Retry.Idempotent = policies.IdempotentAuto })})
		f := does(step{takes: sec(3)})
		call(bg, s, "x", f.run).well(t)
		assert.Equal(t, seconds(0), f.at())
		f = does(step{takes: sec(3)})
		call(bg, s, "x", f.run, supervisor.IdempotencyKey("k")).well(t)
		assert.Equal(t, seconds(0, 1), f.at())
	})
}
