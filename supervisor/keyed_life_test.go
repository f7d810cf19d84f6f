package supervisor

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, keyed targets would go on under the policy of the day they were
// first used, or one change of a template would be told a thousand times.
func TestKeyedTargetsFollowTheirTemplate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, 8*time.Minute), trips(5), attempts(1))
		j := listen(s)
		spoil(t, s, "away", "away", "away")
		pass(11 * time.Minute)
		spoil(t, s, "a", "a", "a", "b")
		require.Equal(t, []string{"x[a]", "x[b]"}, live(s))
		require.Equal(t, 1, keyspaceOf(t, s).Remembered)

		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(keyed(10, 4*time.Minute), trips(4), attempts(1), workers(7))})))
		synctest.Wait()
		events := eventsOf[actors.PoliciesApplied](j)
		require.Len(t, events, 1)
		assert.Equal(t, []string{"x"}, events[0].Changed)
		assert.Equal(t, 7, s.Target("x", "a").Policy().Pool.Workers)
		assert.Equal(t, 7, s.Target("x", "a").pool.limit)
		spoil(t, s, "a")
		assert.Equal(t, breaker.Open, s.Breaker("x", "a").State(), "the lower threshold counts, and so do the failures before it")
		assert.Equal(t, breaker.Closed, s.Breaker("x", "b").State())
		spoil(t, s, "away")
		assert.Equal(t, breaker.Open, s.Breaker("x", "away").State(), "one that was away comes back under the new policy")

		pass(5 * time.Minute)
		assert.Empty(t, live(s), "the shorter idle_timeout counts")
	})
}

// If it failed, a limit that is lowered would hold for new keys only.
func TestALowerLimitActsAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Hour))
		use(t, s, "a", "b", "c", "d")
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(keyed(2, time.Hour))})))
		synctest.Wait()
		assert.Equal(t, []string{"x[c]", "x[d]"}, live(s))
	})
}

// If it failed, a target that its policy has stopped would start by itself when
// nobody looks, and Start would not find it.
func TestAStoppedTargetStaysStoppedWhileItIsAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), attempts(1), restartsAt(1, policies.StopTarget))
		crash := func(context.Context) (int, error) { panic("crash") }
		target := s.Target("x", "a")
		for range 2 {
			_, err := DoOn(bg, target, crash)
			var panicked *PanicError
			require.ErrorAs(t, err, &panicked)
		}
		_, err := DoOn(bg, target, succeed)
		require.ErrorIs(t, err, ErrTargetStopped)
		pass(3 * time.Hour)
		require.Empty(t, live(s))
		assert.Equal(t, 1, keyspaceOf(t, s).Refusing)
		_, err = DoOn(bg, target, succeed)
		require.ErrorIs(t, err, ErrTargetStopped)
		pass(time.Hour)
		require.Empty(t, live(s))
		require.NoError(t, target.Start())
		_, err = DoOn(bg, target, succeed)
		assert.NoError(t, err)
	})
}

// If it failed, an operator who resets every breaker would miss those that are
// only remembered.
func TestResetBreakersReachesThoseThatAreAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), attempts(1), trips(1))
		s.Breaker("x", "a").ForceOpen()
		pass(2 * time.Minute)
		require.Equal(t, 1, keyspaceOf(t, s).Refusing)
		s.ResetBreakers()
		assert.Zero(t, keyspaceOf(t, s).Remembered)
		use(t, s, "a")
	})
}

// If it failed, a browser or a connection would be held for a tenant who left
// long ago, or be shared by tenants.
func TestStatefulWorkersOfKeyedTargets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var made, closed atomic.Int32
		s := start(t, targets{"x": policy(keyed(10, time.Minute))}, WithWorker("x", func(context.Context) (actors.Worker, error) {
			return &tenantWorker{number: int(made.Add(1)), closed: &closed}, nil
		}))
		ask := func(key Key) int {
			n, err := AskOn[int](bg, s.Target("x", key), "who are you")
			require.NoError(t, err)
			return n
		}
		assert.Equal(t, []int{1, 2, 1}, []int{ask("a"), ask("b"), ask("a")})
		pass(2 * time.Minute)
		assert.Empty(t, live(s))
		assert.Equal(t, int32(2), closed.Load())
		assert.Equal(t, 3, ask("a"))
	})
}

