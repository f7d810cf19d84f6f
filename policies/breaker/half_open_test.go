package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func slots(n int) func(*policies.Breaker) {
	return func(s *policies.Breaker) { s.HalfOpenMaxCalls = n }
}

// Bindu: 100 of 100 concurrent calls ran in half-open.
func TestHalfOpenAdmitsOnlyItsSlots(t *testing.T) {
	for _, n := range []int{1, 2, 7, 10_000} {
		r := newRig(t, slots(n)).halfOpen()
		seen := map[uint64]bool{}
		for range n {
			p := r.admit()
			assert.True(t, p.IsProbe())
			assert.Equal(t, r.now.Add(time.Minute), r.Lease(p))
			assert.False(t, seen[p.Probe], "an id was given twice")
			seen[p.Probe] = true
		}
		r.refused()
		assert.Equal(t, n, r.counts().ProbesRunning)
		assert.Equal(t, uint64(1), r.counts().Rejected)
	}
}

func TestProbesDecide(t *testing.T) {
	for name, c := range map[string]struct {
		calls  []policies.Outcome
		want   State
		reason Reason
	}{
		"one success of two":                   {[]policies.Outcome{succeed}, HalfOpen, ""},
		"two successes":                        {[]policies.Outcome{succeed, succeed}, Closed, ReasonProbesSucceeded},
		"a failure":                            {[]policies.Outcome{fail}, Open, ReasonProbeFailed},
		"a success, then a failure":            {[]policies.Outcome{succeed, fail}, Open, ReasonProbeFailed},
		"a cancelled probe does not close":     {[]policies.Outcome{succeed, ignore}, HalfOpen, ""},
		"a throttled probe does not close":     {[]policies.Outcome{succeed, throttle}, HalfOpen, ""},
		"cancelled probes keep no slot":        {[]policies.Outcome{ignore, ignore, throttle, ignore}, HalfOpen, ""},
		"an ignored one between two is no end": {[]policies.Outcome{succeed, ignore, succeed}, Closed, ReasonProbesSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t).halfOpen()
			e := r.call(c.calls...)
			assert.Equal(t, c.want, r.State())
			assert.Equal(t, c.reason, made(e).Reason)
			assert.Equal(t, c.reason != "", e.Transition != nil)
			assert.Zero(t, r.counts().ProbesRunning, "a slot leaked")
		})
	}
}

func TestClosingClearsWhatLedToTheTrip(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.FailureRate, s.MinimumCalls = 1, 3 })
	r.call(fail, fail, fail)
	assert.Equal(t, 3, r.counts().ConsecutiveFailures, "the run stays to be seen while open")
	assert.Equal(t, 3, r.counts().WindowFailures)
	r.tickAtNext()
	r.call(fail)
	r.tickAtNext()
	assert.Equal(t, 1, r.counts().Reopens)
	r.call(succeed, succeed)
	require.Equal(t, Closed, r.State())

	c := r.counts()
	assert.Zero(t, c.ConsecutiveFailures)
	assert.Zero(t, c.ConsecutiveSuccesses)
	assert.Zero(t, c.WindowCalls)
	assert.Zero(t, c.WindowFailures)
	assert.Zero(t, c.ProbeSuccesses)
	assert.Zero(t, c.Reopens)
	assert.Equal(t, uint64(4), c.Failures)
	assert.Equal(t, uint64(2), c.Successes)

	e := r.call(fail, fail, fail)
	assert.Equal(t, r.now.Add(time.Minute), e.Transition.Until, "the growth of the open time was kept")
}

// failsafe-go and Bindu: successes admitted while closed close the breaker
// while its probe is still in flight.
func TestStaleSuccessDoesNotClose(t *testing.T) {
	r := newRig(t)
	early := []Permit{r.admit(), r.admit(), r.admit()}
	r.halfOpen()
	probe := r.admit()
	before := r.counts()
	for _, p := range early {
		assert.Equal(t, Effect{Stale: true}, r.settle(p, succeed))
	}
	before.Stale += 3
	assert.Equal(t, before, r.counts())
	assert.Equal(t, HalfOpen, r.State())
	assert.False(t, r.settle(probe, succeed).Stale)
}

// resilience4j: late results go to whatever state is current. A probe of an
// earlier half-open must not act on a later one either.
func TestProbeOfAnEarlierRecoveryIsStale(t *testing.T) {
	for _, o := range []policies.Outcome{succeed, fail, ignore, throttle} {
		r := newRig(t, slots(2)).halfOpen()
		late := r.admit()
		r.call(fail)
		assert.Zero(t, r.counts().ProbesRunning, "a probe of an ended generation holds no slot")
		r.tickAtNext()
		r.admit()
		before := r.counts()
		assert.True(t, r.settle(late, o).Stale)
		before.Stale++
		assert.Equal(t, before, r.counts())
	}
}

// A slot that is given back twice lets one probe too many through.
func TestProbeSettledTwiceIsStale(t *testing.T) {
	for _, o := range []policies.Outcome{succeed, fail, ignore, throttle} {
		r := newRig(t, slots(2)).halfOpen()
		p, other := r.admit(), r.admit()
		r.settle(p, ignore)
		assert.True(t, r.settle(p, o).Stale)
		assert.Equal(t, 1, r.counts().ProbesRunning)

		again := r.admit()
		assert.True(t, r.settle(p, o).Stale, "the slot is another probe's now")
		assert.Equal(t, 2, r.counts().ProbesRunning)
		assert.False(t, r.settle(again, ignore).Stale)
		assert.False(t, r.settle(other, ignore).Stale)
	}
}

