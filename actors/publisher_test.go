package actors

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// If it failed, after an update of the engine, events would be published to
// nobody or kept from everybody.
func TestAFreshSystemListensToItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		assert.EqualValues(t, engineSubscriptions, newSystem(t).EventStream.Length())
	})
}

// If it failed, a raw subscriber that blocks would hold up the actors, or fill
// memory.
func TestABlockedRawSubscriberIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		free := make(chan struct{})
		got := 0
		system.EventStream.Subscribe(func(e any) {
			if _, ok := e.(Event); ok {
				<-free
				got++
			}
		})
		var other notes[Event]
		bus.Subscribe(other.add, 2*publisherQueue)
		bus.Publish(news(0))
		synctest.Wait() // the first is with the subscriber
		for n := range publisherQueue {
			bus.Publish(news(n))
		}
		assert.Zero(t, bus.StreamDropped())
		for n := range 7 {
			bus.Publish(news(n))
		}
		assert.EqualValues(t, 7, bus.StreamDropped())
		synctest.Wait()
		assert.Len(t, other.list(), publisherQueue+8, "an isolated subscriber is not concerned")
		close(free)
		synctest.Wait()
		assert.Equal(t, publisherQueue+1, got)
		bus.Publish(news(0))
		synctest.Wait()
		assert.Equal(t, publisherQueue+2, got, "there is room again")
		assert.EqualValues(t, 7, bus.StreamDropped())
		closed(t, bus)
	})
}

// If it failed, a raw subscriber that panics would fail the publisher, whose
// supervisor would stop it after a while.
func TestARawSubscriberThatFailsIsCountedAndTheStreamGoesOn(t *testing.T) {
	for name, fail := range map[string]func(){
		"panic":  func() { panic("in a raw subscriber") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				bus, system := newBus(t)
				var got notes[Event]
				system.EventStream.Subscribe(func(e any) {
					if e, ok := e.(Event); ok {
						got.add(e)
						if e == news(1) || e == news(2) {
							fail()
						}
					}
				})
				for n := 1; n <= 20; n++ {
					bus.Publish(news(n))
				}
				synctest.Wait()
				assert.Equal(t, upTo(20), numbers(got.list()))
				assert.EqualValues(t, 2, bus.StreamDropped())
				closed(t, bus)
			})
		})
	}
}

// If it failed, an event published while the bus ends would be lost uncounted.
func TestWhatTheEndedPublisherCannotTakeIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, system := newBus(t)
		system.EventStream.Subscribe(func(any) {})
		closed(t, bus)
		bus.Publish(news(1))
		assert.EqualValues(t, 1, bus.StreamDropped())
	})
}
