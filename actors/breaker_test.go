package actors

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
)

func TestABreakerIsReachedByItsName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		assert.Equal(t, "api", b.Name())
		assert.Equal(t, "breaker", b.PID().Id)
		assert.True(t, b.Is(b.PID()))
		assert.False(t, b.Is(b.parent.ref.PID()))
		b.in(breaker.Closed)
		assert.True(t, b.View().Quiet, "a success need not be told")
		assert.Nil(t, b.View().Refusal)
	})
}

// If it failed, calls would get through to a target that is down, or an
// operator would not learn why.
func TestATripPublishesAViewAndAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.settle(policies.Failure, errors.New("an earlier failure"))
		assert.False(t, b.View().Quiet, "a success would end the run of failures")
		b.in(breaker.Closed)
		pass(time.Second)
		b.settle(policies.Failure, errPlain)

		v := b.View()
		b.in(breaker.Open)
		assert.Equal(t, time.Now(), v.Since)
		require.NotNil(t, v.Refusal)
		assert.Equal(t, OpenError{Name: "api", Cause: errPlain, Until: time.Now().Add(30 * time.Second),
			Reason: breaker.ReasonConsecutiveFailures}, *v.Refusal)
		e := b.last(breaker.Open, breaker.ReasonConsecutiveFailures)
		assert.Equal(t, errPlain, e.Cause)
		assert.Equal(t, time.Now(), e.At)
		assert.EqualValues(t, 1, b.moved.Load())
	})
}

// If it failed, every call would pay for a view that says what the last said.
func TestAViewIsOnlyReplacedWhenItSaysSomethingElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		v := b.View()
		b.settle(policies.Success, nil)
		b.settle(policies.Ignored, errPlain)
		b.Query(func(*breaker.Machine, time.Time) {})
		assert.Same(t, v, b.View())
		b.settle(policies.Failure, errPlain)
		assert.NotSame(t, v, b.View())
	})
}

func TestAnOperatorsCommandsHaveTakenEffectWhenTheyReturn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		for i, c := range []struct {
			command func()
			state   breaker.State
			why     breaker.Reason
		}{
			{func() { b.ForceOpen(time.Time{}) }, breaker.ForcedOpen, breaker.ReasonForcedOpen},
			{b.ForceClose, breaker.ForcedClosed, breaker.ReasonForcedClosed},
			{b.Disable, breaker.Disabled, breaker.ReasonDisabled},
			{b.Reset, breaker.Closed, breaker.ReasonReset},
		} {
			c.command()
			b.in(c.state)
			e := b.last(c.state, c.why)
			assert.NoError(t, e.Cause, "no failure did that")
			assert.EqualValues(t, i+1, b.moved.Load())
		}
	})
}

// If it failed, a caller refused by a forced breaker would be told of a wait
// or a failure that has nothing to do with it.
func TestAForcedOpenRefusalNamesNoCause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.trip()
		b.ForceOpen(time.Time{})
		assert.Equal(t, OpenError{Name: "api", Reason: breaker.ReasonForcedOpen}, *b.View().Refusal)
		until := time.Now().Add(time.Hour)
		b.ForceOpen(until)
		assert.Equal(t, OpenError{Name: "api", Until: until, Reason: breaker.ReasonForcedOpen}, *b.View().Refusal)
	})
}

func TestTripConfigureAndRenewDoNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		b.Trip(breaker.ReasonRestartIntensity, errPlain)
		assert.Equal(t, errPlain, b.last(breaker.Open, breaker.ReasonRestartIntensity).Cause)
		b.Trip(breaker.ReasonRestartIntensity, errPlain)
		assert.Len(t, b.transitions(), 1, "an open breaker is not tripped again")

		b.Renew(nil)
		b.last(breaker.Closed, breaker.ReasonReset)

		settings := policies.DefaultBreaker()
		settings.FailureThreshold = 1
		b.Configure(&settings, nil)
		assert.Len(t, b.transitions(), 2, "other numbers are no transition")
		b.settle(policies.Failure, errPlain)
		b.last(breaker.Open, breaker.ReasonConsecutiveFailures)

		settings.Enabled = false
		b.Configure(&settings, nil)
		b.last(breaker.Disabled, breaker.ReasonReconfigured)
		b.in(breaker.Disabled)
	})
}

// If it failed, slow calls would not be timed, or all others would pay for it.
func TestAViewIsTimedWhileSlowCallsCount(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		assert.False(t, b.View().Timed)
		settings := policies.DefaultBreaker()
		settings.SlowCallRate, settings.WindowCalls, settings.MinimumCalls = 1, 2, 2
		settings.SlowCallDuration = time.Second
		b.Configure(&settings, nil)
		assert.True(t, b.View().Timed)
		for range 2 {
			b.settled(Settlement{Permit: breaker.Permit{Generation: b.View().Generation}, Outcome: policies.Success, Ran: time.Second})
		}
		b.last(breaker.Open, breaker.ReasonSlowCallRate)
	})
}

// If it failed, an attempt from before a trip would close or reopen the
// breaker without a probe, or vanish without a trace.
func TestALateOutcomeChangesNothingAndIsTold(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBench(t)
		permit := breaker.Permit{Generation: b.View().Generation}
		b.trip()
		pass(30 * time.Second)
		b.in(breaker.HalfOpen)
		v, moved := b.View(), b.moved.Load()
		b.settled(Settlement{Permit: permit, Outcome: policies.Success})
		synctest.Wait()
		assert.Same(t, v, b.View())
		assert.Equal(t, moved, b.moved.Load())
		all := b.events.list()
		assert.Equal(t, StaleOutcome{Header: Header{"api", time.Now()}, Outcome: policies.Success,
			Admitted: permit.Generation, Current: v.Generation}, all[len(all)-1])
	})
}

// If it failed, whoever acts on an event would find the breaker in the state
// it has just left.
//
// The actor is held up in the middle of its publishing, after the subscribers
// and before the event stream.
func TestTheViewIsPublishedBeforeTheEvent(t *testing.T) {
	system := newSystem(t)
	bus, err := NewBus(system, "events")
	require.NoError(t, err)
	b := &bench{t: t, bus: bus}
	settings := policies.DefaultBreaker()
	b.Breaker = NewBreaker("api", &settings, bus, b)
	require.NoError(t, b.Start(system.Root))
	type sighting struct {
		event BreakerChanged
		view  *View
	}
	seen := make(chan sighting, 1)
	bus.Subscribe(func(e Event) { seen <- sighting{e.(BreakerChanged), b.View()} }, 1)

	obeyed := make(chan struct{})
	system.EventStream.Lock()
	go func() {
		defer close(obeyed)
		b.ForceOpen(time.Time{})
	}()
	s := <-seen
	system.EventStream.Unlock()
	assert.Equal(t, breaker.ForcedOpen, s.view.State)
	assert.Equal(t, s.event.Transition.Generation, s.view.Generation)
	<-obeyed
	for _, ended := range bus.Close() {
		<-ended
	}
	b.ref.Load().Stop()
}
