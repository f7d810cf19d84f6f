package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

func TestSuccessRate(t *testing.T) {
	for _, c := range []struct {
		counts Counts
		want   float64
	}{
		{Counts{}, 1},
		{Counts{Ignored: 5, Throttled: 5, Stale: 5, Rejected: 5}, 1},
		{Counts{Successes: 3}, 1},
		{Counts{Failures: 3}, 0},
		{Counts{Successes: 3, Failures: 1, Ignored: 100}, 0.75},
	} {
		assert.Equal(t, c.want, c.counts.SuccessRate())
	}
}

func TestCountsSayWhen(t *testing.T) {
	r := newRig(t)
	r.pass(time.Second)
	r.call(succeed)
	r.pass(time.Second)
	r.call(fail)
	r.pass(time.Second)
	r.call(ignore, throttle)
	c := r.counts()
	assert.Equal(t, start.Add(time.Second), c.LastSuccess)
	assert.Equal(t, start.Add(2*time.Second), c.LastFailure)
	assert.Equal(t, start, c.LastTransition)
}

func TestStreaks(t *testing.T) {
	r := newRig(t)
	r.call(succeed, ignore, succeed)
	assert.Equal(t, 2, r.counts().ConsecutiveSuccesses)
	r.call(fail)
	assert.Zero(t, r.counts().ConsecutiveSuccesses)
	assert.Equal(t, 1, r.counts().ConsecutiveFailures)
}

// A read that moved the window would let a dashboard's clock change when a
// breaker trips.
func TestReadingCountsChangesNothing(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.WindowDuration = 0.9, time.Minute })
	r.call(succeed, fail)
	assert.Zero(t, r.Counts(r.now.Add(time.Hour)).WindowCalls)
	assert.Equal(t, 2, r.counts().WindowCalls)
}
