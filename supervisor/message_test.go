package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// inbox is an actor that asks on behalf of the test.
type inbox struct {
	t       *testing.T
	system  *actor.ActorSystem
	pid     *actor.PID
	replies chan any
}

type request struct {
	to      *actor.PID
	message any
}

func newInbox(t *testing.T, s *Supervisor) *inbox {
	i := &inbox{t: t, system: s.System(), replies: make(chan any, 64)}
	i.pid = i.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case request:
			c.Request(m.to, m.message)
		case *actors.Result, *actor.DeadLetterResponse:
			i.replies <- m
		}
	}))
	t.Cleanup(func() { i.system.Root.Stop(i.pid) })
	return i
}

func (i *inbox) ask(to *actor.PID, message any) { i.system.Root.Send(i.pid, request{to, message}) }

func (i *inbox) result() *actors.Result {
	i.t.Helper()
	reply := soon(i.t, i.replies, "a reply")
	require.IsType(i.t, &actors.Result{}, reply)
	return reply.(*actors.Result)
}

// Each message gets exactly one answer, which is what a call would have got.
func TestAMessageIsAnsweredOnce(t *testing.T) {
	left, leave := context.WithCancel(bg)
	leave()
	run := func(fn func(context.Context) (int, error)) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) { return fn(ctx) }
	}
	for name, c := range map[string]struct {
		operation actors.Operation
		value     any
		is        error
		attempts  int
	}{
		"a function":             {actors.Operation{Run: run(succeed)}, 42, nil, 1},
		"a payload":              {actors.Operation{Payload: "hello"}, "hello", nil, 1},
		"a plain failure":        {actors.Operation{Run: run(failWith(errPlain))}, nil, errPlain, 1},
		"a failure to retry":     {actors.Operation{Run: run(failWith(errTemp))}, nil, errTemp, 3},
		"a panic":                {actors.Operation{Run: func(context.Context) (any, error) { panic(errPlain) }}, nil, errPlain, 3},
		"nothing to do":          {actors.Operation{}, nil, ErrNilFunction, 0},
		"two things to do":       {actors.Operation{Run: run(succeed), Payload: 1}, nil, errTwoFunctions, 0},
		"a sender who has left":  {actors.Operation{Run: run(succeed), Context: left}, nil, context.Canceled, 0},
		"a context that may end": {actors.Operation{Run: run(succeed), Context: t.Context()}, 42, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if c.operation.Context == t.Context() {
				c.operation.Context = nil
			}
			bubble(t, func(t *testing.T) {
				o := &office{}
				s := start(t, targets{"x": policy()}, WithWorker("x", o.hire))
				in := newInbox(t, s)
				if name == "a context that may end" {
					ctx, cancel := context.WithCancel(bg)
					t.Cleanup(cancel)
					c.operation.Context = ctx
				}
				c.operation.Tag = name
				in.ask(s.PID("x"), &c.operation)
				r := in.result()
				assert.Equal(t, c.value, r.Value)
				assert.Equal(t, c.attempts, r.Attempts)
				assert.Equal(t, name, r.Tag)
				if c.is == nil {
					assert.NoError(t, r.Err)
				} else {
					assert.ErrorIs(t, r.Err, c.is)
				}
				pass(time.Hour)
				assert.Empty(t, in.replies, "a second answer")

				snap := snapshotOf(t, s, "x")
				assert.EqualValues(t, 1, snap.Succeeded+snap.Failed+snap.Rejected)
				assert.Equal(t, c.is == nil, snap.Succeeded == 1)
				assert.Equal(t, c.is != nil && c.attempts == 0, snap.Rejected == 1)
			})
		})
	}
}

// If it failed, a message would be treated as its sender did not ask for.
func TestAMessageCarriesItsOptions(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, func(p *policies.Policy) { p.Retry.Idempotent = policies.IdempotentNo })
		in := newInbox(t, s)
		var keys []string
		fail := func(ctx context.Context) (any, error) {
			a, _ := CurrentAttempt(ctx)
			keys = append(keys, a.IdempotencyKey)
			return nil, errTemp
		}
		in.ask(s.PID("x"), &actors.Operation{Run: fail})
		assert.Equal(t, 1, in.result().Attempts)
		in.ask(s.PID("x"), &actors.Operation{Run: fail, Idempotent: true})
		assert.Equal(t, 3, in.result().Attempts)
		keys = nil
		in.ask(s.PID("x"), &actors.Operation{Run: fail, IdempotencyKey: "order 7"})
		assert.Equal(t, 3, in.result().Attempts)
		assert.Equal(t, []string{"order 7", "order 7", "order 7"}, keys)

		s.Breaker("x").ForceOpenFor(time.Minute)
		began := time.Now()
		in.ask(s.PID("x"), &actors.Operation{WhenOpen: policies.Park, Run: func(context.Context) (any, error) { return 1, nil }})
		assert.NoError(t, in.result().Err)
		assert.Equal(t, time.Minute, time.Since(began))
	})
}

// If it failed, a sender who forgets its request would leave a trace of it.
func TestAMessageWithoutASenderIsRun(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		ran := 0
		s.System().Root.Send(s.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { ran++; return nil, nil }})
		s.System().Root.Send(s.PID("x"), &actors.Operation{})
		synctest.Wait()
		assert.Equal(t, 1, ran)
		snap := snapshotOf(t, s, "x")
		assert.EqualValues(t, 1, snap.Succeeded)
		assert.EqualValues(t, 1, snap.Rejected)
	})
}

func TestAMessageIsRefusedByAnOpenBreaker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		in := newInbox(t, s)
		s.Breaker("x").ForceOpen()
		in.ask(s.PID("x"), &actors.Operation{Run: func(context.Context) (any, error) { return 1, nil }})
		r := in.result()
		assert.ErrorIs(t, r.Err, ErrOpen)
		assert.Zero(t, r.Attempts)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Refused)
	})
}

func TestAMessagesContextEndsIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		in := newInbox(t, s)
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(bg)
		g := newGate()
		in.ask(s.PID("x"), &actors.Operation{Context: ctx, Run: func(ctx context.Context) (any, error) { return g.run(ctx) }})
		soon(t, g.begun, "the attempt")
		cancel(why)
		r := in.result()
		assert.ErrorIs(t, r.Err, why)
		assert.Equal(t, 1, r.Attempts)
		assert.Nil(t, r.Value)
		g.end <- nil
		synctest.Wait()
	})
}

// If it failed, a broken message would cost a target its workers and its
// breaker's state.
func TestABrokenMessageHarmsNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		in := newInbox(t, s)
		s.Breaker("x").ForceOpen()
		in.ask(s.PID("x"), (*actors.Operation)(nil))
		assert.ErrorIs(t, in.result().Err, ErrNilFunction)
		s.System().Root.Send(s.PID("x"), "hello")
		s.System().Root.Send(s.PID("x"), nil)
		synctest.Wait()
		assert.Equal(t, "forced_open", s.Breaker("x").State().String())
		assert.Zero(t, snapshotOf(t, s, "x").Restarts)
	})
}
