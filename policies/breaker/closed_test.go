package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func TestClosedTripsOnConsecutiveFailures(t *testing.T) {
	for name, c := range map[string]struct {
		threshold int
		calls     []policies.Outcome
		want      State
		failures  int
	}{
		"successes keep it closed":            {3, []policies.Outcome{succeed, succeed, succeed, succeed, succeed}, Closed, 0},
		"below the threshold":                 {3, []policies.Outcome{fail, fail}, Closed, 2},
		"at the threshold":                    {3, []policies.Outcome{fail, fail, fail}, Open, 3},
		"threshold one":                       {1, []policies.Outcome{fail}, Open, 1},
		"a success ends the run":              {3, []policies.Outcome{fail, fail, succeed, fail, fail}, Closed, 2},
		"a cancelled call does not end it":    {3, []policies.Outcome{fail, fail, ignore, fail}, Open, 3},
		"a cancelled call does not trip":      {1, []policies.Outcome{ignore, ignore}, Closed, 0},
		"a throttled call does not trip":      {1, []policies.Outcome{throttle, throttle}, Closed, 0},
		"a throttled call does not end it":    {2, []policies.Outcome{fail, throttle, fail}, Open, 2},
		"an unknown outcome counts as no one": {1, []policies.Outcome{255}, Closed, 0},
		"never":                               {policies.Never, make101Failures(), Closed, 101},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, func(s *policies.Breaker) { s.FailureThreshold = c.threshold })
			r.call(c.calls...)
			assert.Equal(t, c.want, r.State())
			assert.Equal(t, c.failures, r.counts().ConsecutiveFailures)
		})
	}
}

func make101Failures() []policies.Outcome {
	calls := make([]policies.Outcome, 101)
	for i := range calls {
		calls[i] = fail
	}
	return calls
}

// Never is a number like any other to a counter that only compares.
func TestNeverIsNotACount(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureThreshold = policies.Never })
	r.Machine.counts.ConsecutiveFailures = policies.Never - 1
	assert.Nil(t, r.call(fail).Transition)
}

func TestTheTripSaysWhatHappened(t *testing.T) {
	r := newRig(t)
	r.pass(time.Hour)
	e := r.call(fail, fail, fail)
	assert.False(t, e.Stale)
	assert.Equal(t, &Transition{
		From: Closed, To: Open, Reason: ReasonConsecutiveFailures,
		At: r.now, Generation: 2, Until: r.now.Add(time.Minute),
	}, e.Transition)
	assert.Equal(t, uint64(2), r.Generation())
	assert.Equal(t, r.now, r.counts().LastTransition)
	assert.Equal(t, r.now.Add(time.Minute), r.counts().OpenUntil)
	assert.Equal(t, r.Until(), r.counts().OpenUntil)
}

// The rates: the defaults of peers trip on the first failed call of a quiet
// target when the minimum is not looked at.
func TestClosedTripsOnRates(t *testing.T) {
	failing := func(s *policies.Breaker) { s.FailureRate = 0.5 }
	crawling := func(s *policies.Breaker) { s.SlowCallRate = 0.5 }
	for name, c := range map[string]struct {
		change func(*policies.Breaker)
		calls  string // f failure, s success, F and S the same but slow, i ignored, t throttled
		reason Reason // "": stays closed
	}{
		"too few calls":                      {failing, "fff", ""},
		"at the minimum and the rate":        {failing, "ssff", ReasonFailureRate},
		"below the rate":                     {failing, "sssf", ""},
		"a success may complete the minimum": {failing, "fffs", ReasonFailureRate},
		"ignored calls are not in it":        {failing, "ffiitti", ""},
		"old calls leave it":                 {failing, "sfsffssssssssssss", ReasonFailureRate},
		"slow successes":                     {crawling, "ssSS", ReasonSlowCallRate},
		"slow failures":                      {crawling, "ssFF", ReasonSlowCallRate},
		"slow calls without a rate for them": {failing, "SSSSSSSS", ""},
		"too few slow calls":                 {crawling, "sssS", ""},
		"failures without a rate for them":   {crawling, "ffffffff", ""},
	} {
		t.Run(name, func(t *testing.T) {
			for _, window := range []func(*policies.Breaker){
				func(s *policies.Breaker) { s.WindowCalls = 8 },
				func(s *policies.Breaker) { s.WindowDuration = time.Hour },
			} {
				r := newRig(t, window, c.change, func(s *policies.Breaker) {
					s.FailureThreshold, s.MinimumCalls = policies.Never, 4
				})
				var e Effect
				for _, call := range c.calls {
					switch call {
					case 's':
						e = r.call(succeed)
					case 'f':
						e = r.call(fail)
					case 'S':
						e = r.slowCall(succeed)
					case 'F':
						e = r.slowCall(fail)
					case 'i':
						e = r.call(ignore)
					case 't':
						e = r.call(throttle)
					}
					if e.Transition != nil {
						break
					}
				}
				assert.Equal(t, c.reason, made(e).Reason)
				assert.Equal(t, c.reason != "", r.State() == Open)
			}
		})
	}
}

