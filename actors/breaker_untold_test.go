package actors

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// rated has the breaker look at the rate of failures alone, over calls, or over
// time if it says how long.
func rated(window time.Duration) func(*policies.Breaker) {
	return func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.MinimumCalls, s.WindowDuration = policies.Never, 0.5, 2, window
	}
}

func (b *bench) counts() (c breaker.Counts) {
	b.Query(func(m *breaker.Machine, now time.Time) { c = m.Counts(now) })
	return c
}

// If it failed, a breaker would trip on a rate that the successes it was not told
// of keep down, or show counts without them.
func TestSuccessesThatWaitAreTakenInFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, rated(0))
		b.waits(1, 5)
		b.settle(policies.Failure, errPlain)
		b.in(breaker.Closed)
		b.waits(1, 1)
		assert.EqualValues(t, 6, b.counts().Successes)
		assert.Equal(t, 7, b.counts().WindowCalls)
		b.waits(1, 3)
		b.ForceClose()
		b.waits(1, 2) // were let through before that
		assert.EqualValues(t, 11, b.counts().Successes)
		b.Reset()
		assert.Zero(t, b.counts().WindowCalls, "none of them belongs to this generation")
	})
}

// If it failed, successes would stay in a window of time for longer than it lasts,
// or an idle breaker would be woken for ever.
func TestSuccessesWaitForOneStepOfAWindowOfTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, rated(64*time.Second))
		b.waits(1, 5)
		b.Untold()
		pass(999 * time.Millisecond)
		assert.Equal(t, 1, b.generationsThatWait(), "it looked too soon")
		pass(time.Millisecond)
		assert.Zero(t, b.generationsThatWait())
		assert.Equal(t, 5, b.counts().WindowCalls)

		b.waits(1, 1)
		pass(time.Hour)
		assert.Equal(t, 1, b.generationsThatWait(), "nobody said that it waits")
		assert.Zero(t, b.actor.due, "no timer is set")
	})
}

// If it failed, those that end during a reload, and know of no window of time, would
// be put into it whenever something else happens.
func TestAWindowOfTimeThatBeginsLooksOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, rated(0))
		settings := policies.DefaultBreaker()
		rated(64 * time.Second)(&settings)
		b.Configure(&settings, nil)
		b.waits(1, 5)
		pass(time.Second)
		assert.Zero(t, b.generationsThatWait())
		assert.Equal(t, 5, b.counts().WindowCalls)
	})
}

// If it failed, a trip that the end of older successes brings would not come.
func TestTakingInSuccessesMayTrip(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, rated(64*time.Second), func(s *policies.Breaker) { s.FailureRate = 0.3 })
		b.waits(1, 3)
		b.Untold()
		pass(40 * time.Second)
		b.settle(policies.Failure, errPlain)
		b.settle(policies.Success, nil)
		b.in(breaker.Closed)
		pass(30 * time.Second)
		b.waits(1, 1)
		b.Untold()
		pass(time.Second)
		b.in(breaker.Open)
		b.last(breaker.Open, breaker.ReasonFailureRate)
	})
}

// If it failed, successes that begin to wait while the breaker takes in a failure
// would be left out of a decision that they belong to.
func TestSuccessesThatBeginToWaitMeanwhileAreTakenIn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t, rated(0))
		b.next = func() { b.waiting[1] = 1 }
		b.settle(policies.Failure, errPlain)
		b.in(breaker.Open)
		assert.EqualValues(t, 1, b.counts().Successes)

		b.Reset()
		b.settle(policies.Failure, errPlain)
		b.in(breaker.Closed)
		b.waiting[b.View().Generation] = 1
		taken := make(closing)
		b.TakeIn(taken)
		<-taken
		b.in(breaker.Open)
	})
}
