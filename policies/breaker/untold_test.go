package breaker

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// If it failed, a target with a rate would trip where it should not, or not trip
// where it should, for an owner that keeps successes for itself: told each one,
// and told of all that wait before anything else, a machine decides the same.
func TestSuccessesThatWaitChangeNoDecision(t *testing.T) {
	outcomes := []policies.Outcome{succeed, succeed, succeed, succeed, fail, ignore, throttle}
	for seed := range uint64(3000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		s := settings(func(s *policies.Breaker) {
			s.FailureThreshold = []int{3, policies.Never}[rnd.IntN(2)]
			s.FailureRate = []float64{0, 0.1, 0.5, 1}[rnd.IntN(4)]
			s.SlowCallRate = []float64{0, 0.3}[rnd.IntN(2)]
			s.WindowCalls = 1 + rnd.IntN(30)
			s.MinimumCalls = 1 + rnd.IntN(s.WindowCalls)
		})
		now := start
		told, owner := New(s, now), New(s, now)
		waiting := uint64(0)
		record := func() {
			require.Nil(t, owner.RecordSuccesses(now, 0.5, waiting).Transition, "seed %d", seed)
			waiting = 0
		}
		for range 300 {
			now = now.Add(time.Duration(rnd.IntN(20)) * time.Second)
			o, ran := outcomes[rnd.IntN(len(outcomes))], time.Duration(rnd.IntN(2))*s.SlowCallDuration
			toldMoved, toldTick := told.Tick(now, 0.5)
			if due, ok := owner.NextTick(); ok && !now.Before(due) {
				record()
			}
			ownerMoved, ownerTick := owner.Tick(now, 0.5)
			require.Equal(t, toldMoved, ownerMoved)
			require.Equal(t, toldTick, ownerTick)
			if rnd.IntN(50) == 0 {
				record()
				require.Equal(t, told.Reset(now), owner.Reset(now))
			}
			permit, admitted := told.Admit(now)
			if !admitted {
				_, admitted = owner.Admit(now)
				require.False(t, admitted)
				continue
			}
			_, admitted = owner.Admit(now)
			require.True(t, admitted)
			slow := s.SlowCallRate > 0 && ran >= s.SlowCallDuration
			want := told.Settle(now, 0.5, permit, o, ran)
			if o == succeed && !slow && owner.SuccessesMayWait() {
				require.Nil(t, want.Transition, "seed %d: it should not have waited", seed)
				waiting++
				continue
			}
			record()
			require.Equal(t, want, owner.Settle(now, 0.5, permit, o, ran), "seed %d", seed)
		}
		record()
		want, got := told.Counts(now), owner.Counts(now)
		got.LastSuccess = want.LastSuccess
		require.Equal(t, want, got, "seed %d", seed)
	}
}

// If it failed, a window of time would forget a success too soon, or keep it for
// longer than RecordWithin says, or lose one.
func TestSuccessesThatWaitStayLongerByAStepAtMost(t *testing.T) {
	const step = time.Second
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		s := settings(func(s *policies.Breaker) {
			s.FailureThreshold, s.FailureRate, s.WindowDuration = policies.Never, 1, timeBuckets*step
			s.MinimumCalls = 100_000 // it is not to trip
		})
		now := start
		told, owner := New(s, now), New(s, now)
		var waiting uint64
		var record time.Time // when the owner has to record what waits
		var calls []time.Time
		for range 500 {
			later := now.Add(time.Duration(rnd.IntN(1500)) * time.Millisecond)
			if waiting > 0 && !later.Before(record) {
				owner.RecordSuccesses(record, 0, waiting)
				waiting = 0
			}
			now = later
			calls = append(calls, now)
			told.Settle(now, 0, Permit{Generation: 1}, succeed, 0)
			if waiting++; waiting == 1 {
				record = now.Add(owner.RecordWithin())
			}
			if rnd.IntN(20) > 0 {
				continue
			}
			owner.RecordSuccesses(now, 0, waiting)
			waiting = 0
			most := 0
			for _, at := range calls {
				if now.Sub(at) < s.WindowDuration+step {
					most++
				}
			}
			least, got := told.Counts(now).WindowCalls, owner.Counts(now).WindowCalls
			require.GreaterOrEqual(t, got, least, "seed %d", seed)
			require.LessOrEqual(t, got, most, "seed %d", seed)
		}
	}
}

