package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/internal/virtualtime"
	"github.com/holdfast-go/holdfast/supervisor"
)

// asker is an actor of the user's that sends operations and keeps the answers.
type asker struct {
	sup     *supervisor.Supervisor
	pid     *actor.PID
	replies chan reply
}

type reply struct {
	*actors.Result
	at time.Time
}

type sending struct {
	to *actor.PID
	op *actors.Operation
}

func newAsker(t *testing.T, sup *supervisor.Supervisor) *asker {
	a := &asker{sup: sup, replies: make(chan reply, 100)}
	root := sup.System().Root
	a.pid = root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch m := c.Message().(type) {
		case sending:
			c.Request(m.to, m.op)
		case *actors.Result:
			a.replies <- reply{m, time.Now()}
		}
	}))
	t.Cleanup(func() { root.Stop(a.pid) })
	return a
}

// ask sends f to a target and gives the answer and how long it took.
func (a *asker) ask(t *testing.T, target string, f func(context.Context) (any, error)) (*actors.Result, time.Duration) {
	t.Helper()
	from := time.Now()
	a.sup.System().Root.Send(a.pid, sending{a.sup.PID(target), &actors.Operation{Run: f, Idempotent: true}})
	r := virtualtime.Soon(t, a.replies, "an answer")
	return r.Result, r.at.Sub(from)
}

// Operations that come as messages are under every policy as calls are. Broken,
// actors would get less than functions do, or be answered twice or never.
func TestMessageXTimeout(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(timesOut(time.Second))})
		f := does(hangs, step{})
		r, took := newAsker(t, s).ask(t, "x", f.asAny)
		require.NoError(t, r.Err)
		assert.Equal(t, [2]int{2, 2}, [2]int{r.Value.(int), r.Attempts})
		assert.Equal(t, sec(2), took)
		pass(time.Minute)
	})
}

func TestMessageXHedge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(hedged(time.Second))})
		f := does(step{takes: sec(60)}, step{takes: sec(1)})
		a := newAsker(t, s)
		r, took := a.ask(t, "x", f.asAny)
		require.NoError(t, r.Err)
		assert.Equal(t, [2]int{2, 2}, [2]int{r.Value.(int), r.Attempts})
		assert.Equal(t, sec(2), took)
		pass(time.Minute)
		assert.Equal(t, []error{supervisor.ErrHedgeLost}, f.ended())
		assert.Empty(t, a.replies, "there is one answer")
	})
}

func TestMessageXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(rated(.1, 1)), "y": of(rated(.1, 1), refuses)})
		a := newAsker(t, s)
		f := does(step{})
		_, took := a.ask(t, "x", f.asAny)
		assert.Zero(t, took)
		_, took = a.ask(t, "x", f.asAny)
		assert.Equal(t, sec(10), took)
		_, _ = a.ask(t, "y", f.asAny)
		r, took := a.ask(t, "y", f.asAny)
		require.ErrorIs(t, r.Err, supervisor.ErrRateLimited)
		assert.Zero(t, took)
		assert.Zero(t, r.Attempts)
	})
}

func TestMessageXFallback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(2), trips(2), fallsBackTo("y")), "y": of(hedged(time.Second))})
		a := newAsker(t, s)
		f := does(step{err: errTemp}, step{err: errTemp}, step{takes: sec(60)}, step{takes: sec(1)})
		r, took := a.ask(t, "x", f.asAny)
		require.NoError(t, r.Err)
		assert.Equal(t, []string{"x", "x", "y", "y"}, f.places(), "two attempts, and a hedged one there")
		assert.Equal(t, 4, r.Attempts)
		assert.Equal(t, sec(3), took)
		r, took = a.ask(t, "x", does(step{}).asAny)
		require.NoError(t, r.Err)
		assert.Zero(t, took, "x is open")
		assert.Equal(t, 1, r.Attempts)
	})
}

func TestMessageXParkXShutdown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks)})
		s.Breaker("x").ForceOpen()
		a := newAsker(t, s)
		s.System().Root.Send(a.pid, sending{s.PID("x"), &actors.Operation{Run: does(step{}).asAny}})
		pass(time.Second)
		require.Equal(t, 1, snapshotOf(t, s, "x").Parked)
		go func() { _ = s.Shutdown(bg) }()
		r := virtualtime.Soon(t, a.replies, "an answer")
		require.ErrorIs(t, r.Err, supervisor.ErrShutdown)
	})
}

// A message with a chaos-made panic is answered as any failed one. Broken, the
// sender would wait for ever.
func TestMessageXChaos(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(attempts(2), func(p *policy) { p.Chaos.Enabled, p.Chaos.PanicRate = true, 1 })}, supervisor.AllowChaos())
		r, took := newAsker(t, s).ask(t, "x", does(step{}).asAny)
		require.ErrorIs(t, r.Err, supervisor.ErrInjected)
		assert.Equal(t, 2, r.Attempts)
		assert.Equal(t, sec(1), took)
	})
}
