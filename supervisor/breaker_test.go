package supervisor

import (
	"context"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// If it failed, an operator's command would not have the effect it says.
func TestCommandsHaveTakenEffectWhenTheyReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		b, other := s.Breaker("x"), s.Breaker("x")
		require.NoError(t, b.Err())
		assert.Equal(t, "x", b.Name())
		assert.Equal(t, "holdfast/x/breaker", b.PID().Id)
		call := func() error { _, err := Do(bg, s, "x", succeed); return err }
		fail := func() { _, _ = Do(bg, s, "x", failWith(errPlain)) }

		b.ForceOpen()
		assert.Equal(t, breaker.ForcedOpen, other.State(), "the state is shared by name")
		assert.ErrorIs(t, call(), ErrOpen)
		b.ForceClose()
		fail()
		assert.Equal(t, breaker.ForcedClosed, other.State())
		assert.NoError(t, call())
		b.Disable()
		fail()
		assert.Equal(t, breaker.Disabled, other.State())
		assert.NoError(t, call())
		counts := b.Counts()
		b.Reset()
		assert.Equal(t, breaker.Closed, other.State())
		assert.Equal(t, counts.Failures, other.Counts().Failures, "a disabled breaker counts nothing, a reset forgets nothing")
		assert.EqualValues(t, 1, counts.Failures)
		assert.EqualValues(t, 1, counts.Successes)
		assert.EqualValues(t, 1, counts.Rejected)
		fail()
		assert.Equal(t, breaker.Open, other.State())

		b.ForceOpenFor(time.Minute)
		pass(time.Minute)
		assert.Equal(t, breaker.HalfOpen, b.State())
		b.ForceOpenFor(-1)
		pass(0)
		assert.Equal(t, breaker.HalfOpen, b.State(), "it probes at once")
		b.ForceOpen()
		pass(1000 * time.Hour)
		assert.Equal(t, breaker.ForcedOpen, b.State(), "no end")
	})
}

// If it failed, an operator would be told of calls that were not made, or of
// fewer than there were.
func TestCountsKnowWhatTheBreakerWasNotTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(3))
		for range 5 {
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
			_, err = Go(bg, s, "x", succeed).Wait(bg)
			require.NoError(t, err)
		}
		_, _ = Do(bg, s, "x", failWith(errPlain))
		_, _ = Do(bg, s, "x", failWith(errAside))
		_, _ = Do(bg, s, "x", succeed)
		counts := s.Breaker("x").Counts()
		assert.EqualValues(t, 11, counts.Successes)
		assert.EqualValues(t, 1, counts.Failures)
		assert.EqualValues(t, 1, counts.Ignored)
		assert.InDelta(t, 11.0/12, counts.SuccessRate(), 1e-9)
	})
}

// A refusal in half-open is the breaker actor's own; it must not be counted
// by it and by its target.
func TestARefusalIsCountedOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(1))
		j := listen(s)
		_, _ = Do(bg, s, "x", failWith(errPlain))
		for range 3 {
			_, err := Do(bg, s, "x", succeed)
			require.ErrorIs(t, err, ErrOpen)
		}
		pass(30 * time.Second)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		g := newGate()
		probe := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the probe")
		_, err := Do(bg, s, "x", succeed)
		require.ErrorIs(t, err, ErrOpen)
		assert.EqualValues(t, 4, s.Breaker("x").Counts().Rejected)
		assert.EqualValues(t, 4, snapshotOf(t, s, "x").Refused)
		pass(time.Second)
		reports := eventsOf[actors.CallsRefused](j)
		require.Len(t, reports, 2, "one report for each second with refusals")
		assert.EqualValues(t, 3, reports[0].Count)
		assert.EqualValues(t, 1, reports[1].Count)
		g.end <- nil
		_, err = probe.Wait(bg)
		assert.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
	})
}

