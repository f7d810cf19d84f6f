package supervisor

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// meanwhile has f called again and again until the returned function is called.
func meanwhile(f func()) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-quit:
				return
			default:
				f()
				runtime.Gosched()
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// passivateNowAndThen asks the target to go over and over, as if it had been
// idle for long each time.
func passivateNowAndThen(s *Supervisor, keys ...Key) (stop func()) {
	return meanwhile(func() {
		if k, ok := s.keyspaces.Load("x"); ok {
			if t := k.find(hashOf(k.seed, keys), keys); t != nil {
				t.tell(&passivate{reason: actors.PassivatedIdle})
				// One at a time, or the target does nothing but answer.
				answer := make(chan error, 1)
				t.tell(&startAgain{done: answer})
				<-answer
			}
		}
	})
}

// If it failed, an operation that arrives while its target is put away would be
// lost, run twice, or refused.
func TestNoOperationIsLostInAPassivation(t *testing.T) {
	const callers, each = 4, 400
	s := one(t, attempts(3), noWaits, workers(2))
	kept := s.Target("x", "a")
	stop := passivateNowAndThen(s, "a")
	var ran atomic.Int64
	passed := func() uint64 {
		k, _ := s.keyspaces.Load("x")
		return k.stats.passivated.Load()
	}
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := 0; n < each || passed() == 0; n++ {
				runs := 0
				fn := func(context.Context) (int, error) {
					runs++
					if n%5 == 0 && runs == 1 {
						return 0, errTemp
					}
					ran.Add(1)
					return n, nil
				}
				ctx, cancel := bg, func() {}
				if n%2 == 0 {
					ctx, cancel = context.WithCancel(bg)
				}
				var got int
				var err error
				switch (n + caller) % 3 {
				case 0:
					got, err = DoOn(ctx, kept, fn)
				case 1:
					got, err = DoOn(ctx, s.Target("x", "a"), fn)
				case 2:
					got, err = GoOn(ctx, kept, fn).Wait(bg)
				}
				cancel()
				if !assert.NoError(t, err) || !assert.Equal(t, n, got) {
					return
				}
				want := 1
				if n%5 == 0 {
					want = 2
				}
				assert.Equal(t, want, runs, "it ran another number of times than its outcome says")
			}
		}()
	}
	wg.Wait()
	stop()
	k := keyspaceOf(t, s)
	total := k.Ended.Succeeded
	for _, target := range s.Snapshot().Targets {
		total += target.Succeeded
	}
	assert.Equal(t, uint64(ran.Load()), total, "successes were lost from the counts, or counted twice")
	t.Logf("%d operations, %d passivations", total, k.Passivated)
}

// If it failed, what an operator or an outcome does to a breaker that is just
// being put away would be undone.
func TestNoCommandAndNoOutcomeIsLostInAPassivation(t *testing.T) {
	s := one(t, attempts(1), trips(3), func(p *policies.Policy) { p.Breaker.FailureRate, p.Breaker.MinimumCalls = 1, 100 })
	kept, b := s.Target("x", "a"), s.Breaker("x", "a")
	stop := passivateNowAndThen(s, "a")
	k, _ := s.keyspaces.Load("x")
	for round := 0; round < 300 || k.stats.passivated.Load() == 0; round++ {
		if round%2 == 0 {
			b.ForceOpen()
			require.Equal(t, breaker.ForcedOpen, b.State())
		} else {
			for n := range 3 {
				require.Equal(t, breaker.Closed, b.State(), "after %d failures", n)
				var err error
				if n == 1 {
					_, err = GoOn(bg, kept, failWith(errPlain)).Wait(bg)
				} else {
					_, err = DoOn(bg, kept, failWith(errPlain))
				}
				require.ErrorIs(t, err, errPlain)
			}
			require.Equal(t, breaker.Open, b.State(), "a failure was forgotten")
		}
		_, err := DoOn(bg, kept, succeed)
		require.ErrorIs(t, err, ErrOpen)
		b.Reset()
		require.Equal(t, breaker.Closed, b.State())
		_, err = DoOn(bg, kept, succeed)
		require.NoError(t, err)
	}
	stop()
}

