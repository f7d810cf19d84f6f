package supervisor

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If it failed, what an operator reads would not be what callers got.
func TestTheNumbersAddUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, trips(4), workers(3), pending(4), attempts(2))
		var mu sync.Mutex
		var got struct{ succeeded, failed, refused, rejected uint64 }
		note := func(err error) {
			mu.Lock()
			defer mu.Unlock()
			switch err := err.(type) {
			case nil:
				got.succeeded++
			case *OpenError:
				got.refused++
			case *RejectedError:
				got.rejected++
			default:
				_ = err
				got.failed++
			}
		}
		random := rand.New(rand.NewPCG(7, 8))
		var all sync.WaitGroup
		for range 300 {
			fails, stays, leaves := random.IntN(3) == 0, time.Duration(random.IntN(3))*time.Second, random.IntN(4) == 0
			async := random.IntN(2) == 0
			fn := func(ctx context.Context) (int, error) {
				<-time.After(stays)
				if fails {
					return 0, errTemp
				}
				return 42, nil
			}
			all.Go(func() {
				ctx := bg
				if leaves {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(bg, time.Second)
					defer cancel()
				}
				if async {
					_, err := Go(ctx, s, "x", fn).Wait(bg)
					note(err)
					return
				}
				_, err := Do(ctx, s, "x", fn)
				note(err)
			})
			<-time.After(time.Duration(random.IntN(4)) * 500 * time.Millisecond)
		}
		all.Wait()
		// Whatever the schedule was, one of each kind.
		left, leave := context.WithCancel(bg)
		leave()
		_, err := Do(left, s, "x", succeed)
		note(err)
		s.Breaker("x").ForceOpen()
		_, err = Do(bg, s, "x", succeed)
		note(err)
		synctest.Wait()
		snap := snapshotOf(t, s, "x")
		assert.Equal(t, got, struct{ succeeded, failed, refused, rejected uint64 }{snap.Succeeded, snap.Failed, snap.Refused, snap.Rejected})
		for name, n := range map[string]uint64{"succeeded": got.succeeded, "failed": got.failed, "refused": got.refused, "rejected": got.rejected} {
			assert.NotZero(t, n, "the test should see operations that were %s", name)
		}
		assert.Equal(t, snap.Refused, snap.Breaker.Counts.Rejected)
		assert.Zero(t, snap.InBackoff+snap.Parked+snap.Queued)
		for _, w := range snap.Workers {
			assert.False(t, w.Busy)
			assert.Empty(t, w.Operation)
		}
	})
}

func TestASnapshotShowsTheTree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": policy(workers(1), parks), "y": policy(trips(1))})
		began := time.Now()
		g := newGate()
		f := Go(bg, s, "x", g.run)
		id, _ := CurrentAttempt(soon(t, g.begun, "the attempt"))
		Go(bg, s, "x", succeed)
		_, _ = Do(bg, s, "y", failWith(errPlain))
		pass(time.Second)

		snap := s.Snapshot()
		assert.Equal(t, time.Now(), snap.At)
		assert.Equal(t, "holdfast", snap.Root)
		assert.Zero(t, snap.StreamDropped)
		require.Len(t, snap.Targets, 2)
		x, y := snap.Targets[0], snap.Targets[1]
		assert.Equal(t, TargetSnapshot{
			Name: "x", PID: "holdfast/x", Type: policies.API, Queued: 1,
			Breaker: BreakerSnapshot{PID: "holdfast/x/breaker", State: breaker.Closed, Generation: 1, Since: began,
				Counts: breaker.Counts{LastTransition: began}},
			Workers: []WorkerSnapshot{{PID: "holdfast/x/worker-1", Busy: true, Operation: id.OperationID, Incarnation: 1}},
		}, x)
		assert.Equal(t, "y", y.Name)
		assert.EqualValues(t, 1, y.Failed)
		assert.Equal(t, breaker.Open, y.Breaker.State)
		assert.Equal(t, began, y.Breaker.Since)
		assert.Equal(t, began.Add(30*time.Second), y.Breaker.Until)
		g.end <- nil
		_, _ = f.Wait(bg)

		s.Breaker("x").ForceOpen()
		Go(bg, s, "x", succeed)
		Go(bg, s, "x", succeed)
		assert.Equal(t, 2, snapshotOf(t, s, "x").Parked)
		s.Breaker("x").Reset()
		Go(bg, s, "x", failWith(errTemp))
		synctest.Wait()
		assert.Equal(t, 1, snapshotOf(t, s, "x").InBackoff)
		assert.EqualValues(t, 1, snapshotOf(t, s, "x").Retries)
	})
}
