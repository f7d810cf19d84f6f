package supervisor

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// allocations are the most that a call may make, under the default policy where
// no edit says otherwise. They don't depend on the machine. Lower a number
// when the code does. What a breaker's machine allocates, nothing, is held in
// policies/breaker.
var allocations = []struct {
	name string
	most float64
	edit func(*policies.Policy)
	// prepare makes the call, which says whether it went as it should.
	prepare func(t *testing.T, s *Supervisor) func() bool
}{
	{"DoOn, success", 1, nil, func(_ *testing.T, s *Supervisor) func() bool { return doOnSucceeds(s) }},
	{"Do by name, success", 1, nil, func(_ *testing.T, s *Supervisor) func() bool {
		return func() bool {
			_, err := Do(bg, s, "x", succeed)
			return err == nil
		}
	}},
	{"refused while open", 0, nil, func(t *testing.T, s *Supervisor) func() bool {
		target := s.Target("x")
		for range policies.DefaultBreaker().FailureThreshold {
			_, _ = DoOn(bg, target, failWith(errPlain))
		}
		require.Equal(t, breaker.Open, s.Breaker("x").State())
		return func() bool {
			_, err := DoOn(bg, target, succeed)
			return errors.Is(err, ErrOpen)
		}
	}},
	{"DoOn, success, rate over calls", 1, func(p *policies.Policy) { p.Breaker.FailureRate = 0.5 },
		func(_ *testing.T, s *Supervisor) func() bool { return doOnSucceeds(s) }},
	{"Go and wait", 3, nil, func(_ *testing.T, s *Supervisor) func() bool {
		target := s.Target("x")
		return func() bool {
			_, err := GoOn(bg, target, succeed).Wait(bg)
			return err == nil
		}
	}},
	{"failure, restart, success", 3, func(p *policies.Policy) { p.Retry.MinWait, p.Retry.MaxWait = 0, 0 },
		func(_ *testing.T, s *Supervisor) func() bool {
			target, n := s.Target("x"), 0
			fn := func(context.Context) (int, error) {
				if n++; n%2 == 1 {
					return 0, errTemp
				}
				return n, nil
			}
			return func() bool {
				_, err := DoOn(bg, target, fn)
				return err == nil
			}
		}},
}

func doOnSucceeds(s *Supervisor) func() bool {
	target := s.Target("x")
	return func() bool {
		_, err := DoOn(bg, target, succeed)
		return err == nil
	}
}

// If this failed, every call of every program would make more garbage.
func TestCallsAllocateNoMoreThanTheyMay(t *testing.T) {
	for _, a := range allocations {
		t.Run(a.name, func(t *testing.T) {
			p := policies.Default(policies.API)
			if a.edit != nil {
				a.edit(&p)
			}
			call := a.prepare(t, start(t, targets{"x": p}))
			assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
				if !call() {
					t.Error("it had another outcome")
				}
			}), a.most)
		})
	}
}
