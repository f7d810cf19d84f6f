package supervisor

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/load"
)

// toldTo is a provider that does what it is told at the moment.
type toldTo struct{ do atomic.Pointer[func() int] }

func (p *toldTo) become(do func() int) { p.do.Store(&do) }

func (p *toldTo) Read() (map[string]any, error) {
	return map[string]any{"retry_policy": map[string]any{"max_attempts": (*p.do.Load())()}}, nil
}
func (p *toldTo) ReadBytes() ([]byte, error) { return nil, errors.New("only values") }

// If it failed, a provider that panics, or ends its goroutine, would end the
// program or the watching.
func TestWatchSurvivesWhatAProviderDoes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		j := listen(s)
		p := &toldTo{}
		p.become(func() int { return 7 })
		require.NoError(t, s.Watch(bg, load.Provider("kv", p, nil)))
		synctest.Wait()
		assert.Len(t, eventsOf[actors.PoliciesApplied](j), 1)

		for i, does := range []func() int{
			func() int { panic("s3cr3t") },
			func() int { runtime.Goexit(); return 0 },
		} {
			p.become(does)
			pass(time.Minute)
			rejected := eventsOf[actors.PoliciesRejected](j)
			require.Len(t, rejected, i+1, "told once")
			assert.ErrorContains(t, rejected[i].Err, "kv: the koanf.Provider ")
			assert.NotContains(t, rejected[i].String(), "s3cr3t")
			assert.NoError(t, s.Target("api").Err(), "those before stay")
			assert.Equal(t, 7, s.Target("api").Policy().Retry.MaxAttempts)

			p.become(func() int { return 7 })
			pass(time.Minute)
			assert.Len(t, eventsOf[actors.PoliciesApplied](j), i+2, "all is well again")
		}
	})
}

// If it failed, one provider that doesn't answer would keep the callers of a
// program that ends, or nobody would learn what holds it up.
func TestShutdownDoesNotWaitForAWatchThatIsStuck(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(parks), "y": policy()})
		s.Breaker("x").ForceOpen()
		parked := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		backingOff := async(func() (int, error) { return Do(bg, s, "y", failWith(errTemp)) })
		free := make(chan struct{})
		p := &toldTo{}
		p.become(func() int { <-free; return 3 })
		require.NoError(t, s.Watch(bg, load.Provider("kv", p, nil)))
		j := listen(s)
		synctest.Wait()

		began := time.Now()
		ctx, cancel := context.WithTimeout(bg, time.Second)
		defer cancel()
		ended := async(func() (int, error) { return 0, s.Shutdown(ctx) })
		o := soon(t, parked, "the parked one")
		assert.ErrorIs(t, o.err, ErrShutdown)
		assert.Equal(t, began, o.at, "at once")
		o = soon(t, backingOff, "the one in backoff")
		assert.ErrorIs(t, o.err, errTemp)
		assert.Equal(t, began, o.at, "at once")

		o = soon(t, ended, "Shutdown")
		assert.Equal(t, time.Second, o.at.Sub(began))
		var stragglers *StragglersError
		require.ErrorAs(t, o.err, &stragglers)
		assert.Equal(t, []Straggler{{Target: "configuration watch"}}, stragglers.Stragglers)
		assert.Len(t, eventsOf[actors.TargetStopped](j), 2, "the actors have ended")

		close(free)
		assert.NoError(t, s.Shutdown(bg), "the rest ended by itself")
		assert.Empty(t, eventsOf[actors.PoliciesApplied](j), "what it found came too late")
	})
}

// If it failed, a program would believe that it follows its environment.
func TestWatchRefusesWhatCannotChange(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		err := s.Watch(bg, load.Env("HOLDFAST_"), load.BinduEnv(), load.Target("x", "api"))
		assert.ErrorIs(t, err, load.ErrNothingToWatch)
		assert.EqualError(t, err, "supervisor.Watch: nothing to watch: variables, flags and code can't change while the program runs; pass a load.File or a load.Provider")
		assert.False(t, s.watching.active())
	})
}
