package actors

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

// sleeper keeps a breaker that is not started before it is asked for.
type sleeper struct {
	*bench
	calls atomic.Int32
	held  atomic.Bool // StartBreaker is noted, and left for the test
}

func (s *sleeper) StartBreaker() {
	s.calls.Add(1)
	if !s.held.Load() {
		s.bench.StartBreaker()
	}
}

func newSleeper(t *testing.T, edits ...func(*policies.Breaker)) *sleeper {
	t.Helper()
	s := &sleeper{bench: newBench(t, edits...)}
	settings := s.actor.machine.Settings()
	s.kill()
	s.Breaker = NewBreaker("api", &settings, s.bus, s)
	return s
}

// If it failed, a breaker would be another one before anybody has told it
// something than after.
func TestABreakerLooksTheSameBeforeItsStart(t *testing.T) {
	for name, edit := range map[string]func(*policies.Breaker){
		"default":         func(*policies.Breaker) {},
		"disabled":        func(s *policies.Breaker) { s.Enabled = false },
		"failure rate":    func(s *policies.Breaker) { s.FailureRate = 0.5 },
		"slow calls":      func(s *policies.Breaker) { s.SlowCallRate = 0.5 },
		"disabled, rates": func(s *policies.Breaker) { s.Enabled, s.FailureRate, s.SlowCallRate = false, 0.5, 0.5 },
		"failure cost":    func(s *policies.Breaker) { s.FailureCost, s.CostWindow = 5, time.Minute },
		"ramp":            func(s *policies.Breaker) { s.Ramp = time.Minute },
		"by time": func(s *policies.Breaker) {
			s.FailureRate, s.WindowDuration, s.AdaptiveRecovery = 0.5, time.Minute, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := newSleeper(t, edit)
				made := time.Now()
				view := *s.View()
				var asleep, awake breaker.Counts
				s.Query(func(m *breaker.Machine, now time.Time) { asleep = m.Counts(now) })
				assert.Zero(t, s.calls.Load(), "a question needs no actor")
				pass(time.Hour)
				require.NotNil(t, s.PID())
				assert.EqualValues(t, 1, s.calls.Load())
				assert.Equal(t, view, *s.View())
				assert.Equal(t, made, s.Since(s.View()))
				s.Query(func(m *breaker.Machine, now time.Time) { awake = m.Counts(now) })
				assert.Equal(t, asleep, awake)
				assert.Empty(t, s.transitions())
			})
		})
	}
}

// If it failed, an outcome would be lost, or counted twice, because it came
// while the breaker was being started.
func TestWhatABreakerIsToldStartsItOnce(t *testing.T) {
	for range 50 {
		bubble(t, func(t *testing.T) {
			s := newSleeper(t, func(b *policies.Breaker) { b.FailureThreshold = policies.Never })
			s.held.Store(true)
			const n = 20
			var all sync.WaitGroup
			for range n {
				all.Go(func() { s.settle(policies.Failure, errPlain) })
			}
			for s.calls.Load() == 0 {
				synctest.Wait()
			}
			assert.NoError(t, s.Start(s.parent.system().Root))
			all.Wait()
			assert.EqualValues(t, 1, s.calls.Load())
			s.Query(func(m *breaker.Machine, now time.Time) { assert.EqualValues(t, n, m.Counts(now).Failures) })
		})
	}
}

// If it failed, whoever tells a breaker something for the first time would wait
// for ever, because its target has ended.
func TestTheEndAnswersWhatWaitsForTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSleeper(t)
		s.held.Store(true)
		settled := make(chan struct{})
		s.Settle(Settlement{}, closing(settled))
		synctest.Wait()
		assert.EqualValues(t, 1, s.calls.Load())
		s.EndUnstarted()
		soon(t, settled, "the settlement")
		assert.False(t, s.ask().Granted)
		assert.Nil(t, s.PID())
		s.Reset()
		assert.EqualValues(t, 1, s.calls.Load())
	})
}

// Other settings are those that it begins with, and a switch is a transition
// that somebody is told of, as it would be later.
func TestABreakerFollowsSettingsBeforeItsStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSleeper(t)
		other := policies.DefaultBreaker()
		other.FailureThreshold, other.SlowCallRate = 1, 0.9
		done := make(chan struct{})
		s.Configure(&other, func() { close(done) })
		soon(t, done, "the settings")
		assert.Zero(t, s.calls.Load())
		assert.True(t, s.View().Timed, "slow calls count now")
		s.settle(policies.Failure, errPlain)
		s.in(breaker.Open)

		s = newSleeper(t)
		off := policies.DefaultBreaker()
		off.Enabled = false
		s.Configure(&off, nil)
		s.in(breaker.Disabled)
		s.last(breaker.Disabled, breaker.ReasonReconfigured)
	})
}

// If it failed, what reaches a breaker that is put away before it was ever
// started would be lost, or start an actor that nobody ends.
func TestASealedSleeperHoldsAndForwards(t *testing.T) {
	t.Run("forward", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s, next := newSleeper(t), newBench(t)
			sealed := s.seal()
			require.True(t, sealed.sealed)
			assert.True(t, sealed.memory.Empty())
			settled := make(chan struct{})
			s.Settle(Settlement{Permit: breaker.Permit{Generation: 1}, Outcome: policies.Failure}, closing(settled))
			synctest.Wait()
			s.Forward(func(deliver func(*Breaker)) { deliver(next.Breaker) })
			soon(t, settled, "the outcome")
			s.ForceOpen(time.Time{})
			next.in(breaker.ForcedOpen)
			assert.Zero(t, s.calls.Load())
			next.Query(func(m *breaker.Machine, now time.Time) { assert.EqualValues(t, 1, m.Counts(now).Failures) })
		})
	})
	t.Run("unseal", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			s := newSleeper(t)
			require.True(t, s.seal().sealed)
			s.Unseal()
			require.True(t, s.seal().sealed, "nothing has happened")
			settled := make(chan struct{})
			s.Settle(Settlement{Permit: breaker.Permit{Generation: 1}, Outcome: policies.Failure}, closing(settled))
			assert.Zero(t, s.calls.Load())
			s.Unseal()
			soon(t, settled, "the outcome")
			assert.EqualValues(t, 1, s.calls.Load())
		})
	})
}

// If it failed, successes that wait to be told would not be counted, or counted
// with each question.
func TestSuccessesThatWaitAreCountedBeforeTheStart(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := newSleeper(t)
		s.waits(1, 3)
		for range 2 {
			s.Query(func(m *breaker.Machine, now time.Time) { assert.EqualValues(t, 3, m.Counts(now).Successes) })
		}
		assert.Zero(t, s.calls.Load())
		s.settle(policies.Failure, errPlain)
		assert.Zero(t, s.generationsThatWait())
		s.Query(func(m *breaker.Machine, now time.Time) {
			assert.EqualValues(t, 3, m.Counts(now).Successes)
			assert.EqualValues(t, 1, m.Counts(now).Failures)
		})
	})
}
