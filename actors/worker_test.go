package actors

import (
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// job is the work behind a task. It notes what becomes of it.
type job struct {
	run      func(worker func() (Worker, error)) error
	failing  func() // runs in Failed
	then     func() // is left to be done after a success
	ends     notes[string]
	err      error
	ending   Ending
	ranOn    string
	attempts int
}

func (j *job) Run(worker func() (Worker, error)) error {
	j.ranOn = goroutine()
	j.attempts++
	if j.run == nil {
		return nil
	}
	return j.run(worker)
}

func (j *job) Succeeded() func() {
	j.ends.add("succeeded")
	return j.then
}
func (j *job) Undelivered() { j.ends.add("undelivered") }

func (j *job) Failed(err error, how Ending) {
	j.err, j.ending = err, how
	j.ends.add("failed")
	if j.failing != nil {
		j.failing()
	}
}

// newWorker starts a worker actor as a child of p.
func newWorker(t *testing.T, p *parent, factory Factory) *Ref {
	t.Helper()
	var ref *Ref
	p.do(func(c actor.Context) {
		var err error
		ref, err = SpawnWorker(c, "worker", factory, nil)
		require.NoError(t, err)
	})
	return ref
}

// send gives a worker a task, to be run here or elsewhere.
func send(w *Ref, t *Task, inline bool) {
	if inline {
		w.Run(t)
	} else {
		w.Tell(t)
	}
}

// If it failed, a caller would not have its outcome when the send returns, or
// its function would run on a goroutine that is not the caller's.
func TestAnInlineTaskRunsOnItsSender(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorker(t, newParent(t), nil)
		j := &job{run: func(worker func() (Worker, error)) error {
			assert.Nil(t, worker, "there is no state without a factory")
			return nil
		}}
		w.Run(&Task{Runner: j})
		assert.Equal(t, []string{"succeeded"}, j.ends.list())
		assert.Equal(t, goroutine(), j.ranOn)
	})
}

// If it failed, a detached caller couldn't leave before its attempt ends.
func TestADetachedTaskRunsElsewhere(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newWorker(t, newParent(t), nil)
		end := make(chan struct{})
		j := &job{run: func(func() (Worker, error)) error { <-end; return nil }}
		w.Tell(&Task{Runner: j})
		synctest.Wait()
		assert.Empty(t, j.ends.list())
		close(end)
		synctest.Wait()
		assert.Equal(t, []string{"succeeded"}, j.ends.list())
		assert.NotEqual(t, goroutine(), j.ranOn)
	})
}

// If it failed, a dead-letter listener that blocks while a reply is sent would
// keep the worker, or whoever lent it the goroutine, from its next task.
func TestWhatASuccessLeavesToBeDoneHoldsUpNothing(t *testing.T) {
	for _, queued := range []bool{false, true} {
		for _, inline := range []bool{true, false} {
			bubble(t, func(t *testing.T) {
				w := newWorker(t, newParent(t), nil)
				end, done := make(chan struct{}), make(chan struct{})
				next := &job{}
				j := &job{then: func() { <-end; close(done) }}
				j.run = func(func() (Worker, error)) error {
					if queued {
						w.Tell(&Task{Runner: next})
					}
					return nil
				}
				send(w, &Task{Runner: j}, inline)
				if !queued {
					synctest.Wait()
					w.Tell(&Task{Runner: next})
				}
				synctest.Wait()
				assert.Equal(t, []string{"succeeded"}, next.ends.list())
				assert.False(t, isClosed(done))
				close(end)
				synctest.Wait()
				assert.True(t, isClosed(done))
			})
		}
	}
}

// An operation's end must be recorded before the supervisor hears of it, and
// each ending must be told for what it was.
func TestAFailedAttemptIsToldToTheSupervisor(t *testing.T) {
	inner := errors.New("inner")
	for name, c := range map[string]struct {
		run    func(func() (Worker, error)) error
		is     error
		ending Ending
	}{
		"an error":         {func(func() (Worker, error)) error { return errPlain }, errPlain, Returned},
		"a panic":          {func(func() (Worker, error)) error { panic(inner) }, inner, Panicked},
		"panic(nil)":       {func(func() (Worker, error)) error { panic(nil) }, new(runtime.PanicNilError), Panicked},
		"a returned panic": {func(func() (Worker, error)) error { return NewPanicError(inner) }, inner, Returned},
		"Goexit":           {func(func() (Worker, error)) error { runtime.Goexit(); return nil }, ErrGoexit, Exited},
	} {
		for _, inline := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					p := newParent(t)
					w := newWorker(t, p, nil)
					j := &job{run: c.run}
					j.failing = func() { assert.Empty(t, p.failures, "the supervisor knew first") }
					task := &Task{Runner: j}
					go send(w, task, inline) // a goroutine that Goexit may end
					f := soon(t, p.failures, "the failure")
					assert.Equal(t, []string{"failed"}, j.ends.list())
					assert.Equal(t, c.ending, j.ending)
					assert.Equal(t, j.err, f.reason)
					assert.Same(t, task, f.message)
					if name == "panic(nil)" {
						var panicNil *runtime.PanicNilError
						assert.ErrorAs(t, j.err, &panicNil)
					} else {
						assert.ErrorIs(t, j.err, c.is)
					}

					w.Resume()
					next := &job{}
					send(w, &Task{Runner: next}, inline)
					synctest.Wait()
					assert.Equal(t, []string{"succeeded"}, next.ends.list(), "the worker should work on")
				})
			})
		}
	}
}

// If it failed, an error whose methods end the goroutine would leave the
// supervisor without news of the attempt, and its caller without an outcome.
func TestTheSupervisorHearsOfAFailureWhoseRecordingIsCutShort(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		w := newWorker(t, p, nil)
		j := &job{run: func(func() (Worker, error)) error { return errPlain }, failing: runtime.Goexit}
		go w.Run(&Task{Runner: j})
		f := soon(t, p.failures, "the failure")
		assert.Equal(t, errPlain, f.reason)
		w.Restart()
		next := &job{}
		w.Run(&Task{Runner: next})
		assert.Equal(t, []string{"succeeded"}, next.ends.list())
	})
}

// If it failed, an operation sent to a worker that was killed would be lost.
func TestATaskForAStoppedWorkerIsUndelivered(t *testing.T) {
	for _, inline := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			p := newParent(t)
			w := newWorker(t, p, nil)
			w.Stop()
			synctest.Wait()
			require.True(t, gone(p.system(), w))
			j := &job{}
			send(w, &Task{Runner: j}, inline)
			w.Tell("something that is no task")
			synctest.Wait()
			assert.Equal(t, []string{"undelivered"}, j.ends.list())
		})
	}
}

// If it failed, a stop would cut an attempt short, or lose those behind it.
func TestAStopComesAfterTheAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		w := newWorker(t, p, nil)
		end := make(chan struct{})
		running, behind := &job{run: func(func() (Worker, error)) error { <-end; return nil }}, &job{}
		w.Tell(&Task{Runner: running})
		synctest.Wait()
		w.Tell(&Task{Runner: behind})
		w.Stop()
		synctest.Wait()
		assert.False(t, gone(p.system(), w))
		close(end)
		synctest.Wait()
		assert.True(t, gone(p.system(), w))
		assert.Equal(t, []string{"succeeded"}, running.ends.list())
		assert.Equal(t, []string{"undelivered"}, behind.ends.list())
	})
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
