package supervisor

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/retry"
)

var errQuota = errors.New("the quota is used up")

// walledFor fails with a wall that stands for d from when it runs.
func walledFor(d time.Duration) func(context.Context) (int, error) {
	return func(context.Context) (int, error) { return 0, classify.Wall(errQuota, time.Now().Add(d)) }
}

// If it failed, calls would go on against a target that turns each of them
// away, the caller would not learn until when, or the breaker would look again
// at another moment.
func TestAWallOpensTheBreakerUntilItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		heard := listen(s)
		begun := time.Now()
		_, err := Do(bg, s, "x", walledFor(5*time.Hour))
		assert.Equal(t, begun, time.Now(), "it is not retried")
		var exhausted *ExhaustedError
		require.ErrorAs(t, err, &exhausted)
		assert.Equal(t, 1, exhausted.Attempts)
		assert.Equal(t, retry.ExternalWall, exhausted.Reason)
		assert.ErrorIs(t, err, errQuota)

		pass(2 * time.Hour)
		_, err = Do(bg, s, "x", succeed)
		var open *OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, breaker.ReasonExternalWall, open.Reason)
		assert.ErrorIs(t, open.Cause, errQuota)
		assert.Equal(t, 3*time.Hour, open.RetryAfter())
		assert.True(t, open.WallUntil.Equal(begun.Add(5*time.Hour)))

		snap := snapshotOf(t, s, "x").Breaker
		assert.Equal(t, breaker.Open, snap.State)
		assert.Equal(t, breaker.ReasonExternalWall, snap.Reason)
		assert.ErrorIs(t, snap.Cause, errQuota)
		assert.True(t, snap.Until.Equal(begun.Add(5*time.Hour)))
		assert.Equal(t, uint64(1), snap.Counts.Walled)
		assert.Zero(t, snap.Counts.Failures)
		changed := eventsOf[actors.BreakerChanged](heard)
		require.Len(t, changed, 1)
		assert.Equal(t, breaker.ReasonExternalWall, changed[0].Transition.Reason)
		assert.ErrorIs(t, changed[0].Cause, errQuota)
		failed := eventsOf[actors.AttemptFailed](heard)
		require.Len(t, failed, 1)
		assert.Equal(t, policies.Walled, failed[0].Outcome)
		assert.Equal(t, classify.ExternalWall, failed[0].Condition)

		pass(3*time.Hour - 1)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		value, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		assert.Equal(t, 42, value)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// A server's date is of its clock. If it failed, a client whose clock is wrong
// would stay away for hours too long, or come hours too soon.
func TestAQuotaWithADateIsAWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		far := time.Now().Add(1000 * time.Hour) // the server's clock
		answer := &classify.StatusError{Method: "POST", StatusCode: 429, Body: []byte(`{"error":{"code":"insufficient_quota"}}`),
			Header: http.Header{"Date": {far.UTC().Format(http.TimeFormat)}, "Retry-After": {far.Add(time.Hour).UTC().Format(http.TimeFormat)}}}
		_, err := Do(bg, s, "x", failWith(answer))
		require.ErrorIs(t, err, error(answer))
		pass(time.Hour - 1)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// If it failed, a probe that meets the wall again would have the breaker probe
// on every minute, or hold its slot.
func TestAWalledProbeReopensUntilItsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		s.Breaker("x").ForceOpenFor(time.Minute)
		pass(time.Minute)
		_, err := Do(bg, s, "x", walledFor(7*time.Hour))
		require.ErrorIs(t, err, errQuota)
		pass(7*time.Hour - 1)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err, "the slot is free")
	})
}

// If it failed, an attempt that runs apart from its operation, and one that is
// not the first, would open the breaker for an ordinary open time.
func TestAWallIsToldHoweverTheAttemptRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, func(p *policies.Policy) { p.Retry.AttemptTimeout = time.Minute })
		_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			if a, _ := CurrentAttempt(ctx); a.Number == 1 {
				return 0, errTemp
			}
			return walledFor(4 * time.Hour)(ctx)
		})
		assert.ErrorIs(t, err, errQuota)
		pass(4*time.Hour - 1)
		snap := snapshotOf(t, s, "x").Breaker
		assert.Equal(t, breaker.Open, snap.State)
		assert.ErrorIs(t, snap.Cause, errQuota)
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// max_wall is there for a server that errs; until then nobody asks it.
func TestMaxWallBoundsAWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, func(p *policies.Policy) { p.Breaker.MaxWall = 2 * time.Hour })
		_, _ = Do(bg, s, "x", walledFor(100*time.Hour))
		_, err := Do(bg, s, "x", succeed)
		assert.EqualError(t, err, `circuit breaker "x" is open before an external wall (a used-up quota, an unpaid bill), call not made; `+
			`retry after 2h0m0s, as max_wall says; the wall stands for 100h0m0s (last failure: the quota is used up)`)
		pass(2 * time.Hour)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	})
}

