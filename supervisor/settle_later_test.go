package supervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

var errBrokeOff = errors.New("the stream broke off")

// opening is a function that opens something and hands out how it is settled.
func opening(into *func(error)) func(context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		*into = SettleLater(ctx)
		return 42, nil
	}
}

// Broken, a target all of whose streams break off would never trip: the success
// with which each begins would end the run of failures.
func TestStreamsThatBreakOffTripTheBreaker(t *testing.T) {
	for _, way := range []string{"inline", "detached", "with an attempt timeout"} {
		t.Run(way, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, trips(3), func(p *policies.Policy) {
					if way == "with an attempt timeout" {
						p.Retry.AttemptTimeout = time.Second
					}
				})
				j := listen(s)
				for n := range 3 {
					require.Equal(t, breaker.Closed, s.Breaker("x").State(), "after %d", n)
					var settle func(error)
					var err error
					if way == "detached" {
						_, err = Go(bg, s, "x", opening(&settle)).Wait(bg)
					} else {
						_, err = Do(bg, s, "x", opening(&settle))
					}
					require.NoError(t, err)
					settle(errBrokeOff)
					settle(nil) // too late
				}
				pass(0)
				assert.Equal(t, breaker.Open, s.Breaker("x").State())
				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, 3, snap.LateFailures)
				assert.EqualValues(t, 3, snap.Succeeded)
				assert.EqualValues(t, 3, snap.Breaker.Counts.Failures)
				assert.EqualValues(t, 0, snap.Breaker.Counts.Successes)
				late := eventsOf[actors.LateFailure](j)
				require.Len(t, late, 3)
				assert.ErrorIs(t, late[0].Err, errBrokeOff)
				assert.Equal(t, policies.Failure, late[0].Outcome)
				assert.Equal(t, 1, late[0].Attempt)
			})
		})
	}
}

// Broken, streams that end well would not be counted, or not end a run of
// failures.
func TestStreamsThatEndWell(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(2))
		var first, second, third func(error)
		for _, into := range []*func(error){&first, &second, &third} {
			_, err := Do(bg, s, "x", opening(into))
			require.NoError(t, err)
		}
		first(errBrokeOff)
		second(nil)
		third(errBrokeOff)
		counts := s.Breaker("x").Counts()
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.Equal(t, 1, counts.ConsecutiveFailures)
		assert.EqualValues(t, 1, counts.Successes)
		assert.EqualValues(t, 2, counts.Failures)
	})
}

// Broken, what the caller or another error is to blame for would count against
// the target.
func TestLateOutcomesAreClassified(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1), func(p *policies.Policy) { p.Breaker.Ignore = []string{"http.503"} })
		for _, err := range []error{errAside, &classify.StatusError{StatusCode: 429}, &classify.StatusError{StatusCode: 503}} {
			var settle func(error)
			_, _ = Do(bg, s, "x", opening(&settle))
			settle(err)
		}
		counts := s.Breaker("x").Counts()
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.EqualValues(t, 2, counts.Ignored)
		assert.EqualValues(t, 1, counts.Throttled)
		assert.EqualValues(t, 0, snapshotOf(t, s, "x").LateFailures)
	})
}

// Broken, a stream from before an outage would reopen a breaker that has closed
// since, or a reader would hold a probe's slot.
func TestLateOutcomesAndProbes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1)) // one success closes
		j := listen(s)
		var before, probe func(error)
		_, err := Do(bg, s, "x", opening(&before))
		require.NoError(t, err)
		_, _ = Do(bg, s, "x", failWith(errPlain))
		require.Equal(t, breaker.Open, s.Breaker("x").State())
		before(errBrokeOff)
		pass(30 * time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		_, err = Do(bg, s, "x", opening(&probe))
		require.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		probe(errBrokeOff)
		pass(0)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		assert.EqualValues(t, 2, snapshotOf(t, s, "x").LateFailures)
		assert.Len(t, eventsOf[actors.StaleOutcome](j), 1)
	})
}

// Broken, an attempt that fails after it asked to settle later would keep the
// success of the next from the breaker.
func TestAnAttemptThatFailsAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(5), noWaits)
		attempt := 0
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			if attempt++; attempt == 1 {
				SettleLater(ctx)
				return 0, errTemp
			}
			return 42, nil
		})
		require.NoError(t, err)
		assert.EqualValues(t, 1, s.Breaker("x").Counts().Successes)
		assert.Zero(t, s.Breaker("x").Counts().ConsecutiveFailures)
		assert.Nil(t, SettleLater(bg), "outside an attempt there is nothing to settle")
	})
}

// ramping is a supervisor whose target has one place on its ramp for a while.
func ramping(t *testing.T, edits ...func(*policies.Policy)) *Supervisor {
	t.Helper()
	s := one(t, append(edits, trips(1), attempts(1), workers(16), func(p *policies.Policy) { p.Breaker.Ramp = time.Hour })...)
	_, _ = Do(bg, s, "x", failWith(errPlain))
	pass(30 * time.Second)
	_, err := Do(bg, s, "x", succeed)
	require.NoError(t, err)
	require.Equal(t, 1, s.Breaker("x").Counts().RampLimit)
	return s
}

