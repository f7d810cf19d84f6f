package supervisor

import (
	"context"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

func unknownCondition(p *policies.Policy) {
	p.Retry.CustomExceptions = []string{"no.such.condition"}
}

// If it failed, a mistake in a program would be found by its first caller, or
// one mistake would hide another.
func TestNewReportsWhatIsWrong(t *testing.T) {
	set := setOf(t, targets{"x": policy()})
	bad := setOf(t, targets{"x": policy(unknownCondition), "y": policy(unknownCondition)})
	factory := func(context.Context) (actors.Worker, error) { return nil, nil }
	for name, c := range map[string]struct {
		set     *policies.Set
		options []Option
		says    []string
	}{
		"no set":                     {nil, nil, []string{"the policy set is nil"}},
		"conditions nobody knows":    {bad, nil, []string{`target "x"`, `target "y"`, "no.such.condition"}},
		"a worker for nobody":        {set, []Option{WithWorker("xx", factory)}, []string{"WithWorker", `did you mean "x"`}},
		"a worker without a factory": {set, []Option{WithWorker("x", nil)}, []string{`the factory for "x" is nil`}},
		"no name":                    {set, []Option{WithName("")}, []string{"the name is empty"}},
		"all of that":                {bad, []Option{WithName(""), WithWorker("z", nil)}, []string{`"x"`, `"y"`, "the name is empty", "factory", "unknown target"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := New(c.set, c.options...)
			require.Error(t, err)
			assert.Nil(t, s)
			assert.ErrorContains(t, err, "supervisor.New: ")
			for _, says := range c.says {
				assert.ErrorContains(t, err, says)
			}
		})
	}
}

// If it failed, two supervisors in one system would answer for each other.
func TestTwoSupervisorsInOneSystemNeedTwoNames(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := actors.NewSystem()
		t.Cleanup(system.Shutdown)
		all := targets{"x": policy()}
		a := start(t, all, WithSystem(system), nil)
		for range 2 { // what a failed New started is gone
			_, err := New(setOf(t, all), WithSystem(system))
			assert.ErrorIs(t, err, actor.ErrNameExists)
		}
		b := start(t, all, WithSystem(system), WithName("second"))
		assert.Same(t, system, a.System())
		assert.Same(t, system, b.System())
		assert.Equal(t, "holdfast/x", a.PID("x").Id)
		assert.Equal(t, "second/x", b.PID("x").Id)

		require.NoError(t, a.Shutdown(bg))
		_, err := Do(bg, b, "x", succeed)
		assert.NoError(t, err, "the other one lives on")
		c := start(t, all, WithSystem(system))
		_, err = Do(bg, c, "x", succeed)
		assert.NoError(t, err, "the name is free again")
	})
}

// The root's own name may be taken while that of its events is free.
func TestATakenRootNameStartsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := actors.NewSystem()
		t.Cleanup(system.Shutdown)
		pid, err := system.Root.SpawnNamed(actor.PropsFromFunc(func(actor.Context) {}), "holdfast")
		require.NoError(t, err)
		_, err = New(setOf(t, nil), WithSystem(system))
		assert.ErrorIs(t, err, actor.ErrNameExists)
		pass(0)
		_, there := system.ProcessRegistry.GetLocal("holdfast-events")
		assert.False(t, there)
		system.Root.Stop(pid)
	})
}

func TestATargetIsLookedUpByName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		x := s.Target("x")
		require.NoError(t, x.Err())
		assert.Same(t, x, s.Target("x"))
		assert.Equal(t, "x", x.Name())
		assert.Equal(t, policy(), x.Policy())
		assert.Equal(t, x.PID().Id, s.PID("x").Id)
		assert.NotSame(t, x.PID(), x.PID())
		assert.NoError(t, x.Start(), "it runs")
		assert.Empty(t, s.Target("api").Policy().Retry.CustomExceptions, "operation types are targets")
	})
}

// If it failed, a misspelt name would crash its caller or run unsupervised.
func TestATargetNobodyNamedGivesItsError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		y := s.Target("y")
		require.ErrorIs(t, y.Err(), ErrUnknownTarget)
		var rejected *RejectedError
		require.ErrorAs(t, y.Err(), &rejected)
		assert.Equal(t, "y", rejected.Target)
		assert.Nil(t, y.PID())
		assert.Nil(t, s.PID("y"))
		assert.Equal(t, policies.Policy{}, y.Policy())
		assert.Equal(t, y.Err(), y.Start())
		for name, call := range map[string]func() error{
			"Do":   func() error { _, err := Do(bg, s, "y", succeed); return err },
			"Go":   func() error { _, err := Go(bg, s, "y", succeed).Wait(bg); return err },
			"Ask":  func() error { _, err := Ask[int](bg, s, "y", 1); return err },
			"Wrap": func() error { _, err := Wrap(s, "y", double)(bg, 1); return err },
		} {
			assert.ErrorIs(t, call(), ErrUnknownTarget, name)
		}
	})
}

// Targets start once, whoever comes first.
func TestManyWhoLookUpATargetGetTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		found := make(chan *Target, 50)
		for range cap(found) {
			go func() { found <- s.Target("x") }()
		}
		first := <-found
		for range cap(found) - 1 {
			assert.Same(t, first, <-found)
		}
		assert.Len(t, s.Snapshot().Targets, 1)
	})
}
