package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// session is a stateful worker that notes its life.
type session struct {
	log   *notes[string]
	n     int
	ctx   context.Context
	close func() error
}

func (s *session) Handle(_ context.Context, payload any) (any, error) { return payload, nil }

func (s *session) Close() error {
	s.log.add(fmt.Sprintf("close %d", s.n))
	if s.ctx.Err() != nil {
		s.log.add("its context was done before")
	}
	if s.close != nil {
		return s.close()
	}
	return nil
}

// sessions is a factory that counts.
type sessions struct {
	log   notes[string]
	made  []*session
	close func() error
}

func (f *sessions) make(ctx context.Context) (Worker, error) {
	s := &session{log: &f.log, n: len(f.made) + 1, ctx: ctx, close: f.close}
	f.made = append(f.made, s)
	f.log.add(fmt.Sprintf("make %d", s.n))
	return s, nil
}

// use is an attempt that needs the state and then ends with err.
func use(err error) *job {
	return &job{run: func(worker func() (Worker, error)) error {
		if _, made := worker(); made != nil {
			return made
		}
		return err
	}}
}

// try has the worker run j to its end.
func try(w *Ref, j *job) *job {
	w.Tell(&Task{Runner: j})
	synctest.Wait()
	return j
}

// If it failed, two connections would be open where one is meant to be, or a
// restart would hand on the state that failed.
func TestARestartClosesTheStateBeforeItMakesAnother(t *testing.T) {
	for name, c := range map[string]func() error{
		"well":          func() error { return nil },
		"with an error": func() error { return errPlain },
		"with a panic":  func() error { panic("in Close") },
		"with Goexit":   func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, f := newParent(t), &sessions{close: c}
				w := newWorker(t, p, f.make)
				try(w, use(nil))
				try(w, use(errPlain))
				soon(t, p.failures, "the failure")
				assert.Equal(t, []string{"make 1"}, f.log.list(), "one state serves many attempts")

				w.Restart()
				assert.Equal(t, []string{"succeeded"}, try(w, use(nil)).ends.list())
				assert.Equal(t, []string{"make 1", "close 1", "make 2"}, f.log.list())

				w.Stop()
				synctest.Wait()
				assert.True(t, gone(p.system(), w))
				assert.Equal(t, []string{"make 1", "close 1", "make 2", "close 2"}, f.log.list())
			})
		})
	}
}

// If it failed, a worker that nobody needs would hold a connection, or Close
// would be called on what was never made.
func TestTheStateIsMadeWhenItIsNeeded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := newParent(t), &sessions{}
		w := newWorker(t, p, f.make)
		try(w, &job{})
		try(w, &job{run: func(func() (Worker, error)) error { return errPlain }})
		soon(t, p.failures, "the failure")
		w.Restart()
		w.Stop()
		synctest.Wait()
		assert.True(t, gone(p.system(), w))
		assert.Empty(t, f.log.list())
	})
}

// If it failed, a connection that a worker dialled with its context would be
// cut while it is used, or outlive the worker.
func TestTheFactorysContextLivesAsLongAsTheIncarnation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := newParent(t), &sessions{}
		w := newWorker(t, p, f.make)
		try(w, use(nil))
		first := f.made[0].ctx
		require.NoError(t, first.Err())
		try(w, use(errPlain))
		soon(t, p.failures, "the failure")
		require.NoError(t, first.Err(), "the supervisor has not decided yet")
		w.Resume()
		synctest.Wait()
		require.NoError(t, first.Err(), "it goes on as it is")

		try(w, use(errPlain))
		soon(t, p.failures, "the failure")
		w.Restart()
		synctest.Wait()
		assert.Error(t, first.Err())
		try(w, use(nil))
		second := f.made[1].ctx
		assert.NoError(t, second.Err())
		w.Stop()
		synctest.Wait()
		assert.Error(t, second.Err())
		assert.NotContains(t, f.log.list(), "its context was done before")
	})
}

