package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// keyed bounds keyed targets: most of them, and how long they may be idle.
func keyed(most int, idle time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Keyed = policies.Keyed{MaxKeys: most, IdleTimeout: idle} }
}

// keyspaceOf gives the part of a snapshot that is about the keys of "x".
func keyspaceOf(t testing.TB, s *Supervisor) KeyedSnapshot {
	t.Helper()
	all := s.Snapshot().Keyed
	require.Len(t, all, 1)
	assert.Equal(t, "x", all[0].Template)
	return all[0]
}

// use runs one operation that succeeds on each key.
func use(t testing.TB, s *Supervisor, keys ...Key) {
	t.Helper()
	for _, key := range keys {
		_, err := DoOn(bg, s.Target("x", key), succeed)
		require.NoError(t, err, key)
	}
}

// spoil runs one operation that fails on each key.
func spoil(t testing.TB, s *Supervisor, keys ...Key) {
	t.Helper()
	for _, key := range keys {
		_, err := DoOn(bg, s.Target("x", key), failWith(errPlain))
		require.ErrorIs(t, err, errPlain, key)
	}
}

// live lists the keys of "x" that run.
func live(s *Supervisor) []string {
	var names []string
	for _, snap := range s.Snapshot().Targets {
		if snap.Template != "" {
			names = append(names, snap.Name)
		}
	}
	return names
}

// If it failed, one tenant's outage would refuse the calls of all.
func TestEachKeyHasItsOwnBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1), attempts(1))
		spoil(t, s, "a")
		_, err := DoOn(bg, s.Target("x", "a"), succeed)
		var open *OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, "x[a]", open.Name)
		use(t, s, "b")
		_, err = Do(bg, s, "x", succeed)
		assert.NoError(t, err, "the template is a target of its own")
		assert.Equal(t, breaker.Open, s.Breaker("x", "a").State())
		assert.Equal(t, breaker.Closed, s.Breaker("x", "b").State())
		assert.Same(t, s.Target("x", "a"), s.Target("x", "a"))
		assert.NotSame(t, s.Target("x", "a", "b"), s.Target("x", "b", "a"))
	})
}

// If it failed, an idle key would hold its actors for ever, or lose them while
// it is in use. With an idle_timeout of 8 min the looks are 2 min apart: one
// that was used at 1 min is seen to be idle from 2 min on, and goes at 10.
func TestAnIdleTargetIsPassivated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, 8*time.Minute))
		j := listen(s)
		use(t, s, "a")
		pass(time.Minute)
		use(t, s, "a")
		pass(9*time.Minute - 1)
		assert.Equal(t, []string{"x[a]"}, live(s))
		pass(1)
		assert.Empty(t, live(s))
		k := keyspaceOf(t, s)
		assert.Equal(t, KeyedSnapshot{Template: "x", MaxKeys: 10, Passivated: 1, Ended: KeyedTotals{Succeeded: 2}}, k)
		events := eventsOf[actors.TargetPassivated](j)
		require.Len(t, events, 1)
		assert.Equal(t, "target x[a] passivated (idle), its breaker closed and forgotten", events[0].String())
		assert.Empty(t, eventsOf[actors.TargetStopped](j), "nobody is to think that it failed")
		assert.Empty(t, eventsOf[actors.WorkerStopped](j))
		_, there := s.system.ProcessRegistry.GetLocal("holdfast/x/key-1")
		assert.False(t, there, "its actor is still there")
	})
}

// If it failed, a handle that a program keeps would be worth nothing after a
// quiet night.
func TestAHandleThatWasKeptGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), trips(1), attempts(1))
		target, b := s.Target("x", "a"), s.Breaker("x", "a")
		for range 3 {
			pass(2 * time.Minute)
			require.Empty(t, live(s))
			_, err := DoOn(bg, target, succeed)
			require.NoError(t, err)
			_, err = GoOn(bg, target, succeed).Wait(bg)
			require.NoError(t, err)
			assert.Equal(t, []string{"x[a]"}, live(s))
		}
		pass(2 * time.Minute)
		b.ForceOpen()
		assert.Equal(t, breaker.ForcedOpen, b.State())
		_, err := DoOn(bg, target, succeed)
		assert.ErrorIs(t, err, ErrOpen)
		pass(2 * time.Minute)
		require.Empty(t, live(s))
		b.Reset()
		_, err = DoOn(bg, target, succeed)
		assert.NoError(t, err)
		assert.NotNil(t, target.PID())
		assert.Equal(t, policies.API, target.Policy().Type)
	})
}