// Owners key what they keep of a probe by its id.
func TestProbeIDsAreNeverUsedTwice(t *testing.T) {
	r := newRig(t, slots(2)).halfOpen()
	seen := map[uint64]bool{}
	for range 10 {
		for range 3 {
			p := r.admit()
			require.False(t, seen[p.Probe], "id %d", p.Probe)
			seen[p.Probe] = true
			r.settle(p, ignore)
		}
		r.call(fail)
		r.tickAtNext()
	}
}

func TestUnknownProbeIsStale(t *testing.T) {
	r := newRig(t).halfOpen()
	p := r.admit()
	for _, id := range []uint64{0, 1, p.Probe + 1, p.Probe + 1<<slotBits, 1<<slotBits - 1, 1<<64 - 1} {
		assert.True(t, r.settle(Permit{Generation: p.Generation, Probe: id}, succeed).Stale, "id %d", id)
	}
	assert.Equal(t, 1, r.counts().ProbesRunning)
	assert.Zero(t, r.counts().ProbeSuccesses)
}

// gobreaker, failsafe-go, resilience4j#935, Polly#1979: a probe that hangs,
// panics or calls Goexit blocks the breaker for ever.
func TestHungProbeDoesNotBlockForEver(t *testing.T) {
	r := newRig(t, slots(2)).halfOpen()
	hung := r.admit()
	r.pass(10 * time.Second)
	other := r.admit()

	next, ok := r.NextTick()
	require.True(t, ok)
	assert.Equal(t, r.Lease(hung), next)
	_, changed := r.Tick(next.Add(-1), 0)
	require.False(t, changed, "a lease that still runs was ended")

	tr := r.tickAtNext()
	assert.Equal(t, Open, tr.To)
	assert.Equal(t, ReasonProbeLeaseExpired, tr.Reason)
	assert.Equal(t, r.now.Add(2*time.Minute), tr.Until, "it reopens for longer")
	c := r.counts()
	assert.Equal(t, uint64(1), c.Failures)
	assert.Equal(t, 1, c.ConsecutiveFailures)
	assert.Equal(t, r.now, c.LastFailure)
	assert.Zero(t, c.ProbesRunning)

	assert.True(t, r.settle(hung, succeed).Stale)
	assert.True(t, r.settle(other, succeed).Stale)
	r.tickAtNext()
	r.call(succeed, succeed)
	assert.Equal(t, Closed, r.State())
}

func TestHalfOpenWithoutProbesWaits(t *testing.T) {
	r := newRig(t).halfOpen()
	r.call(ignore)
	_, due := r.NextTick()
	assert.False(t, due)
	r.pass(24 * time.Hour)
	_, changed := r.Tick(r.now, 0)
	assert.False(t, changed)
}

// The timer and the outcome race; the one that comes first is believed.
func TestProbeThatSettlesBeforeTheTickCounts(t *testing.T) {
	r := newRig(t).halfOpen()
	p := r.admit()
	r.pass(time.Hour)
	assert.False(t, r.settle(p, succeed).Stale)
	assert.Equal(t, 1, r.counts().ProbeSuccesses)
}

// The earliest lease has to be found though later probes may have earlier
// ones, when the clock goes back or the lease is shortened.
func TestNextTickIsTheEarliestLease(t *testing.T) {
	r := newRig(t, slots(5)).halfOpen()
	var out []Permit
	for _, step := range []time.Duration{30, -20, 5, -40, 35} {
		r.pass(step * time.Second)
		out = append(out, r.admit())
	}
	for _, i := range []int{3, 0, 1, 4, 2} {
		earliest := time.Time{}
		for _, p := range out {
			if lease := r.Lease(p); !lease.IsZero() && (earliest.IsZero() || lease.Before(earliest)) {
				earliest = lease
			}
		}
		next, ok := r.NextTick()
		require.True(t, ok)
		require.Equal(t, earliest, next)
		r.settle(out[i], ignore)
		require.Zero(t, r.Lease(out[i]), "it is over")
	}
	_, ok := r.NextTick()
	assert.False(t, ok)
}

func TestSlowProbe(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) { s.SlowCallRate = 0.5 }).halfOpen()
	e := r.slowCall(succeed)
	assert.Equal(t, ReasonProbeFailed, e.Transition.Reason)
	assert.Equal(t, uint64(1), r.counts().Successes, "the outcome itself is counted as it was")
	assert.Equal(t, uint64(1), r.counts().Slow)

	r = newRig(t).halfOpen()
	assert.Nil(t, r.slowCall(succeed).Transition, "no rate set: slow does not matter")
	assert.Equal(t, 1, r.counts().ProbeSuccesses)

	r = newRig(t, func(s *policies.Breaker) { s.SlowCallRate = 0.5 }).halfOpen()
	assert.Nil(t, r.slowCall(ignore).Transition, "a cancelled probe says nothing, however long it took")
}

// Half-open is rare; its slots must not stay beside an idle breaker.
func TestSlotsAreGivenBackToTheHeap(t *testing.T) {
	r := newRig(t, slots(10_000)).halfOpen()
	r.call(succeed, succeed)
	assert.Nil(t, r.probes.slots)
}
