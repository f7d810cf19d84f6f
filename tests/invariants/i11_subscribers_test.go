package invariants_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// I11: a slow, blocked or panicking subscriber delays no operation; every
// dropped event is counted. What such subscribers do to operations is in the
// tests of faults.

// Broken: events get lost without being counted, or come in another order.
func TestI11_EveryEventIsDeliveredOrCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		hold := make(chan struct{})
		var got, panicked uint64
		var last time.Time
		slow := sup.Subscribe(func(e actors.Event) {
			if got == 0 {
				<-hold
			}
			got++
			require.False(t, e.About().At.Before(last), "in order")
			last = e.About().At
			if got%10 == 0 {
				panicked++
				panic("boom")
			}
		})
		var all atomic.Uint64
		quick := sup.Subscribe(func(actors.Event) { all.Add(1) })
		for range 1500 {
			_, err := supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp))
			require.Error(t, err)
			synctest.Wait() // so that the quick one keeps up
		}
		close(hold)
		synctest.Wait()
		require.Zero(t, quick.Dropped())
		require.Positive(t, slow.Dropped())
		require.Equal(t, all.Load(), got+slow.Dropped())
		require.Equal(t, panicked, slow.Panics())
		require.GreaterOrEqual(t, got, uint64(1024), "as many as are promised can wait")
	})
}

// Broken: a raw subscriber that blocks makes the queue of the stream grow for
// ever, or its drops can't be seen.
func TestI11_TheRawStreamsDropsAreCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		hold := make(chan struct{})
		var got atomic.Uint64
		raw := sup.System().EventStream.Subscribe(func(e any) {
			if _, ours := e.(actors.Event); ours {
				<-hold
				got.Add(1)
			}
		})
		var all atomic.Uint64
		quick := sup.Subscribe(func(actors.Event) { all.Add(1) })
		for range 1500 {
			_, err := supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp))
			require.Error(t, err)
			synctest.Wait()
		}
		close(hold)
		synctest.Wait()
		require.Zero(t, quick.Dropped())
		dropped := sup.Snapshot().StreamDropped
		require.Positive(t, dropped)
		require.Equal(t, all.Load(), got.Load()+dropped)
		sup.System().EventStream.Unsubscribe(raw)
	})
}

// Broken: the raw stream carries other events than the subscriptions.
func TestI11_BothStreamsCarryTheSame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(trips(4), parks), "y": target(intensityOne)})
		var raw, isolated []string
		sup.System().EventStream.Subscribe(func(e any) {
			if e, ours := e.(actors.Event); ours {
				raw = append(raw, e.String())
			}
		})
		sup.Subscribe(func(e actors.Event) { isolated = append(isolated, e.String()) })
		for range 5 {
			for _, w := range ways {
				_, _ = w.call(context.Background(), sup, "x", newClockwork().failing(1, errTemp))
				_, _ = w.call(context.Background(), sup, "y", boom)
			}
		}
		pass(time.Minute)
		require.Equal(t, isolated, raw)
		require.NotEmpty(t, raw)
	})
}

// Broken: a cancelled subscription is called again.
func TestI11_NoCallAfterCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		for range 200 {
			var cancelled atomic.Bool
			sub := sup.Subscribe(func(actors.Event) {
				if cancelled.Load() {
					t.Error("called after Cancel returned")
				}
			})
			go func() { _, _ = supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp)) }()
			_, _ = supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp))
			sub.Cancel()
			synctest.Wait() // a call that was running may end
			cancelled.Store(true)
			_, _ = supervisor.Do(context.Background(), sup, "x", newClockwork().failing(9, errTemp))
			synctest.Wait()
		}
	})
}
