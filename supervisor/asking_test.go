package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// heldUp is a half-open target whose breaker actor is held up until free is
// closed, so that who asks it for leave has to wait.
func heldUp(t *testing.T) (s *Supervisor, free chan struct{}) {
	s = one(t, trips(1), attempts(1))
	_, _ = Do(bg, s, "x", failWith(errPlain))
	pass(30 * time.Second)
	require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
	free = make(chan struct{})
	go s.Target("x").breaker.Ask(func(a actors.Admission) {
		s.Target("x").breaker.Settle(actors.Settlement{Permit: a.Permit, Outcome: policies.Ignored}, nil)
		<-free
	})
	synctest.Wait()
	return s, free
}

// Whatever happens between the question and the answer, the operation gets its
// outcome, and the slot and the worker come back.
func TestTheAnswerMeetsWhatHappenedMeanwhile(t *testing.T) {
	for name, c := range map[string]struct {
		before, after func(s *Supervisor, leave func())
		is            error
		state         breaker.State
	}{
		"nothing": {nil, nil, nil, breaker.Closed},
		"the caller left": {nil, func(_ *Supervisor, leave func()) { leave() },
			context.Canceled, breaker.HalfOpen},
		"the target shuts down": {nil, func(s *Supervisor, _ func()) { go s.Shutdown(bg); synctest.Wait() },
			ErrShutdown, breaker.HalfOpen},
		"the breaker was opened": {func(s *Supervisor, _ func()) { go s.Breaker("x").ForceOpen(); synctest.Wait() }, nil,
			ErrOpen, breaker.ForcedOpen},
		"the breaker was closed": {func(s *Supervisor, _ func()) { go s.Breaker("x").Reset(); synctest.Wait() }, nil,
			nil, breaker.Closed},
		"the slot is taken": {func(s *Supervisor, _ func()) { s.Target("x").breaker.Ask(func(actors.Admission) {}) }, nil,
			ErrOpen, breaker.HalfOpen},
	} {
		for way, call := range map[string]func(context.Context, *Supervisor) (int, error){
			"Do": func(ctx context.Context, s *Supervisor) (int, error) { return Do(ctx, s, "x", succeed) },
			"Go": func(ctx context.Context, s *Supervisor) (int, error) { return Go(ctx, s, "x", succeed).Wait(bg) },
		} {
			t.Run(name+"/"+way, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s, free := heldUp(t)
					ctx, cancel := context.WithCancel(bg)
					defer cancel()
					if c.before != nil {
						c.before(s, cancel)
					}
					result := async(func() (int, error) { return call(ctx, s) })
					synctest.Wait()
					assert.Empty(t, result, "it waits for the answer")
					if c.after != nil {
						c.after(s, cancel)
						synctest.Wait()
					}
					close(free)
					o := soon(t, result, "the outcome")
					if c.is == nil {
						assert.NoError(t, o.err)
					} else {
						assert.ErrorIs(t, o.err, c.is)
					}
					synctest.Wait()
					assert.Equal(t, c.state.String(), s.Breaker("x").State().String())
					assert.Zero(t, s.Target("x").pool.busy(), "the worker is back")
					if name != "the slot is taken" && name != "the target shuts down" {
						assert.Zero(t, s.Breaker("x").Counts().ProbesRunning, "the slot is free")
					}
				})
			})
		}
	}
}
