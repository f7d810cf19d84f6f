package invariants_test

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

func targetID(sup *supervisor.Supervisor, name string) string { return sup.PID(name).Id }

// Broken: an idle target that is stopped is lost for ever, or a call to it
// waits for ever.
func TestFault_AnIdleTargetIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(), "y": target()})
		works(t, sup, "x")
		for range 3 {
			e.end(sup.System(), targetID(sup, "x"))
			synctest.Wait()
			o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }), "a call to a target that was stopped")
			require.NoError(t, o.err, "the target's parent starts it again")
			works(t, sup, "x")
		}
		works(t, sup, "y")
	})
}

// Broken: the operation that runs as its target is stopped has no outcome, or
// Shutdown waits for it for ever after it has ended.
func TestFault_ABusyTargetIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		for _, result := range []error{nil, errPlain, errTemp} {
			sup := start(t, targets{"x": target(workers(1)), "y": target()}, supervisor.WithName("holdfast"))
			hold := make(chan struct{})
			busy := async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, result })
			})
			synctest.Wait()
			var queued []<-chan outcome
			for range 3 {
				queued = append(queued, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }))
			}
			synctest.Wait()
			e.end(sup.System(), targetID(sup, "x"))
			synctest.Wait()
			works(t, sup, "y")
			close(hold)
			o := soon(t, busy, "the operation that ran as its target was stopped")
			if result == nil {
				require.NoError(t, o.err)
				require.Equal(t, 7, o.value)
			} else {
				require.ErrorIs(t, o.err, result)
			}
			for _, ch := range queued {
				soon(t, ch, "an operation in the queue of a target that was stopped") // an outcome; it may be a refusal
			}
			synctest.Wait()
			works(t, sup, "x")
			works(t, sup, "y")
			require.NoError(t, sup.Shutdown(context.Background()))
		}
	})
}

// Broken: an operation that waits for its next attempt, or for the breaker,
// is forgotten when its target is stopped.
func TestFault_ATargetWithWaitingOperationsIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"backoff": target(), "park": target(parks), "y": target()})
		sup.Breaker("park").ForceOpen()
		calls := newClockwork()
		inBackoff := async(func() (int, error) { return w.call(context.Background(), sup, "backoff", calls.failing(9, errTemp)) })
		parked := async(func() (int, error) { return w.call(context.Background(), sup, "park", succeed) })
		pass(500 * time.Millisecond)
		e.end(sup.System(), targetID(sup, "backoff"))
		e.end(sup.System(), targetID(sup, "park"))
		o := soon(t, inBackoff, "an operation in backoff on a target that was stopped")
		require.Error(t, o.err)
		if calls.calls() < 3 {
			require.ErrorIs(t, o.err, errTemp, "what ran and did not end well says how its last attempt failed")
		}
		o = soon(t, parked, "an operation parked on a target that was stopped")
		if o.err != nil {
			var rejected *supervisor.RejectedError
			require.ErrorAs(t, o.err, &rejected)
		}
		synctest.Wait()
		works(t, sup, "backoff")
		works(t, sup, "y")
	})
}

// Broken: a breaker that is stopped leaves its target unguarded, or refused
// for ever.
func TestFault_ABreakerIsStopped(t *testing.T) {
	for name, before := range map[string]func(b *supervisor.Breaker){
		"closed":    func(*supervisor.Breaker) {},
		"open":      func(b *supervisor.Breaker) { b.ForceOpenFor(10 * time.Second) },
		"half-open": func(b *supervisor.Breaker) { b.ForceOpenFor(time.Second); pass(time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			eachEnding(t, func(t *testing.T, w way, e ending) {
				sup := start(t, targets{"x": target(trips(2)), "y": target(trips(2))})
				b := sup.Breaker("x")
				before(b)
				e.end(sup.System(), b.PID().Id)
				pass(11 * time.Second)
				// Whatever became of it, none of these may block.
				soon(t, async(func() (int, error) {
					b.State()
					b.Counts()
					sup.Snapshot()
					b.Reset()
					return 0, nil
				}), "a command to a breaker that was stopped")
				o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", succeed) }), "a call")
				require.NoError(t, o.err, "the target goes on")
				for range 2 {
					_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
					require.Equal(t, errPlain, err)
				}
				_, err := w.call(context.Background(), sup, "x", succeed)
				require.ErrorIs(t, err, supervisor.ErrOpen, "the target is guarded again")
				require.Equal(t, breaker.Open, sup.Breaker("x").State())
				works(t, sup, "y")
			})
		})
	}
}

