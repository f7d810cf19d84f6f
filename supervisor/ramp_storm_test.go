package supervisor

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// A target that goes down and comes back many times, under all that callers,
// functions and operators can do. If it failed, more would run than the ramp
// allows, a place of it would leak, or an operation would be forgotten.
func TestRecoveriesUnderAStorm(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		bubble(t, func(t *testing.T) {
			s := one(t, rampUp(10*time.Second), workers(16), attempts(2), func(p *policies.Policy) {
				p.Breaker.FailureThreshold, p.Breaker.RecoveryMultiplier, p.Retry.AttemptTimeout = 4, 1, 5*time.Second
			})
			random := rand.New(rand.NewPCG(seed, 2))
			var live, ramped, excess, outcomes atomic.Int64
			var down atomic.Bool
			var all sync.WaitGroup
			run := func(fate int, stays time.Duration) func(context.Context) (int, error) {
				return func(ctx context.Context) (int, error) {
					n := live.Add(1)
					defer live.Add(-1)
					if limit, running := rampOf(s); limit > 0 {
						ramped.Add(1)
						if int(n) > limit || running > limit {
							excess.Add(1)
						}
					}
					select {
					case <-time.After(stays):
					case <-ctx.Done():
						return 0, ctx.Err()
					}
					switch {
					case down.Load():
						return 0, errTemp
					case fate == 0:
						panic("storm")
					case fate == 1:
						runtime.Goexit()
					case fate == 2:
						return 0, errAside
					}
					return 42, nil
				}
			}
			const operations = 4000
			for i := range operations {
				if i%100 == 0 {
					down.Store(i%400 == 300)
				}
				fate, stays := random.IntN(40), time.Duration(random.IntN(400))*time.Millisecond
				detached, leaves := fate == 1 || random.IntN(2) == 0, random.IntN(5) == 0
				var options []CallOption
				if random.IntN(2) == 0 {
					options = append(options, ParkWhenOpen())
				}
				all.Go(func() {
					ctx, cancel := context.WithCancel(bg)
					defer cancel()
					if leaves {
						ctx, cancel = context.WithTimeout(bg, stays/2)
						defer cancel()
					}
					if detached {
						_, _ = Go(ctx, s, "x", run(fate, stays), options...).Wait(bg)
					} else {
						_, _ = Do(ctx, s, "x", run(fate, stays), options...)
					}
					outcomes.Add(1)
				})
				pass(time.Duration(random.IntN(100)) * time.Millisecond)
				switch random.IntN(400) {
				case 0:
					s.System().Root.Stop(s.Breaker("x").PID())
				case 1:
					for _, w := range snapshotOf(t, s, "x").Workers {
						s.Target("x").pool.mu.Lock()
						victim := s.Target("x").pool.workers[w.PID]
						s.Target("x").pool.mu.Unlock()
						if victim != nil {
							s.System().Root.Stop(victim.ref.PID())
							break
						}
					}
				}
			}
			down.Store(false)
			pass(10 * time.Minute)
			all.Wait()
			synctest.Wait()
			assert.EqualValues(t, operations, outcomes.Load())
			assert.Zero(t, excess.Load(), "of %d attempts during ramps", ramped.Load())
			assert.Greater(t, ramped.Load(), int64(100))
			snap := snapshotOf(t, s, "x")
			assert.Zero(t, snap.Parked+snap.Queued+snap.InBackoff)

			// Once more, and looked at before the ramp is over.
			s.Breaker("x").ForceOpenFor(time.Second)
			pass(time.Second)
			_, err := Do(bg, s, "x", succeed)
			require.NoError(t, err)
			for fate := range 30 {
				all.Go(func() { _, _ = Go(bg, s, "x", run(fate, 100*time.Millisecond)).Wait(bg) })
				pass(150 * time.Millisecond)
			}
			all.Wait()
			synctest.Wait()
			limit, running := rampOf(s)
			require.Positive(t, limit)
			assert.Zero(t, running, "a place leaked")
		})
	}
}