// If it failed, an outage would be forgotten as soon as nobody calls for a
// while. The breaker opens at 0 for 30 min; at 2 min its target is gone.
func TestAnOpenBreakerIsRemembered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), trips(1), attempts(1), func(p *policies.Policy) {
			p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = 30*time.Minute, time.Hour
		})
		j := listen(s)
		opened := time.Now()
		spoil(t, s, "a")
		pass(2 * time.Minute)
		require.Empty(t, live(s))
		k := keyspaceOf(t, s)
		assert.Equal(t, 1, k.Remembered)
		assert.Equal(t, 1, k.Refusing)
		assert.Equal(t, "target x[a] passivated (idle), its breaker open", eventsOf[actors.TargetPassivated](j)[0].String())

		pass(28*time.Minute - 1)
		_, err := DoOn(bg, s.Target("x", "a"), succeed)
		var open *OpenError
		require.ErrorAs(t, err, &open)
		assert.Equal(t, opened.Add(30*time.Minute), open.Until)
		assert.Equal(t, errPlain, open.Cause)
		assert.Zero(t, keyspaceOf(t, s).Remembered)
		pass(1)
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x", "a").State(), "its own timer runs again")
		spoil(t, s, "a")
		assert.Equal(t, time.Hour, time.Until(s.Breaker("x", "a").Counts().OpenUntil), "it has reopened, so it rests longer")
	})
}

// If it failed, a breaker would wait for its timer although its time had come
// while it was away: it has no timer then.
func TestABreakerWhoseTimeCameWhileItWasAwayProbes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), trips(1), attempts(1))
		spoil(t, s, "a") // open for 30 s
		pass(5 * time.Minute)
		require.Empty(t, live(s))
		assert.Equal(t, breaker.HalfOpen, s.Breaker("x", "a").State())
		use(t, s, "a")
		assert.Equal(t, breaker.Closed, s.Breaker("x", "a").State())
	})
}

// If it failed, memories would add up for ever. A failure is worth
// max_recovery_timeout, 10 min by default, from when the target went.
func TestAMemoryExpires(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(10, time.Minute), trips(2), attempts(1))
		spoil(t, s, "a")
		pass(time.Minute + 15*time.Second)
		assert.Equal(t, 1, keyspaceOf(t, s).Remembered)
		pass(10 * time.Minute)
		assert.Zero(t, keyspaceOf(t, s).Remembered)
		spoil(t, s, "a")
		assert.Equal(t, breaker.Closed, s.Breaker("x", "a").State())
		pass(2 * time.Minute)
		require.Empty(t, live(s))
		spoil(t, s, "a")
		assert.Equal(t, breaker.Open, s.Breaker("x", "a").State(), "the second in a row, so it must have been remembered")
	})
}

// If it failed, a key that is in use could be stopped under an operation.
func TestATargetInUseIsNotPassivated(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*policies.Policy)
		hold func(t *testing.T, s *Supervisor) (free func())
	}{
		"running": {nil, func(t *testing.T, s *Supervisor) func() {
			g := newGate()
			done := async(func() (int, error) { return DoOn(bg, s.Target("x", "a"), g.run) })
			<-g.begun
			return func() { g.end <- nil; assert.NoError(t, soon(t, done, "the operation").err) }
		}},
		"running detached": {nil, func(t *testing.T, s *Supervisor) func() {
			g := newGate()
			f := GoOn(bg, s.Target("x", "a"), g.run)
			<-g.begun
			return func() { g.end <- nil; _, err := f.Wait(bg); assert.NoError(t, err) }
		}},
		"in backoff": {func(p *policies.Policy) { p.Retry.MinWait, p.Retry.MaxWait = time.Hour, time.Hour }, func(t *testing.T, s *Supervisor) func() {
			fn := failWith(errTemp)
			done := async(func() (int, error) {
				return DoOn(bg, s.Target("x", "a"), fn)
			})
			return func() { pass(2 * time.Hour); assert.ErrorIs(t, soon(t, done, "the operation").err, errTemp) }
		}},
		"left behind": {func(p *policies.Policy) { p.Retry.AttemptTimeout, p.Retry.MaxAttempts = time.Second, 1 }, func(t *testing.T, s *Supervisor) func() {
			g := newGate()
			_, err := DoOn(bg, s.Target("x", "a"), g.run)
			assert.Error(t, err)
			return func() { g.end <- nil; synctest.Wait() }
		}},
		"out of tokens": {func(p *policies.Policy) { p.RateLimit.Rate, p.RateLimit.Burst = 1.0/7200, 1 }, func(t *testing.T, s *Supervisor) func() {
			use(t, s, "a")
			return func() { pass(2 * time.Hour) }
		}},
		"parked": {parks, func(t *testing.T, s *Supervisor) func() {
			s.Breaker("x", "a").ForceOpen()
			done := async(func() (int, error) { return DoOn(bg, s.Target("x", "a"), succeed) })
			return func() { s.Breaker("x", "a").Reset(); assert.NoError(t, soon(t, done, "the operation").err) }
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				edit := c.edit
				if edit == nil {
					edit = func(*policies.Policy) {}
				}
				s := one(t, keyed(1, time.Minute), edit)
				free := c.hold(t, s)
				pass(30 * time.Minute)
				assert.Equal(t, []string{"x[a]"}, live(s))
				_, err := DoOn(bg, s.Target("x", "b"), succeed)
				assert.ErrorIs(t, err, ErrTooManyKeys, "it was stopped to make room")
				free()
				use(t, s, "b")
				assert.Equal(t, []string{"x[b]"}, live(s))
			})
		})
	}
}

