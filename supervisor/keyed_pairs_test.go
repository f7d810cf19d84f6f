package supervisor

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// Keyed targets x external wall. Broken, a caller would not learn any more why
// and until when its tenant is refused.
func TestAWallIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(keyed(10, time.Minute))})
		until := time.Now().Add(time.Hour)
		_, err := DoOn(bg, s.Target("x", "a"), failWith(classify.Wall(errPlain, until)))
		require.Error(t, err)
		pass(10 * time.Minute)
		require.Equal(t, 1, keyspaceOf(t, s).Remembered)
		_, err = DoOn(bg, s.Target("x", "a"), succeed)
		var open *OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, breaker.ReasonExternalWall, open.Reason)
		assert.True(t, until.Equal(open.WallUntil))
		assert.Equal(t, 50*time.Minute, open.RetryAfter())
	})
}

// Keyed targets x ramp. Broken, a target that recovers by degrees would be put
// away, and have everything let in at once when it is next used.
func TestATargetThatRecoversStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(keyed(10, time.Minute), func(p *policies.Policy) { p.Breaker.Ramp = time.Hour })})
		s.Breaker("x", "a").ForceOpenFor(time.Second)
		pass(2 * time.Second)
		use(t, s, "a")
		pass(10 * time.Minute)
		assert.Equal(t, 1, keyspaceOf(t, s).Live)
		pass(2 * time.Hour)
		assert.Zero(t, keyspaceOf(t, s).Live)
	})
}

// Keyed targets x probe. Broken, a tenant's recovery would be tried on its
// calls although the template has a probe.
func TestKeysAreProbedAsTheirTemplateIs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probes := 0
		s := start(t, targets{"x": policy(keyed(10, time.Hour))}, WithProbe("x", func(context.Context) error {
			probes++
			return nil
		}))
		s.Breaker("x", "a").ForceOpenFor(time.Second)
		pass(2 * time.Second)
		assert.Equal(t, 1, probes)
		assert.Equal(t, breaker.Closed, s.Breaker("x", "a").State())
	})
}

// Keyed targets x fallback. Broken, a key's failure would not lead on, or lead
// to where the template doesn't.
func TestAKeyFallsBackAsItsTemplateDoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(keyed(10, time.Minute), fallsBackTo("spare")), "spare": policy()})
		text, err := DoOn(bg, s.Target("x", "a"), only(errPlain, "spare"))
		require.NoError(t, err)
		assert.Equal(t, "from spare", text)
		pass(10 * time.Minute)
		text, err = DoOn(bg, s.Target("x", "a"), only(errPlain, "spare"))
		require.NoError(t, err)
		assert.Equal(t, "from spare", text)
	})
}

// Keyed targets x timeout. Broken, a target would be put away although a
// function that was left behind still runs there.
func TestATargetWithAHungFunctionStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(keyed(10, time.Minute), timesOut(time.Second), attempts(1))})
		g := newGate()
		_, err := DoOn(bg, s.Target("x", "a"), g.run)
		require.True(t, errors.Is(err, context.DeadlineExceeded))
		pass(time.Hour)
		assert.Equal(t, 1, keyspaceOf(t, s).Live)
		g.end <- nil
		pass(time.Hour)
		assert.Zero(t, keyspaceOf(t, s).Live)
	})
}

// Keyed targets x probe. Broken, a target that was put away between two probes
// would be half-open, and refuse everything, for ever.
func TestATargetPutAwayBetweenTwoProbesIsProbedOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probes := 0
		s := start(t, targets{"x": policy(keyed(10, time.Minute), func(p *policies.Policy) {
			p.Breaker.ProbeInterval, p.Breaker.SuccessThreshold = 10*time.Minute, 2
		})}, WithProbe("x", func(context.Context) error {
			probes++
			return nil
		}))
		s.Breaker("x", "a").ForceOpenFor(time.Second)
		pass(2 * time.Second)
		require.Equal(t, 1, probes)
		pass(5 * time.Minute)
		require.Zero(t, keyspaceOf(t, s).Live)
		_, _ = DoOn(bg, s.Target("x", "a"), succeed) // refused, or after the probe
		pass(time.Second)
		assert.Equal(t, 2, probes)
		_, err := DoOn(bg, s.Target("x", "a"), succeed)
		require.NoError(t, err)
	})
}
