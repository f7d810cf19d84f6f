package supervisor

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// An operation within an operation on the same target would otherwise wait for
// the worker that its own caller holds.
func TestAnOperationMayCallItsOwnTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		var depth func(ctx context.Context, n int) (int, error)
		depth = func(ctx context.Context, n int) (int, error) {
			if n == 0 {
				return 42, nil
			}
			return Do(ctx, s, "x", func(ctx context.Context) (int, error) { return depth(ctx, n-1) })
		}
		got, err := depth(bg, 5)
		assert.NoError(t, err)
		assert.Equal(t, 42, got)
		f := Go(bg, s, "x", func(ctx context.Context) (int, error) {
			return Go(ctx, s, "x", succeed).Wait(ctx)
		})
		<-f.Done()
		got, err = f.Wait(bg)
		assert.NoError(t, err)
		assert.Equal(t, 42, got)
		pass(0)
		assert.Len(t, snapshotOf(t, s, "x").Workers, 1, "the workers that were lent are gone")
	})
}

// The same when others wait for a worker already: they wait for its caller.
func TestAnOperationOnItsOwnTargetOvertakes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		goOn := make(chan struct{})
		result := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				<-goOn
				return Do(ctx, s, "x", succeed)
			})
		})
		synctest.Wait()
		waits := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		close(goOn)
		assert.NoError(t, soon(t, result, "the operation").err)
		assert.NoError(t, soon(t, waits, "the one that waited").err)
	})
}

// And when it goes there by way of another target.
func TestAnOperationMayComeBackToItsTarget(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(workers(1)), "y": policy(workers(1))})
		got, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
			return Do(ctx, s, "y", func(ctx context.Context) (int, error) { return Do(ctx, s, "x", succeed) })
		})
		assert.NoError(t, err)
		assert.Equal(t, 42, got)
	})
}

// If it failed, an attempt that fans out would run as many attempts as it
// likes, whatever the pool's limit is.
func TestOneWorkerAtATimeIsLentToAnAttempt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1))
		g := newGate()
		fanOut := make(chan struct{})
		result := async(func() (int, error) {
			return Do(bg, s, "x", func(ctx context.Context) (int, error) {
				<-fanOut
				var all []*Future[int]
				for range 4 {
					all = append(all, Go(ctx, s, "x", g.run))
				}
				for _, f := range all {
					if _, err := f.Wait(bg); err != nil {
						return 0, err
					}
				}
				return 42, nil
			})
		})
		synctest.Wait()
		// It waits for the worker that the attempt holds, and so must not keep
		// those that the attempt waits for.
		outsider := async(func() (int, error) { return Do(bg, s, "x", succeed) })
		synctest.Wait()
		close(fanOut)
		for n := range 4 {
			synctest.Wait()
			assert.Len(t, g.begun, n+1)
			assert.Len(t, snapshotOf(t, s, "x").Workers, 2)
			assert.Equal(t, 1+3-n, snapshotOf(t, s, "x").Queued)
			g.end <- nil
		}
		assert.NoError(t, soon(t, result, "the operation").err)
		assert.NoError(t, soon(t, outsider, "the one that waited").err)
	})
}

// If it failed, the attempts of two targets would multiply, and the failures
// of one trip the breaker of the other.
func TestAnInnerFailureIsNotTheOutersToRetry(t *testing.T) {
	for name, spoil := range map[string]func(*Supervisor) func(context.Context) (int, error){
		"exhausted": func(*Supervisor) func(context.Context) (int, error) { return failWith(errTemp) },
		"refused": func(s *Supervisor) func(context.Context) (int, error) {
			s.Breaker("y").ForceOpen()
			return succeed
		},
		"rejected": func(*Supervisor) func(context.Context) (int, error) { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := start(t, targets{"x": policy(trips(1)), "y": policy()})
				inner := spoil(s)
				calls := 0
				_, err := Do(bg, s, "x", func(ctx context.Context) (int, error) {
					calls++
					return Do(ctx, s, "y", inner)
				})
				assert.Error(t, err)
				assert.Equal(t, 1, calls)
				assert.Equal(t, breaker.Closed, s.Breaker("x").State())
				assert.EqualValues(t, 1, s.Breaker("x").Counts().Ignored)
			})
		})
	}
}

// A probe has a worker even when attempts from before the trip hang in all of
// them, or a target whose calls hang would never recover.
func TestAProbeDoesNotWaitForAWorker(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, workers(1), func(p *policies.Policy) { p.Breaker.HalfOpenMaxCalls = 1 })
		g := newGate()
		hangs := Go(bg, s, "x", g.run)
		soon(t, g.begun, "the attempt")
		s.Breaker("x").ForceOpenFor(0)
		pass(0)
		require.Equal(t, breaker.HalfOpen, s.Breaker("x").State())
		_, err := Do(bg, s, "x", succeed)
		assert.NoError(t, err)
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		g.end <- nil
		_, err = hangs.Wait(bg)
		assert.NoError(t, err)
		pass(0)
		assert.Len(t, snapshotOf(t, s, "x").Workers, 1)
	})
}