// If it failed, the keys that are needed most would be the ones that are
// stopped, or there would be more of them than allowed.
func TestTheLeastRecentlyUsedMakesRoom(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(3, time.Hour))
		j := listen(s)
		use(t, s, "a", "b", "c", "a", "b", "d")
		assert.Equal(t, []string{"x[a]", "x[b]", "x[d]"}, live(s))
		use(t, s, "a", "e")
		assert.Equal(t, []string{"x[a]", "x[d]", "x[e]"}, live(s))
		synctest.Wait()
		gone := eventsOf[actors.TargetPassivated](j)
		require.Len(t, gone, 2)
		assert.Equal(t, []string{"x[c]", "x[b]"}, []string{gone[0].Target, gone[1].Target})
		assert.Equal(t, actors.PassivatedForRoom, gone[0].Reason)
	})
}

// A call that is refused is a use as well. If it failed, a key that everybody
// asks for would go because its service is down.
func TestARefusedCallIsAUse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(2, time.Minute), trips(1), attempts(1))
		s.Breaker("x", "a").ForceOpen()
		for range 20 {
			pass(30 * time.Second)
			_, err := DoOn(bg, s.Target("x", "a"), succeed)
			require.ErrorIs(t, err, ErrOpen)
		}
		assert.Equal(t, []string{"x[a]"}, live(s))
	})
}

// If it failed, an open breaker would be forgotten while there is something
// less important to forget: first closed ones that remember failures, then
// running ones that are idle, then open ones, those that end first before the
// others, and those that a hand has opened last.
func TestWhatRefusesIsForgottenLast(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, keyed(4, time.Minute), trips(2), attempts(1))
		j := listen(s)
		s.Breaker("x", "forced").ForceOpen()
		spoil(t, s, "open", "open", "failed")
		pass(2 * time.Minute)
		require.Empty(t, live(s))
		require.Equal(t, 3, keyspaceOf(t, s).Remembered)
		use(t, s, "idle") // the fourth

		forgotten := func() []string {
			synctest.Wait()
			var names []string
			for _, e := range eventsOf[actors.KeyEvicted](j) {
				names = append(names, e.Target)
			}
			return names
		}
		use(t, s, "one")
		assert.Equal(t, []string{"x[failed]"}, forgotten())
		assert.Equal(t, []string{"x[idle]", "x[one]"}, live(s))
		use(t, s, "two")
		assert.Equal(t, []string{"x[one]", "x[two]"}, live(s))
		for _, key := range []Key{"one", "two"} {
			busy := newGate()
			done := async(func() (int, error) { return DoOn(bg, s.Target("x", key), busy.run) })
			<-busy.begun
			defer func() { busy.end <- nil; assert.NoError(t, soon(t, done, "the operation").err) }()
		}
		use(t, s, "three")
		assert.Equal(t, []string{"x[failed]", "x[open]"}, forgotten())
		g := newGate()
		done := async(func() (int, error) { return DoOn(bg, s.Target("x", "three"), g.run) })
		<-g.begun
		use(t, s, "four")
		assert.Equal(t, []string{"x[failed]", "x[open]", "x[forced]"}, forgotten())
		assert.Equal(t, uint64(3), keyspaceOf(t, s).Evicted)
		g.end <- nil
		soon(t, done, "the operation")
	})
}