// If it failed, an operation would be forgotten by a target that is stopped by
// somebody while it is being put away.
func TestEveryOperationHasAnOutcomeWhenTargetsAreKilledAsWell(t *testing.T) {
	s := one(t, attempts(1), workers(2))
	kept := s.Target("x", "a")
	stop := passivateNowAndThen(s, "a")
	var ended, killedAt atomic.Int32 // operations
	stopKilling := meanwhile(func() {
		runtime.Gosched()
		if n := ended.Load(); n < killedAt.Load()+4 {
			return // let some get through
		}
		killedAt.Store(ended.Load())
		if pid := s.PID("x", "a"); pid != nil {
			s.System().Root.Stop(pid)
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := range 300 {
				var runs atomic.Int32
				fn := func(context.Context) (int, error) { return int(runs.Add(1)), nil }
				ctx, cancel := context.WithCancel(bg)
				var err error
				if n%2 == 0 {
					_, err = DoOn(ctx, kept, fn)
				} else {
					_, err = GoOn(ctx, kept, fn).Wait(bg)
				}
				cancel()
				ended.Add(1)
				if err != nil {
					assert.ErrorIs(t, err, ErrTargetStopped)
				}
				want := int32(1)
				if err != nil {
					want = 0
				}
				assert.Equal(t, want, runs.Load())
			}
		}()
	}
	wg.Wait()
	stopKilling()
	stop()
}

// If it failed, an operation of another actor that reaches a target that is
// being put away would have no answer, or two.
func TestMessagesAreAnsweredInAPassivation(t *testing.T) {
	const most = 500
	s := one(t, attempts(1))
	target := s.Target("x", "a")
	results := make(chan *actors.Result, 2*most)
	pid := s.System().Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if r, ok := c.Message().(*actors.Result); ok {
			results <- r
		}
	}))
	stop := passivateNowAndThen(s, "a")
	for n := range most {
		// To the mailbox itself, as a PID leads there until the actor has ended.
		target.current().ref.Tell(&actor.MessageEnvelope{Sender: pid,
			Message: &actors.Operation{Run: func(context.Context) (any, error) { return n, nil }, Tag: n}})
	}
	seen := map[any]bool{}
	for range most {
		r := <-results
		assert.NoError(t, r.Err)
		assert.Equal(t, r.Tag, r.Value)
		assert.False(t, seen[r.Tag], "answered twice")
		seen[r.Tag] = true
	}
	stop()
	s.System().Root.Stop(pid)
}

// If it failed, a program that meets ever new keys would grow without bound, or
// leave actors, goroutines or timers behind (the package's tests look for them
// at their end).
func TestTwentyThousandKeysStayWithinBounds(t *testing.T) {
	const keys, most, callers = 20_000, 200, 4
	if testing.Short() {
		t.Skip("takes seconds")
	}
	s := one(t, attempts(1), trips(1), keyed(most, time.Hour))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range callers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for n := next.Add(1); n <= keys; n = next.Add(1) {
				target := s.Target("x", "model", Key(fmt.Sprint(n)))
				var err error
				if n%10 == 0 {
					_, err = DoOn(bg, target, failWith(errPlain))
					assert.ErrorIs(t, err, errPlain)
				} else {
					_, err = DoOn(bg, target, succeed)
					assert.NoError(t, err)
				}
				if n%100 == 0 {
					k, _ := s.keyspaces.Load("x")
					assert.LessOrEqual(t, k.stats.live.Load(), int64(most))
				}
			}
		}()
	}
	wg.Wait()
	k := keyspaceOf(t, s)
	assert.LessOrEqual(t, k.Live+k.Remembered, most)
	assert.NotZero(t, k.Refusing)
	assert.LessOrEqual(t, k.Refusing, most/2+1)
	assert.Less(t, k.Passivated, uint64(keys+keys/10), "keys are put away before they are used")
	var succeeded, failed = k.Ended.Succeeded, k.Ended.Failed
	snap := s.Snapshot()
	assert.Len(t, snap.Targets, k.Live)
	for _, target := range snap.Targets {
		succeeded += target.Succeeded
		failed += target.Failed
	}
	assert.Equal(t, uint64(keys*9/10), succeeded)
	assert.Equal(t, uint64(keys/10), failed)

	actorsLeft := 0
	for n := uint64(1); n <= keys; n++ {
		if _, there := s.system.ProcessRegistry.GetLocal(fmt.Sprintf("holdfast/x/key-%d", n)); there {
			actorsLeft++
		}
	}
	assert.LessOrEqual(t, actorsLeft, most+callers, "actors of passivated targets are left")
}

// If it failed, Shutdown would wait for ever for keys that come and go, or
// forget a caller that waits for room.
func TestShutdownWhileKeysComeAndGo(t *testing.T) {
	set := setOf(t, targets{"x": policy(attempts(1), keyed(5, time.Hour))})
	for range 20 {
		s, err := New(set)
		require.NoError(t, err)
		var wg sync.WaitGroup
		var ended atomic.Int32
		for caller := range 4 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for n := 0; ; n++ {
					_, err := DoOn(bg, s.Target("x", Key(fmt.Sprint(caller, n%7))), func(context.Context) (int, error) {
						runtime.Gosched()
						return 0, nil
					})
					ended.Add(1)
					if errors.Is(err, ErrTooManyKeys) {
						continue // all but one of the five were used since it asked
					}
					if err != nil {
						assert.ErrorIs(t, err, ErrShutdown)
						return
					}
				}
			}()
		}
		for ended.Load() < 200 {
			runtime.Gosched()
		}
		ctx, cancel := context.WithTimeout(bg, time.Minute)
		require.NoError(t, s.Shutdown(ctx))
		cancel()
		wg.Wait()
		_, err = DoOn(bg, s.Target("x", "new"), succeed)
		assert.ErrorIs(t, err, ErrShutdown)
	}
}
