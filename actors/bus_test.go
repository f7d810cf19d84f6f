package actors

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// news is an event with a number.
func news(n int) Event { return CallsRefused{Count: uint64(n)} }

func numbers(events []Event) []int {
	all := make([]int, 0, len(events))
	for _, e := range events {
		all = append(all, int(e.(CallsRefused).Count))
	}
	return all
}

// upTo lists 1 to n.
func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

func newBus(t *testing.T) (*Bus, *actor.ActorSystem) {
	t.Helper()
	system := newSystem(t)
	bus, err := NewBus(system, "events")
	require.NoError(t, err)
	return bus, system
}

// closed ends a bus and checks that everything of it ends.
func closed(t *testing.T, b *Bus) {
	t.Helper()
	for _, ended := range b.Close() {
		soon(t, ended, "the end of a subscription")
	}
}

// If it failed, events would be built that nobody reads.
func TestABusIsActiveWhileSomebodyListens(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		assert.False(t, bus.Active())
		sub := bus.Subscribe(func(Event) {}, 1)
		assert.True(t, bus.Active())
		sub.Cancel()
		assert.False(t, bus.Active())
		raw := system.EventStream.Subscribe(func(any) {})
		assert.True(t, bus.Active())
		system.EventStream.Unsubscribe(raw)
		assert.False(t, bus.Active())
		closed(t, bus)
	})
}

// If it failed, subscribers would see events in another order than they
// happened in.
func TestEverySubscriberGetsEveryEventInOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		var a, b notes[Event]
		var raw notes[Event]
		bus.Subscribe(a.add, 1000)
		system.EventStream.Subscribe(func(e any) {
			if e, ok := e.(Event); ok {
				raw.add(e)
			}
		})
		for n := 1; n <= 500; n++ {
			bus.Publish(news(n))
		}
		sub := bus.Subscribe(b.add, 1000)
		bus.Publish(news(501))
		synctest.Wait()
		assert.Equal(t, upTo(501), numbers(a.list()))
		assert.Equal(t, upTo(501), numbers(raw.list()))
		assert.Equal(t, []int{501}, numbers(b.list()), "from the subscription on")
		assert.Zero(t, sub.Dropped())
		assert.Zero(t, bus.StreamDropped())
		closed(t, bus)
	})
}

// If it failed, Shutdown would cut off the last events, which say how it ended.
func TestCloseDeliversWhatIsQueued(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		var got, raw notes[Event]
		sub := bus.Subscribe(got.add, 1000)
		system.EventStream.Subscribe(func(e any) {
			if e, ok := e.(Event); ok {
				raw.add(e)
			}
		})
		for n := 1; n <= 200; n++ {
			bus.Publish(news(n))
		}
		closed(t, bus)
		assert.Equal(t, upTo(200), numbers(got.list()))
		assert.Equal(t, upTo(200), numbers(raw.list()))
		<-sub.Done()
		bus.Publish(news(201))
		synctest.Wait()
		assert.Len(t, got.list(), 200)
	})
}

// If it failed, whoever waits for the end of a subscription made too late
// would wait for ever.
func TestASubscriptionThatCanHaveNoEventsHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		sub := bus.Subscribe(nil, 1)
		soon(t, sub.Done(), "the end")
		assert.False(t, bus.Active())
		closed(t, bus)
		late := bus.Subscribe(func(Event) { assert.Fail(t, "it was called") }, 1)
		soon(t, late.Done(), "the end")
		late.Cancel()
		bus.Publish(news(1))
		synctest.Wait()
	})
}

// If it failed, a second supervisor of the same name would publish twice.
func TestABusNeedsANameOfItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		_, err := NewBus(system, "events")
		assert.ErrorIs(t, err, actor.ErrNameExists)
		closed(t, bus)
	})
}

// The lists of subscribers are swapped under the publishers' feet.
func TestSubscribersComeAndGoWhileEventsArePublished(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		var got notes[Event]
		steady := bus.Subscribe(got.add, 10_000)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for n := range 200 {
					bus.Publish(news(n))
				}
			})
			all.Go(func() {
				for range 100 {
					sub := bus.Subscribe(func(Event) {}, 1)
					assert.NotEmpty(t, fmt.Sprint(sub.Dropped(), sub.Panics()))
					sub.Cancel()
				}
			})
		}
		all.Wait()
		synctest.Wait()
		assert.Len(t, got.list(), 800)
		assert.Zero(t, steady.Dropped())
		assert.Len(t, *bus.subs.Load(), 1, "cancelled subscriptions are kept")
		closed(t, bus)
	})
}