// If it failed, every success of a target with a rate would be a message.
func TestSuccessesWaitUnderARate(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.WindowCalls, s.MinimumCalls = policies.Never, 0.5, 10, 4
	})
	assert.True(t, r.SuccessesMayWait(), "nothing has failed")
	r.call(fail)
	assert.False(t, r.SuccessesMayWait(), "it ends a run of failures")
	r.call(succeed)
	assert.True(t, r.SuccessesMayWait(), "one of four at most")
	r.call(fail, succeed)
	assert.Equal(t, Open, r.State())

	r = newRig(t, func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.WindowCalls, s.MinimumCalls = policies.Never, 0.5, 10, 4
	})
	r.call(fail, succeed, fail)
	require.Equal(t, Closed, r.State())
	assert.False(t, r.SuccessesMayWait(), "the next call brings the window up to its minimum")
}

// If it failed, a window of time would keep successes for longer than it says, or
// its owner would set a timer for nothing.
func TestHowLongSuccessesMayWait(t *testing.T) {
	assert.Zero(t, newRig(t).RecordWithin())
	assert.Zero(t, newRig(t, func(s *policies.Breaker) { s.FailureRate = 0.5 }).RecordWithin())
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.WindowDuration = 0.5, 64*time.Second })
	assert.Equal(t, time.Second, r.RecordWithin())
	require.Nil(t, r.RecordSuccesses(r.now, 0, 7).Transition)
	assert.Equal(t, 7, r.counts().WindowCalls)
	r.pass(64 * time.Second)
	assert.Zero(t, r.counts().WindowCalls)
	assert.EqualValues(t, 7, r.counts().Successes)
}

// If it failed, a trip that time brings would wait for the next failure, however
// far away that is.
func TestRecordingLooksAtTheRates(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.WindowDuration, s.MinimumCalls = policies.Never, 0.3, 64*time.Second, 2
	})
	r.call(succeed, succeed, succeed)
	r.pass(40 * time.Second)
	r.call(fail, succeed)
	require.Equal(t, Closed, r.State())
	r.pass(30 * time.Second) // the first three are too old now
	require.Nil(t, r.RecordSuccesses(r.now, 0, 0).Transition, "there is nothing to record")
	require.NotNil(t, r.RecordSuccesses(r.now, 0, 1).Transition, "one of three")
	assert.Equal(t, Open, r.State())
}

// If it failed, a success that was put by while a failure was taken in would not
// end the run that it began.
func TestARecordedSuccessEndsARunOfFailures(t *testing.T) {
	r := newRig(t)
	r.call(fail, fail)
	require.Nil(t, r.RecordSuccesses(r.now, 0, 1).Transition)
	assert.Zero(t, r.counts().ConsecutiveFailures)
	r.call(fail)
	assert.Equal(t, Closed, r.State(), "the threshold is 3")
}

// What was not in force any more when it was recorded is counted, and no more.
func TestSuccessesOfAnEarlierGeneration(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate = 0.5 })
	r.CountSuccesses(3)
	assert.EqualValues(t, 3, r.counts().Successes)
	assert.Zero(t, r.counts().WindowCalls)
	r.Disable(r.now)
	require.Nil(t, r.RecordSuccesses(r.now, 0, 5).Transition)
	assert.EqualValues(t, 3, r.counts().Successes, "a disabled one counts nothing")
	r.ForceClose(r.now)
	require.Nil(t, r.RecordSuccesses(r.now, 0, 5).Transition)
	assert.EqualValues(t, 8, r.counts().Successes)
	assert.Zero(t, r.counts().ConsecutiveSuccesses)
}

// If it failed, an owner would keep a clock for nothing, or not tell of slow calls.
func TestJudgesSlowness(t *testing.T) {
	assert.False(t, newRig(t).JudgesSlowness())
	assert.False(t, newRig(t, func(s *policies.Breaker) { s.FailureRate = 0.5 }).JudgesSlowness())
	assert.True(t, newRig(t, func(s *policies.Breaker) { s.SlowCallRate = 0.5 }).JudgesSlowness())
}
