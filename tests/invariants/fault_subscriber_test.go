package invariants_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/supervisor"
)

// subscribers are listeners that go wrong with every event.
var subscribers = map[string]func(hold <-chan struct{}){
	"panics":            func(<-chan struct{}) { panic("boom") },
	"panics with nil":   func(<-chan struct{}) { panic(nil) },
	"calls Goexit":      func(<-chan struct{}) { goexit() },
	"blocks for ever":   func(hold <-chan struct{}) { <-hold },
	"takes a long time": func(<-chan struct{}) { <-time.After(time.Minute) },
}

// troubled runs operations of every fate and reports how long they took.
func troubled(t *testing.T, w way, sup *supervisor.Supervisor) time.Duration {
	t.Helper()
	began := time.Now()
	for range 20 {
		for _, fn := range []function{
			newClockwork().failing(2, errTemp),
			newClockwork().failing(1, errPlain),
			func(context.Context) (int, error) { panic("boom") },
			succeed,
		} {
			soon(t, async(func() (int, error) { return w.call(context.Background(), sup, "x", fn) }), "an operation")
		}
	}
	return time.Since(began)
}

// Broken: what an isolated subscriber does reaches an operation.
func TestFault_ASubscriberGoesWrong(t *testing.T) {
	for name, fault := range subscribers {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				hold := make(chan struct{})
				sup := start(t, targets{"x": target(noWaits)})
				sick := sup.Subscribe(func(actors.Event) { fault(hold) })
				well := listen(sup)
				require.Zero(t, troubled(t, w, sup), "operations take no time")
				synctest.Wait()
				require.Len(t, eventsOf[actors.OperationFailed](well), 40, "another subscriber misses nothing")
				sick.Cancel()
				close(hold)
				soon(t, sick.Done(), "the end of a cancelled subscription")
				works(t, sup, "x")
			})
		})
	}
}

// Broken: what a subscriber to the raw stream does reaches an operation.
func TestFault_ARawSubscriberGoesWrong(t *testing.T) {
	for name, fault := range subscribers {
		t.Run(name, func(t *testing.T) {
			eachWay(t, func(t *testing.T, w way) {
				hold := make(chan struct{})
				sup := start(t, targets{"x": target(noWaits)})
				well := listen(sup)
				raw := sup.System().EventStream.Subscribe(func(e any) {
					if _, ours := e.(actors.Event); ours {
						fault(hold)
					}
				})
				require.Zero(t, troubled(t, w, sup), "operations take no time")
				synctest.Wait()
				require.Len(t, eventsOf[actors.OperationFailed](well), 40, "an isolated subscriber misses nothing")
				works(t, sup, "x")
				if name == "blocks for ever" {
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					defer cancel()
					var stragglers *supervisor.StragglersError
					require.ErrorAs(t, sup.Shutdown(ctx), &stragglers, "Shutdown says who keeps it")
				}
				sup.System().EventStream.Unsubscribe(raw)
				close(hold)
			})
		})
	}
}

// Broken: a nil function or a cancelled subscription is called.
func TestFault_SubscriptionsAtTheirEdges(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sup := start(t, targets{"x": target(noWaits)})
		nobody := sup.Subscribe(nil)
		soon(t, nobody.Done(), "the end of a subscription without function")
		nobody.Cancel()

		calls := 0
		var self *supervisor.Subscription
		ready := make(chan struct{})
		self = sup.Subscribe(func(actors.Event) { <-ready; calls++; self.Cancel(); self.Cancel() })
		close(ready)
		troubled(t, ways[0], sup)
		soon(t, self.Done(), "the end of a subscription that cancels itself")
		require.Equal(t, 1, calls)

		require.NoError(t, sup.Shutdown(context.Background()))
		late := sup.Subscribe(func(actors.Event) { calls++ })
		soon(t, late.Done(), "the end of a subscription after the supervisor's")
		require.Equal(t, 1, calls)
	})
}

// Broken: a subscriber that calls back into the supervisor waits for itself.
func TestFault_ASubscriberCallsBack(t *testing.T) {
	eachWay(t, func(t *testing.T, w way) {
		sup := start(t, targets{"x": target(noWaits, trips(1)), "y": target()})
		var results []error
		done := make(chan struct{})
		sup.Subscribe(func(e actors.Event) {
			if change, ok := e.(actors.BreakerChanged); ok && change.Target == "x" && !change.Transition.To.Admits() {
				sup.Breaker("x").Counts()
				sup.Snapshot()
				sup.Breaker("x").Reset()
				_, err := w.call(context.Background(), sup, "x", succeed)
				results = append(results, err)
				_, err = w.call(context.Background(), sup, "y", succeed)
				results = append(results, err)
				close(done)
			}
		})
		_, err := w.call(context.Background(), sup, "x", func(context.Context) (int, error) { return 0, errPlain })
		require.Equal(t, errPlain, err)
		soon(t, done, "the subscriber")
		require.Equal(t, []error{nil, nil}, results)
	})
}
