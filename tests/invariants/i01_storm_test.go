package invariants_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// Broken: some mixture of waits, parking, deadlines, kills, reloads and
// breakers worked by hand loses an operation, runs it too often or too late,
// or leaves the target unusable. Unlike the chaos test it has real waits.
func TestI1_AStormInVirtualTime(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { bubble(t, func(t *testing.T) { virtualStorm(t, seed) }) })
	}
}

func stormPolicy(random *rand.Rand) policies.Policy {
	return target(func(p *policies.Policy) {
		p.Retry.MaxAttempts = 4
		p.Retry.Jitter = policies.Jitters()[random.IntN(4)]
		p.Retry.WhenOpen = policies.WhenOpens()[random.IntN(2)]
		p.Retry.MaxElapsed = 40 * time.Second
		p.Pool.Workers = 1 + random.IntN(4)
		p.Pool.MaxPending = 5 + random.IntN(40)
		p.Breaker.FailureThreshold = 2 + random.IntN(6)
		p.Breaker.RecoveryTimeout, p.Breaker.MaxRecoveryTimeout = 10*time.Second, 20*time.Second
		p.Breaker.HalfOpenMaxCalls = 1 + random.IntN(3)
		p.Breaker.SuccessThreshold = 1 + random.IntN(3)
		p.Breaker.ProbeLease = 8 * time.Second
		p.Restart = policies.Restart{MaxRestarts: 20, Within: 10 * time.Second, Exceeded: policies.Escalations()[random.IntN(2)*2]}
	})
}

func virtualStorm(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	sup := start(t, targets{"x": stormPolicy(random)})
	sup.Target("x")
	over := make(chan struct{})
	var callers, weather sync.WaitGroup
	for c := range 25 {
		random := rand.New(rand.NewPCG(seed, uint64(c+1)))
		callers.Go(func() {
			for range 40 {
				stormCall(t, random, ways[c%len(ways)], func(ctx context.Context, w way, fn function) outcome {
					return soon(t, async(func() (int, error) { return w.call(ctx, sup, "x", fn) }), "an operation in the storm")
				})
			}
		})
	}
	weather.Go(func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(time.Duration(random.IntN(3000)) * time.Millisecond):
			}
			switch ids := workerIDs(sup, "x"); random.IntN(6) {
			case 0:
				sup.Breaker("x").ForceOpenFor(time.Duration(random.IntN(5)+1) * time.Second)
			case 1:
				sup.Breaker("x").Reset()
			case 2:
				set, err := policies.NewSet(targets{"x": stormPolicy(random)})
				require.NoError(t, err)
				require.NoError(t, sup.Apply(set))
			default:
				if len(ids) > 0 {
					endings[random.IntN(2)].end(sup.System(), ids[random.IntN(len(ids))])
				}
			}
		}
	})
	callers.Wait()
	close(over)
	weather.Wait()
	synctest.Wait()
	x := sup.Snapshot().Targets[0]
	require.Zero(t, x.InBackoff+x.Parked+x.Queued, "nobody waits any more")
	// Attempts that were left behind have ended by then, whatever lease was out
	// is over, and the breaker is half-open or closed.
	pass(time.Minute)
	for _, w := range sup.Snapshot().Targets[0].Workers {
		require.False(t, w.Busy, "a worker without an operation is idle")
	}
	for range 3 {
		works(t, sup, "x")
	}
}

// stormCall makes one call of a random fate and checks what is its own.
func stormCall(t *testing.T, random *rand.Rand, w way, do func(context.Context, way, function) outcome) {
	<-time.After(time.Duration(random.IntN(4000)) * time.Millisecond)
	ctx := context.Background()
	if random.IntN(3) == 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(random.IntN(20_000))*time.Millisecond)
		defer cancel()
	}
	var fates [5]int
	for i := range fates {
		fates[i] = random.IntN(10)
	}
	lasts := time.Duration(random.IntN(1000)) * time.Millisecond
	if random.IntN(20) == 0 {
		lasts = 15 * time.Second // longer than a probe's lease
	}
	clock := newClockwork()
	succeeded := false
	o := do(ctx, w, func(context.Context) (int, error) {
		n := clock.tick()
		<-time.After(lasts)
		switch fates[n-1] {
		case 0:
			panic("boom")
		case 1, 2:
			return 0, errTemp
		case 3:
			return 0, errPlain
		case 4:
			return 0, errAside
		}
		succeeded = true
		return n, nil
	})
	at := clock.at()
	require.LessOrEqual(t, len(at), 4)
	for _, began := range at {
		require.LessOrEqual(t, began, 40*time.Second, "no attempt starts after max_elapsed")
	}
	if o.err == nil {
		require.True(t, succeeded)
		require.Equal(t, len(at), o.value)
	}
	if deadline, ok := ctx.Deadline(); ok && !w.inline {
		require.False(t, o.at.After(deadline), "the caller is free at its deadline")
	}
}

// Broken: a detached attempt that finds, as it begins, that its breaker has
// moved or its worker is gone, is lost on its way back.
func TestI1_EverythingMovesAsAttemptsBegin(t *testing.T) {
	for _, w := range ways {
		t.Run(w.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				sup := start(t, targets{"x": target(workers(3), noWaits, parks)})
				over := make(chan struct{})
				var weather, callers sync.WaitGroup
				for c := range 2 {
					weather.Go(func() {
						for {
							select {
							case <-over:
								sup.Breaker("x").Reset()
								return
							case <-time.After(time.Microsecond):
							}
							if c == 0 {
								sup.Breaker("x").ForceOpen()
								sup.Breaker("x").Reset()
								continue
							}
							for _, id := range workerIDs(sup, "x") {
								endings[0].end(sup.System(), id)
							}
						}
					})
				}
				for range 8 {
					callers.Go(func() {
						for range 400 {
							<-time.After(time.Microsecond)
							calls := newClockwork()
							o := soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", calls.failing(1, errTemp)) }), "an operation")
							require.NoError(t, o.err)
							require.Equal(t, 2, calls.calls())
						}
					})
				}
				callers.Wait()
				close(over)
				weather.Wait()
				works(t, sup, "x")
			})
		})
	}
}