// If it failed, one provider's quota would close the way to an agent that has
// others.
func TestAWallWithinAnOperationIsTheInnersAlone(t *testing.T) {
	for name, disabled := range map[string]bool{"with retry": false, "without": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				inner := policy(func(p *policies.Policy) { p.Retry.Enabled = !disabled })
				s := start(t, targets{"agent": policy(), "model": inner})
				_, err := Do(bg, s, "agent", func(ctx context.Context) (int, error) {
					return Do(ctx, s, "model", walledFor(time.Hour))
				})
				assert.ErrorIs(t, err, errQuota)
				assert.Equal(t, breaker.Open, s.Breaker("model").State())
				assert.Equal(t, breaker.Closed, s.Breaker("agent").State())
				assert.Zero(t, s.Breaker("agent").Counts().Walled)
			})
		})
	}
}

// If it failed, an operation that is meant to wait out an outage would run into
// the wall, or be kept past its deadline.
func TestParkedOperationsWaitForTheWallsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks)
		begun := time.Now()
		_, err := Do(bg, s, "x", walledFor(3*time.Hour))
		require.ErrorIs(t, err, errQuota, "the one that met it is not parked: it may have cost")
		kept := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		ctx, cancel := context.WithDeadline(bg, begun.Add(time.Hour))
		defer cancel()
		left := async(func() (int, error) { return Do(ctx, s, "x", succeed) })

		o := soon(t, left, "the one with a deadline")
		assert.ErrorIs(t, o.err, context.DeadlineExceeded)
		assert.Equal(t, begun.Add(time.Hour), o.at)
		o = soon(t, kept, "the one that waits")
		assert.NoError(t, o.err)
		assert.Equal(t, begun.Add(3*time.Hour), o.at)
	})
}

// A reload that changes the breaker's settings must not let calls through
// before the wall's end.
func TestAReloadKeepsAWall(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		_, _ = Do(bg, s, "x", walledFor(2*time.Hour))
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(trips(1), func(p *policies.Policy) { p.Breaker.WallOn = []string{"http.402"} })})))
		pass(2*time.Hour - 1)
		assert.Equal(t, breaker.Open, s.Breaker("x").State())
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		_, _ = Do(bg, s, "x", failWith(&classify.StatusError{StatusCode: 402}))
		assert.Equal(t, breaker.ReasonExternalWall, snapshotOf(t, s, "x").Breaker.Reason, "the new list is in force")
	})
}

// An operator's word stands over a wall.
func TestAForcedStateIsNotWalled(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		s.Breaker("x").ForceClose()
		_, err := Go(bg, s, "x", walledFor(time.Hour)).Wait(bg)
		assert.ErrorIs(t, err, errQuota)
		assert.Equal(t, breaker.ForcedClosed, s.Breaker("x").State())
		assert.Equal(t, uint64(1), s.Breaker("x").Counts().Walled)
	})
}

// A quota that names its end pauses the target as any delay of a server's does,
// for max_server_wait at most. If it failed, the pause would hold on after the
// wall, or the wall end with the pause.
func TestAWallOutlastsTheServersPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, parks)
		begun := time.Now()
		answer := &classify.StatusError{StatusCode: 429, Body: []byte(`{"error":{"code":"insufficient_quota"}}`),
			Header: http.Header{"Retry-After": {"7200"}}}
		_, err := Do(bg, s, "x", failWith(answer))
		require.ErrorIs(t, err, error(answer))
		o := soon(t, async(func() (int, error) { return Do(bg, s, "x", succeed) }), "the next one")
		assert.NoError(t, o.err)
		assert.Equal(t, begun.Add(2*time.Hour), o.at)
	})
}

// If it failed, a model whose quota is used up would be asked first by every
// call, although there is another.
func TestAWalledTargetFallsBackUntilTheWallsEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := models(t)
		asked := map[string]int{}
		ask := func() (string, error) {
			return Do(bg, s, "x", func(ctx context.Context) (string, error) {
				a, _ := CurrentAttempt(ctx)
				asked[a.Target]++
				if a.Target == "x" && asked["x"] == 1 {
					return "", classify.Wall(errQuota, time.Now().Add(time.Hour))
				}
				return "from " + a.Target, nil
			})
		}
		for range 3 {
			text, err := ask()
			require.NoError(t, err)
			assert.Equal(t, "from y", text)
		}
		assert.Equal(t, map[string]int{"x": 1, "y": 3}, asked)
		pass(time.Hour)
		text, err := ask()
		require.NoError(t, err)
		assert.Equal(t, "from x", text)
	})
}