type tenantWorker struct {
	number int
	closed *atomic.Int32
}

func (c *tenantWorker) Handle(context.Context, any) (any, error) { return c.number, nil }
func (c *tenantWorker) Close() error                             { c.closed.Add(1); return nil }

// If it failed, the breaker of a target with a probe out would be put away, and
// the probe's outcome lost: the target would probe again and again.
func TestATargetWhoseProbeIsOutStays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(1, time.Hour), attempts(1), trips(1))
		spoil(t, s, "a")
		pass(30 * time.Second)
		target := s.Target("x", "a")
		admission := make(chan actors.Admission, 1)
		target.breaker.Ask(func(a actors.Admission) { admission <- a })
		probe := soon(t, admission, "the probe")
		require.True(t, probe.Granted)
		_, err := DoOn(bg, s.Target("x", "b"), succeed)
		require.ErrorIs(t, err, ErrTooManyKeys)
		_, err = DoOn(bg, target, succeed)
		require.ErrorIs(t, err, ErrOpen, "it goes on as before")
		target.breaker.Settle(actors.Settlement{Permit: probe.Permit, Outcome: policies.Success}, nil)
		_, err = DoOn(bg, target, succeed)
		require.NoError(t, err)
		use(t, s, "b")
	})
}

// If it failed, a handle that was refused for want of room would be refused for
// ever.
func TestARefusedHandleTriesAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(1, time.Hour))
		g := newGate()
		done := async(func() (int, error) { return DoOn(bg, s.Target("x", "a"), g.run) })
		<-g.begun
		target := s.Target("x", "b")
		require.ErrorIs(t, target.Err(), ErrTooManyKeys)
		assert.Nil(t, target.PID())
		assert.Equal(t, breaker.Disabled, s.Breaker("x", "b").State())
		_, err := GoOn(bg, target, succeed).Wait(bg)
		assert.EqualError(t, err, `operation on "x[b]" rejected: as many keys are in use as keyed.max_keys allows; raise it, or use fewer keys at a time`)
		assert.NotZero(t, keyspaceOf(t, s).TooMany)
		g.end <- nil
		soon(t, done, "the operation")
		_, err = DoOn(bg, target, succeed)
		assert.NoError(t, err)
	})
}

// If it failed, Snapshot would not say which keys a target is for, or events not
// which target they are about.
func TestSnapshotOfKeyedTargets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, attempts(1))
		j := listen(s)
		_, err := DoOn(bg, s.Target("x", "gpt", "t 7"), func(ctx context.Context) (int, error) {
			a, _ := CurrentAttempt(ctx)
			assert.Equal(t, `x[gpt,"t 7"]`, a.Target)
			return 0, errPlain
		})
		require.ErrorIs(t, err, errPlain)
		synctest.Wait()
		assert.Equal(t, `x[gpt,"t 7"]`, eventsOf[actors.AttemptFailed](j)[0].Target)
		snap := snapshotOf(t, s, `x[gpt,"t 7"]`)
		assert.Equal(t, "x", snap.Template)
		assert.Equal(t, []Key{"gpt", "t 7"}, snap.Keys)
		assert.Equal(t, "holdfast/x/key-1", snap.PID)
		assert.Len(t, snap.Workers, 1)
		assert.Len(t, s.Breakers(), 1)
	})
}

// If these failed, every call by keys would make garbage.
func TestALookUpByKeysAllocatesNothing(t *testing.T) {
	s := one(t)
	model, tenant := Key("gpt-x"), Key("tenant-7")
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := DoOn(bg, s.Target("x", model, tenant), succeed); err != nil {
			t.Error(err)
		}
	}), 1.0, "the operation itself is one")
}

// If it failed, a keyed target that somebody stops would not come back.
func TestAKeyedTargetThatWasStoppedFromOutsideStartsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(1, time.Hour))
		kept := s.Target("x", "a")
		s.System().Root.Stop(kept.PID())
		synctest.Wait()
		assert.Empty(t, live(s))
		_, err := DoOn(bg, kept, succeed)
		assert.NoError(t, err)
		assert.Equal(t, []string{"x[a]"}, live(s))
		use(t, s, "b")
		assert.Equal(t, []string{"x[b]"}, live(s), "its place was not given back")
	})
}
