package actors

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// If it failed, a subscriber that blocks would hold up the actors, or lose
// events without anybody knowing.
func TestABlockedSubscriberLosesCountedEvents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		free := make(chan struct{})
		var got, other notes[Event]
		sub := bus.Subscribe(func(e Event) {
			<-free
			got.add(e)
		}, 4)
		healthy := bus.Subscribe(other.add, 100)
		bus.Publish(news(1))
		synctest.Wait() // the first is with the subscriber
		for n := 2; n <= 20; n++ {
			bus.Publish(news(n))
		}
		synctest.Wait()
		assert.EqualValues(t, 15, sub.Dropped())
		assert.Equal(t, upTo(20), numbers(other.list()), "another subscriber is not concerned")
		assert.Zero(t, healthy.Dropped())
		close(free)
		synctest.Wait()
		assert.Equal(t, upTo(5), numbers(got.list()), "those that had room")
		bus.Publish(news(21))
		synctest.Wait()
		assert.Equal(t, []int{1, 2, 3, 4, 5, 21}, numbers(got.list()))
		closed(t, bus)
	})
}

// If it failed, a subscriber that panics would end the process, or hear of
// nothing any more.
func TestAPanickingSubscriberGetsTheNextEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		var got notes[Event]
		sub := bus.Subscribe(func(e Event) {
			got.add(e)
			if e == news(2) || e == news(3) {
				panic(e)
			}
		}, 10)
		for n := 1; n <= 4; n++ {
			bus.Publish(news(n))
		}
		synctest.Wait()
		assert.Equal(t, upTo(4), numbers(got.list()))
		assert.EqualValues(t, 2, sub.Panics())
		assert.Zero(t, sub.Dropped())
		closed(t, bus)
	})
}

// If it failed, a FailNow in a subscriber would end the subscription, and
// Shutdown would wait for it for ever.
func TestASubscriberThatEndsItsGoroutineGetsTheNextEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		var got notes[Event]
		free := make(chan struct{})
		bus.Subscribe(func(e Event) {
			<-free
			got.add(e)
			runtime.Goexit()
		}, 10)
		for n := 1; n <= 4; n++ {
			bus.Publish(news(n))
		}
		synctest.Wait()
		ended := bus.Close() // with three of them still in the queue
		close(free)
		for _, e := range ended {
			soon(t, e, "the end of a subscription")
		}
		assert.Equal(t, upTo(4), numbers(got.list()))
	})
}

// If it failed, a subscriber could be called after it has torn down what it
// writes to.
func TestNoCallBeginsAfterCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		free := make(chan struct{})
		var got notes[Event]
		sub := bus.Subscribe(func(e Event) {
			got.add(e)
			<-free
		}, 10)
		bus.Publish(news(1))
		bus.Publish(news(2))
		synctest.Wait()
		sub.Cancel()
		sub.Cancel()
		bus.Publish(news(3))
		select {
		case <-sub.Done():
			assert.Fail(t, "a call still runs")
		default:
		}
		close(free)
		soon(t, sub.Done(), "the end")
		assert.Equal(t, []int{1}, numbers(got.list()))
		closed(t, bus)
	})
}

// If it failed, a subscriber could not end itself.
func TestASubscriberMayCancelItself(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		var got notes[Event]
		var sub *Subscription
		ready := make(chan struct{})
		sub = bus.Subscribe(func(e Event) {
			<-ready
			got.add(e)
			sub.Cancel()
		}, 0) // room for one at least
		close(ready)
		bus.Publish(news(1))
		soon(t, sub.Done(), "the end")
		assert.Equal(t, []int{1}, numbers(got.list()))
		closed(t, bus)
	})
}

// If it failed, Shutdown could not tell who still listens.
func TestABlockedSubscriberKeepsItsEndOpen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		bus, _ := newBus(t)
		free := make(chan struct{})
		sub := bus.Subscribe(func(Event) { <-free }, 1)
		bus.Publish(news(1))
		synctest.Wait()
		ended := bus.Close()
		synctest.Wait()
		open := 0
		for _, e := range ended {
			select {
			case <-e:
			default:
				open++
			}
		}
		assert.Equal(t, 1, open)
		close(free)
		soon(t, sub.Done(), "the end")
	})
}

// If it failed, an event of a publisher that has just looked up who listens would be
// lost without a trace when the bus closes at that moment.
func TestAnEventThatComesAfterTheEndIsCounted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		closed := &Bus{}
		s := newSubscription(closed, func(Event) {}, 4)
		go s.run()
		s.finish()
		soon(t, s.Done(), "the end")
		s.offer(TargetStarted{})
		assert.EqualValues(t, 1, s.Dropped())

		raced := newSubscription(closed, func(Event) {}, 4)
		go raced.run()
		raced.finish()
		go raced.offer(TargetStarted{})
		synctest.Wait()
		assert.Empty(t, raced.queue, "neither called for nor counted")
	})
}
