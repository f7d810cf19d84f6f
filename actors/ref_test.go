package actors

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// recorder keeps what it receives, and fails when it is told to.
type recorder struct {
	ref *Ref
	got []any
}

func (r *recorder) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *actor.Started, *actor.Stopping:
	case *actor.Restarting:
		r.got = append(r.got, "restarting")
	case *actor.Stopped:
		r.got = append(r.got, "stopped")
		r.ref.Close()
	case error:
		c.(interface {
			EscalateFailure(reason, message any)
		}).EscalateFailure(m, m)
	default:
		r.got = append(r.got, m)
	}
}

func newRecorder(t *testing.T, p *parent) (*recorder, *notes[any]) {
	t.Helper()
	r, lost := &recorder{}, &notes[any]{}
	p.do(func(c actor.Context) {
		var err error
		r.ref, err = supervise(c, "recorder", r, lost.add)
		require.NoError(t, err)
	})
	return r, lost
}

// If it failed, two programs that share a PID would race for the process it
// caches.
func TestEveryPIDIsTheCallersOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		r, _ := newRecorder(t, p)
		a, b := r.ref.PID(), r.ref.PID()
		assert.Equal(t, a.Id, r.ref.ID())
		assert.Equal(t, "parent/recorder", r.ref.ID())
		assert.Equal(t, a.Id, b.Id)
		assert.NotSame(t, a, b)
	})
}

// If it failed, a name that is taken would look like an actor of one's own.
func TestATakenNameIsAnError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		newRecorder(t, p)
		p.do(func(c actor.Context) {
			ref, err := supervise(c, "recorder", &recorder{}, func(any) {})
			assert.Nil(t, ref)
			assert.ErrorContains(t, err, "start actor recorder")
			assert.ErrorIs(t, err, actor.ErrNameExists)
		})
	})
}

// If it failed, messages to a stopped actor would go to the engine's dead
// letters, where nobody answers for it.
func TestWhatIsToldToAStoppedActorComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		r, lost := newRecorder(t, p)
		r.ref.Tell(1)
		r.ref.Stop()
		synctest.Wait()
		require.True(t, gone(p.system(), r.ref))
		r.ref.Tell(2)
		assert.Equal(t, []any{1, "stopped"}, r.got)
		assert.Equal(t, []any{2}, lost.list())
	})
}

// If it failed, a failed actor would lose what is in its queue, or handle it
// before its supervisor has decided.
func TestAFailedActorWaitsForItsSupervisor(t *testing.T) {
	for name, c := range map[string]struct {
		decide func(*Ref)
		got    []any
	}{
		"restart": {(*Ref).Restart, []any{1, "restarting", 2}},
		"resume":  {(*Ref).Resume, []any{1, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := newParent(t)
				r, lost := newRecorder(t, p)
				r.ref.Tell(1)
				r.ref.Tell(errPlain)
				f := soon(t, p.failures, "a failure")
				assert.Equal(t, errPlain, f.reason)
				assert.Equal(t, r.ref.ID(), f.child.Id)
				r.ref.Tell(2)
				assert.Equal(t, []any{1}, r.got)
				c.decide(r.ref)
				assert.Equal(t, c.got, r.got)
				assert.Empty(t, lost.list())
			})
		})
	}
}

// If it failed, a restart that crosses a stop would make a zombie.
func TestAStoppedActorDoesNotComeBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		r, lost := newRecorder(t, p)
		r.ref.Tell(errPlain)
		r.ref.Stop()
		r.ref.Restart()
		synctest.Wait()
		assert.True(t, gone(p.system(), r.ref))
		r.ref.Restart()
		r.ref.Resume()
		r.ref.Tell(1)
		assert.Equal(t, []any{"stopped"}, r.got)
		assert.Equal(t, []any{1}, lost.list())
	})
}