// If it failed, a service that is down when its worker is made would be an
// ordinary success, or crash the worker for good.
func TestAFactoryThatFailsFailsTheAttempt(t *testing.T) {
	var made error = errPlain
	for name, c := range map[string]struct {
		factory Factory
		ending  Ending
		check   func(*testing.T, error)
	}{
		"with an error": {
			func(context.Context) (Worker, error) { return nil, made }, Returned,
			func(t *testing.T, err error) {
				var factory *FactoryError
				require.ErrorAs(t, err, &factory)
				assert.ErrorIs(t, err, errPlain)
				assert.EqualError(t, err, "its worker could not be made: plain failure")
			},
		},
		"with nothing": {
			func(context.Context) (Worker, error) { return nil, nil }, Returned,
			func(t *testing.T, err error) {
				var factory *FactoryError
				require.ErrorAs(t, err, &factory)
				assert.ErrorContains(t, err, "neither a worker nor an error")
			},
		},
		"with a panic": {
			func(context.Context) (Worker, error) { panic(errPlain) }, Panicked,
			func(t *testing.T, err error) {
				var panicked *PanicError
				require.ErrorAs(t, err, &panicked)
				assert.ErrorIs(t, err, errPlain)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p, f := newParent(t), &sessions{}
				calls := 0
				var first context.Context
				w := newWorker(t, p, func(ctx context.Context) (Worker, error) {
					if calls++; calls == 1 {
						first = ctx
						return c.factory(ctx)
					}
					return f.make(ctx)
				})
				j := try(w, use(nil))
				soon(t, p.failures, "the failure")
				assert.Equal(t, c.ending, j.ending)
				c.check(t, j.err)

				w.Restart()
				assert.Equal(t, []string{"succeeded"}, try(w, use(nil)).ends.list())
				assert.Equal(t, []string{"make 1"}, f.log.list(), "nothing was made that had to be closed")
				assert.Error(t, first.Err(), "the first incarnation is over")
				assert.NoError(t, f.made[0].ctx.Err())
			})
		})
	}
}

// The same incarnation tries again if it is left as it is.
func TestAFactoryThatFailedIsAskedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := newParent(t), &sessions{}
		down := errors.New("down")
		var first context.Context
		w := newWorker(t, p, func(ctx context.Context) (Worker, error) {
			if down != nil {
				first = ctx
				return nil, down
			}
			return f.make(ctx)
		})
		try(w, use(nil))
		soon(t, p.failures, "the failure")
		down = nil
		w.Resume()
		assert.Equal(t, []string{"succeeded"}, try(w, use(nil)).ends.list())
		assert.NoError(t, f.made[0].ctx.Err())
		assert.NoError(t, first.Err())
		w.Stop()
		synctest.Wait()
		assert.Error(t, first.Err(), "what the failed call has begun outlives the worker")
	})
}

// If it failed, a Close that hangs would hang the supervisor or another
// caller, and not only its own worker.
func TestACloseThatBlocksHoldsUpOnlyItsWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		free := make(chan struct{})
		p, f := newParent(t), &sessions{close: func() error { <-free; return nil }}
		w := newWorker(t, p, f.make)
		try(w, use(errPlain))
		soon(t, p.failures, "the failure")
		w.Restart()
		next := try(w, use(nil))
		assert.Empty(t, next.ends.list(), "its successor must not be made before it is closed")
		close(free)
		synctest.Wait()
		assert.Equal(t, []string{"succeeded"}, next.ends.list())
		assert.Equal(t, []string{"make 1", "close 1", "make 2"}, f.log.list())
	})
}

// If it failed, a supervisor would give operations to a worker that is still
// busy closing what its predecessor held, or never again to one that is ready.
func TestTheSupervisorHearsWhenAFreshIncarnationIsReady(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p, f := newParent(t), &sessions{}
		var w *Ref
		p.do(func(c actor.Context) {
			var err error
			w, err = SpawnWorker(c, "worker", f.make, func() { f.log.add("ready") })
			require.NoError(t, err)
		})
		try(w, use(errPlain))
		soon(t, p.failures, "the failure")
		assert.Equal(t, []string{"make 1"}, f.log.list(), "the first incarnation replaces nobody")
		w.Restart()
		synctest.Wait()
		assert.Equal(t, []string{"make 1", "close 1", "ready"}, f.log.list())
		try(w, use(errPlain))
		soon(t, p.failures, "the failure")
		w.Resume()
		synctest.Wait()
		assert.Equal(t, []string{"make 1", "close 1", "ready", "make 2"}, f.log.list(), "nobody was replaced")
		w.Restart()
		synctest.Wait()
		assert.Equal(t, []string{"make 1", "close 1", "ready", "make 2", "close 2", "ready"}, f.log.list())
	})
}

// If it failed, what a worker held would stay in memory as long as anybody holds
// the outcome of an operation that it ran: a browser, the buffers of a connection.
func TestAStoppedWorkerKeepsNothingOfItsState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var state weak.Pointer[session]
		w := newWorker(t, newParent(t), func(ctx context.Context) (Worker, error) {
			s := &session{log: &notes[string]{}, ctx: ctx}
			state = weak.Make(s)
			return s, nil
		})
		try(w, use(nil))
		runtime.GC()
		require.NotNil(t, state.Value())
		w.Stop()
		synctest.Wait()
		runtime.GC()
		assert.Nil(t, state.Value())
		runtime.KeepAlive(w)
	})
}