// If it failed, two parts of a program that disagree would each think to have
// the breaker they asked for.
func TestBreakerWithSettings(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		settings := policies.DefaultBreaker()
		settings.FailureThreshold = 1

		b, err := s.BreakerWith("new", settings)
		require.NoError(t, err)
		_, _ = Do(bg, s, "new", failWith(errPlain))
		assert.Equal(t, breaker.Open, b.State(), "it is a target with these settings")
		want := policies.Default(policies.API)
		want.Breaker = settings
		assert.Equal(t, want, s.Target("new").Policy())

		again, err := s.BreakerWith("new", settings)
		require.NoError(t, err)
		assert.Equal(t, b.PID().Id, again.PID().Id)
		assert.Equal(t, breaker.Open, again.State())
		_, err = s.BreakerWith("x", policy().Breaker)
		assert.NoError(t, err)

		s.System().Root.Stop(s.PID("new"))
		synctest.Wait()
		assert.NoError(t, s.Target("new").Err(), "it is known by its name, whatever becomes of its actor")
		assert.Equal(t, settings, s.Target("new").Policy().Breaker)

		other := settings
		other.SuccessThreshold = 9
		for _, name := range []string{"new", "x"} {
			_, err = s.BreakerWith(name, other)
			var conflict *ConflictError
			require.ErrorAs(t, err, &conflict, name)
			assert.ErrorIs(t, err, ErrConflict)
			assert.Equal(t, name, conflict.Name)
			assert.Equal(t, s.Target(name).Policy().Breaker, conflict.Have)
			assert.Equal(t, other, conflict.Want)
			assert.ErrorContains(t, err, `breaker "`+name+`": the breaker exists with other settings`)
		}

		for name, c := range map[string]struct {
			name     string
			settings policies.Breaker
		}{
			"settings that are not valid": {"bad", policies.Breaker{}},
			"a name that is not valid":    {"a/b", settings},
			"no name":                     {"", settings},
		} {
			_, err := s.BreakerWith(c.name, c.settings)
			assert.ErrorContains(t, err, strconv.Quote(c.name), name)
			assert.ErrorIs(t, err, policies.ErrInvalid, name)
		}
		settings.Ignore = []string{"no.such"}
		_, err = s.BreakerWith("bad", settings)
		assert.ErrorContains(t, err, `breaker "bad": circuit_breaker.ignore`)
		var unknown *classify.UnknownNamesError
		assert.ErrorAs(t, err, &unknown)
		assert.ErrorIs(t, s.Target("bad").Err(), ErrUnknownTarget, "nothing was left behind")

		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(attempts(2))})))
		s.System().Root.Stop(s.PID("new"))
		synctest.Wait()
		assert.NoError(t, s.Target("new").Err(), "a reload that doesn't name it doesn't forget it")
	})
}

func TestAllBreakers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"b": policy(), "a": policy(), "idle": policy()})
		assert.Empty(t, s.Breakers())
		for _, name := range []string{"b", "a"} {
			s.Breaker(name).ForceOpen()
		}
		all := s.Breakers()
		require.Len(t, all, 2, "those of running targets")
		assert.Equal(t, "a", all[0].Name())
		assert.Equal(t, "b", all[1].Name())
		s.ResetBreakers()
		for _, b := range all {
			assert.Equal(t, breaker.Closed, b.State())
		}
	})
}

// If it failed, a misspelt name would crash an operator's tool.
func TestABreakerThatDoesNotExist(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		b := s.Breaker("y")
		assert.ErrorIs(t, b.Err(), ErrUnknownTarget)
		assert.Equal(t, "y", b.Name())
		assert.Nil(t, b.PID())
		assert.Equal(t, breaker.Disabled, b.State())
		assert.Equal(t, breaker.Counts{}, b.Counts())
		for _, command := range []func(){b.Reset, b.ForceClose, b.Disable, func() { b.ForceOpenFor(time.Minute) }} {
			command()
		}
		assert.Empty(t, s.Breakers())

		require.NoError(t, s.Shutdown(bg))
		_, err := s.BreakerWith("z", policies.DefaultBreaker())
		assert.ErrorIs(t, err, ErrShutdown)
		assert.ErrorIs(t, s.Breaker("api").Err(), ErrShutdown)
	})
}

// Slow calls count with the time they ran, whichever way they came.
func TestSlowCallsTrip(t *testing.T) {
	for name, run := range map[string]func(*Supervisor, func(context.Context) (int, error)) error{
		"Do": func(s *Supervisor, fn func(context.Context) (int, error)) error {
			_, err := Do(bg, s, "x", fn)
			return err
		},
		"Go": func(s *Supervisor, fn func(context.Context) (int, error)) error {
			_, err := Go(bg, s, "x", fn).Wait(bg)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, func(p *policies.Policy) {
					p.Breaker.SlowCallRate, p.Breaker.SlowCallDuration = 1, 5*time.Second
					p.Breaker.WindowCalls, p.Breaker.MinimumCalls = 2, 2
				})
				pass(time.Second) // a clock that reads zero is not a time
				slow := func(context.Context) (int, error) { <-time.After(5 * time.Second); return 1, nil }
				require.NoError(t, run(s, succeed))
				require.NoError(t, run(s, slow))
				assert.Equal(t, breaker.Closed, s.Breaker("x").State())
				require.NoError(t, run(s, slow))
				synctest.Wait()
				assert.Equal(t, breaker.Open, s.Breaker("x").State())
			})
		})
	}
}