// Broken: a breaker that is stopped during an attempt keeps the attempt's
// outcome from its caller.
func TestFault_ABreakerIsStoppedDuringAnAttempt(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(workers(1))})
		for _, result := range []error{nil, errPlain, errTemp} {
			o := soon(t, async(func() (int, error) {
				return w.call(context.Background(), sup, "x", func(context.Context) (int, error) {
					e.end(sup.System(), sup.Breaker("x").PID().Id)
					pass(0)
					return 7, result
				})
			}), "the attempt's outcome")
			require.ErrorIs(t, o.err, result)
		}
		works(t, sup, "x")
	})
}

// Broken: the root is stopped from outside and callers wait for ever.
func TestFault_TheRootIsStopped(t *testing.T) {
	eachEnding(t, func(t *testing.T, w way, e ending) {
		sup := start(t, targets{"x": target(), "y": target()})
		hold := make(chan struct{})
		busy := async(func() (int, error) {
			return w.call(context.Background(), sup, "x", func(context.Context) (int, error) { <-hold; return 7, nil })
		})
		waiting := async(func() (int, error) { return w.call(context.Background(), sup, "x", newClockwork().failing(9, errTemp)) })
		synctest.Wait()
		e.end(sup.System(), sup.Snapshot().Root)
		soon(t, waiting, "an operation in backoff")
		close(hold)
		o := soon(t, busy, "the operation that ran")
		require.NoError(t, o.err)
		synctest.Wait()
		for _, name := range []string{"x", "y"} {
			o := soon(t, async(func() (int, error) {
				if w.name == "message" && sup.PID(name) == nil {
					return 0, supervisor.ErrShutdown
				}
				return w.call(context.Background(), sup, name, succeed)
			}), "a call to "+name)
			require.Error(t, o.err)
		}
	})
}

// Broken: a message, or another kill, that reaches a target just as it is
// started again, under the same PID, finds it half made: the target, and its
// parent with it, then hangs for ever, or the message has no answer.
func TestFault_MessagesToATargetThatStartsAgain(t *testing.T) {
	for _, e := range endings {
		t.Run(e.name, func(t *testing.T) { bubble(t, func(t *testing.T) { messagesDuringRestarts(t, e) }) })
	}
}

func messagesDuringRestarts(t *testing.T, e ending) {
	sup := start(t, targets{"x": target(), "y": target()})
	works(t, sup, "x")
	address, id := sup.PID("x").Address, sup.PID("x").Id
	var asked, answered atomic.Int64
	box := sup.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message().(type) {
		case *actors.Result, *actor.DeadLetterResponse:
			answered.Add(1)
		}
	}))
	over := make(chan struct{})
	var senders sync.WaitGroup
	for range 3 {
		senders.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-over:
					return
				default:
				}
				if n%1000 == 0 {
					<-time.After(time.Hour) // time can't pass while somebody always has something to do
				}
				for spins := 0; asked.Load()-answered.Load() > 100; spins++ {
					if spins < 1000 {
						runtime.Gosched()
						continue
					}
					<-time.After(time.Hour) // what is on its way has arrived by then
					if asked.Load()-answered.Load() > 100 {
						return // answers are lost
					}
				}
				asked.Add(1)
				sup.System().Root.RequestWithCustomSender(actor.NewPID(address, id), &actors.Operation{Run: anyRun(succeed)}, box)
			}
		})
	}
	for i := range 1000 {
		e.end(sup.System(), id)
		o := soon(t, async(func() (int, error) { return supervisor.Do(context.Background(), sup, "x", succeed) }), "a call")
		if o.err != nil {
			require.ErrorIs(t, o.err, supervisor.ErrTargetStopped)
		}
		if i%10 == 0 {
			pass(time.Hour)
		}
	}
	close(over)
	senders.Wait()
	synctest.Wait()
	require.Equal(t, asked.Load(), answered.Load(), "each message has one answer")
	works(t, sup, "y")
}