// Broken, a stream that nobody reads to its end would keep every other call out
// for as long as the ramp lasts, or its settlement free a place that another
// has taken.
func TestALateSettlementHoldsNoPlaceOfARamp(t *testing.T) {
	for name, edit := range map[string]func(*policies.Policy){
		"inline": noWaits, "apart": func(p *policies.Policy) { p.Retry.AttemptTimeout = time.Minute },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := ramping(t, edit)
				before := s.Breaker("x").Counts().Successes
				var settle func(error)
				_, err := Do(bg, s, "x", opening(&settle))
				require.NoError(t, err)
				assert.Equal(t, before+1, s.Breaker("x").Counts().Successes, "judged when it returned")
				g := newGate()
				running := async(func() (int, error) { return Do(bg, s, "x", g.run) })
				<-g.begun
				settle(errBrokeOff)
				pass(0)
				_, err = Do(bg, s, "x", succeed)
				assert.ErrorIs(t, err, ErrOpen, "one runs, and one may")
				assert.Equal(t, breaker.Closed, s.Breaker("x").State())
				assert.EqualValues(t, 1, snapshotOf(t, s, "x").LateFailures)
				g.end <- nil
				<-running
			})
		})
	}
}

// Broken, one stream would count as two failures, or as one for an attempt that
// its breaker has counted already.
func TestAnAttemptIsSettledOnce(t *testing.T) {
	for name, c := range map[string]struct {
		edit     func(*policies.Policy)
		function func(settle func(error), attempt int) error
		failures int
		late     int
	}{
		"asked for twice":            {noWaits, func(func(error), int) error { return nil }, 1, 1},
		"asked for twice, apart":     {timesOut(time.Second), func(func(error), int) error { return nil }, 1, 1},
		"settled before its success": {noWaits, func(settle func(error), _ int) error { settle(errBrokeOff); return nil }, 1, 1},
		"failed all the same":        {noWaits, func(func(error), int) error { return errPlain }, 1, 0},
		"the second, after a failed first": {noWaits, func(_ func(error), attempt int) error {
			if attempt == 1 {
				return errTemp
			}
			return nil
		}, 2, 1},
		"left behind": {timesOut(time.Second), func(func(error), int) error { pass(2 * time.Second); return nil }, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, attempts(2), c.edit)
				settles := make(chan func(error), 4) // of two attempts
				_, _ = Do(bg, s, "x", func(ctx context.Context) (int, error) {
					a, _ := CurrentAttempt(ctx)
					first := SettleLater(ctx)
					settles <- first
					settles <- SettleLater(ctx)
					return 42, c.function(first, a.Number)
				})
				pass(10 * time.Second)
				close(settles)
				for settle := range settles {
					settle(errBrokeOff)
				}
				pass(0)
				assert.EqualValues(t, c.failures, s.Breaker("x").Counts().Failures)
				assert.EqualValues(t, 0, s.Breaker("x").Counts().Successes)
				assert.EqualValues(t, c.late, snapshotOf(t, s, "x").LateFailures)
			})
		})
	}
}

// Broken, the dearest failures, streams that break off after thousands of
// tokens, would be the ones that cost nothing.
func TestALateFailureHasItsAttemptsCost(t *testing.T) {
	for name, edit := range map[string]func(*policies.Policy){"inline": noWaits, "apart": timesOut(time.Minute)} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, costs(100), edit)
				var stream context.Context
				var settle func(error)
				for _, end := range []error{nil, errAside, errBrokeOff} {
					_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
						stream, settle = ctx, SettleLater(ctx)
						assert.True(t, ReportCost(ctx, 40))
						if a, _ := CurrentAttempt(ctx); a.Number == 1 && end != nil {
							return 0, errTemp // it burns 40 as well
						}
						return 42, nil
					})
					require.NoError(t, err)
					assert.True(t, ReportCost(stream, 10), "the bill comes last")
					settle(end)
					assert.Equal(t, end == nil, ReportCost(stream, 1000), "what has failed is closed")
				}
				pass(0)
				snap := snapshotOf(t, s, "x")
				assert.Equal(t, 130., snap.CostBurned, "two first attempts, and the one that broke off")
				assert.Equal(t, 130., snap.Breaker.Counts.FailureCost)
				assert.Equal(t, breaker.ReasonFailureCost, snap.Breaker.Reason)
			})
		})
	}
}

// Broken, a target whose quota a stream has used up would be asked again after
// an ordinary open time.
func TestALateWallStandsUntilItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		var settle func(error)
		_, err := Do(bg, s, "x", opening(&settle))
		require.NoError(t, err)
		settle(classify.Wall(errQuota, time.Now().Add(5*time.Hour)))
		pass(5*time.Hour - 1)
		snap := snapshotOf(t, s, "x").Breaker
		assert.Equal(t, breaker.Open, snap.State)
		assert.Equal(t, breaker.ReasonExternalWall, snap.Reason)
		assert.ErrorIs(t, snap.Cause, errQuota)
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}