// A rate that a decimal fraction meets exactly has to trip: 0.7 is not a
// float, and 7 >= 0.7*10 depends on luck.
func TestRateIsMetExactly(t *testing.T) {
	for failures := 1; failures <= 100; failures++ {
		r := newRig(t, func(s *policies.Breaker) {
			s.FailureThreshold, s.MinimumCalls, s.WindowCalls = policies.Never, 100, 100
			s.FailureRate = float64(failures) / 100
		})
		for range 100 - failures {
			r.call(succeed)
		}
		for range failures - 1 {
			r.call(fail)
		}
		require.Equal(t, Closed, r.State())
		require.Equal(t, ReasonFailureRate, r.call(fail).Transition.Reason, "%d of 100", failures)
	}
}

func TestSlowIsFromTheDurationOn(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.SlowCallRate, s.SlowCallDuration = 1, time.Second })
	r.Settle(r.now, 0, r.admit(), succeed, time.Second-1)
	assert.Zero(t, r.counts().Slow)
	r.Settle(r.now, 0, r.admit(), succeed, time.Second)
	r.Settle(r.now, 0, r.admit(), ignore, time.Hour)
	r.Settle(r.now, 0, r.admit(), throttle, time.Hour)
	assert.Equal(t, uint64(1), r.counts().Slow)
	assert.Equal(t, 1, r.counts().WindowSlow)
}

// Owners skip the message for a success by this answer: a wrong true loses
// outcomes that matter, a wrong false costs a message a call.
func TestSuccessesMayWait(t *testing.T) {
	rated := func(s *policies.Breaker) { s.FailureRate = 0.5 }
	assert.True(t, newRig(t).SuccessesMayWait())
	assert.True(t, newRig(t, rated).SuccessesMayWait())

	r := newRig(t)
	r.call(fail)
	assert.False(t, r.SuccessesMayWait(), "it would end the run of failures")
	r.call(succeed)
	assert.True(t, r.SuccessesMayWait())

	assert.False(t, newRig(t).open().SuccessesMayWait())
	assert.False(t, newRig(t).halfOpen().SuccessesMayWait())
	r = newRig(t, rated)
	r.ForceOpen(r.now, time.Time{})
	assert.False(t, r.SuccessesMayWait())
	r.ForceClose(r.now)
	assert.True(t, r.SuccessesMayWait())
	r.Disable(r.now)
	assert.True(t, r.SuccessesMayWait())
}

// A permit can name a probe only in the half-open generation that gave it.
func TestAProbeOfAnotherMachineIsStale(t *testing.T) {
	r := newRig(t)
	e := r.settle(Permit{Generation: r.Generation(), Probe: 1}, fail)
	assert.True(t, e.Stale)
	assert.Zero(t, r.counts().ConsecutiveFailures)
}
