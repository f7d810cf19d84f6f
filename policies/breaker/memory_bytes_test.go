package breaker

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// costBits is a cost as a memory has it.
func costBits(cost float64) []byte {
	b := math.Float64bits(cost)
	return []byte{byte(b >> 56), byte(b >> 48), byte(b >> 40), byte(b >> 32), byte(b >> 24), byte(b >> 16), byte(b >> 8), byte(b)}
}

func joined(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// restoreWindow restores a memory with those bytes for its window or its costs.
func restoreWindow(window, costs []byte) (*Machine, error) {
	s := settings(func(s *policies.Breaker) {
		s.FailureRate, s.WindowDuration = 1, timeBuckets*time.Second
		s.FailureCost, s.CostWindow = 100, timeBuckets*time.Second
	})
	return Restore(s, Memory{Generation: 1, Enabled: true, At: start, Since: start, Window: window, Costs: costs}, start)
}

// If it failed, a memory that was damaged where it was stored would be taken for
// calls that never were, or stop the program.
func TestRestoreRefusesEveryDamagedWindow(t *testing.T) {
	const aSecond = "\x80\x94\xeb\xdc\x03" // 1e9, the width of a bucket
	ring := joined([]byte{rememberedTime}, []byte(aSecond), []byte{64, 0})
	good := joined(ring, []byte{5, 3, 2, 1}, []byte{0, 1, 1, 1})
	m, err := restoreWindow(good, nil)
	require.NoError(t, err)
	c := m.Counts(start)
	require.Equal(t, tally{4, 3, 2}, tally{c.WindowCalls, c.WindowFailures, c.WindowSlow})

	for name, window := range map[string][]byte{
		"a window of no calls at all":       {rememberedCalls, 0, 0},
		"more calls than fit":               {rememberedCalls, 1, 2, 5},
		"a window of calls without a size":  {rememberedCalls},
		"a window of calls without calls":   {rememberedCalls, 4},
		"no width":                          {rememberedTime},
		"no buckets":                        joined([]byte{rememberedTime}, []byte(aSecond)),
		"no beginning":                      ring[:len(ring)-1],
		"a beginning without an end":        joined(ring[:len(ring)-1], []byte{0x80}),
		"none of the buckets":               joined([]byte{rememberedTime}, []byte(aSecond), []byte{0, 0}),
		"buckets of no width":               {rememberedTime, 0, 64, 0},
		"more buckets than there are":       joined([]byte{rememberedTime}, []byte(aSecond), []byte{65, 0}),
		"a bucket that is no bucket":        joined(ring, []byte{64, 1, 1, 1}),
		"more failures than calls":          joined(ring, []byte{0, 1, 2, 0}),
		"more slow calls than calls":        joined(ring, []byte{0, 1, 0, 2}),
		"a bucket twice":                    joined(ring, []byte{5, 1, 1, 0, 5, 1, 1, 0}),
		"buckets in the wrong order":        joined(ring, []byte{0, 1, 1, 0, 5, 1, 1, 0}),
		"a bucket cut off in the middle":    good[:len(good)-1],
		"a bucket cut off behind its place": good[:len(good)-3],
	} {
		_, err := restoreWindow(window, nil)
		assert.ErrorIs(t, err, ErrMemory, name)
	}

	ring[0] = rememberedCosts
	costs := joined(ring, []byte{5}, costBits(2), []byte{0}, costBits(0.5))
	m, err = restoreWindow(nil, costs)
	require.NoError(t, err)
	require.Equal(t, 2.5, m.Counts(start).WindowCost)
	for name, costs := range map[string][]byte{
		"a window of calls":          good,
		"no ring":                    {rememberedCosts},
		"no beginning":               ring[:len(ring)-1],
		"none of the buckets":        joined([]byte{rememberedCosts}, []byte(aSecond), []byte{0, 0}),
		"buckets of no width":        {rememberedCosts, 0, 64, 0},
		"a bucket that is no bucket": joined(ring, []byte{64}, costBits(1)),
		"a bucket twice":             joined(ring, []byte{5}, costBits(1), []byte{5}, costBits(1)),
		"buckets in the wrong order": joined(ring, []byte{0}, costBits(1), []byte{5}, costBits(1)),
		"a bucket without a cost":    joined(ring, []byte{5}),
		"a cost cut off":             joined(ring, []byte{5}, costBits(1)[:7]),
		"a cost of nothing":          joined(ring, []byte{5}, costBits(0)),
		"a cost below nothing":       joined(ring, []byte{5}, costBits(-1)),
		"a cost that is no number":   joined(ring, []byte{5}, costBits(math.NaN())),
		"a cost without end":         joined(ring, []byte{5}, costBits(math.Inf(1))),
	} {
		_, err := restoreWindow(nil, costs)
		assert.ErrorIs(t, err, ErrMemory, name)
	}
}

// If it failed, a memory with one impossible number would become a machine.
func TestRestoreRefusesImpossibleNumbers(t *testing.T) {
	for name, edit := range map[string]func(*Memory){
		"the state after the last": func(m *Memory) { m.State = Disabled + 1 },
		"failures below 0":         func(m *Memory) { m.ConsecutiveFailures = -1 },
		"successes below 0":        func(m *Memory) { m.ProbeSuccesses = -1 },
		"reopenings below 0":       func(m *Memory) { m.Reopens = -1 },
	} {
		m := Memory{Generation: 1, Enabled: true, At: start, Since: start}
		_, err := Restore(settings(), m, start)
		require.NoError(t, err)
		edit(&m)
		_, err = Restore(settings(), m, start)
		assert.ErrorIs(t, err, ErrMemory, name)
	}
}

// If it failed, the memories of many idle breakers would take the room of all
// their empty buckets.
func TestAMemoryHoldsNoEmptyBuckets(t *testing.T) {
	r := newRig(t, func(s *policies.Breaker) {
		s.FailureThreshold, s.FailureRate, s.WindowDuration, s.FailureCost = policies.Never, 1, time.Hour, 100
	})
	r.SettleAttempt(r.now, 0, r.admit(), Attempt{Outcome: fail, Cost: 1})
	m := r.Memory(r.now)
	assert.LessOrEqual(t, len(m.Window), 16)
	assert.LessOrEqual(t, len(m.Costs), 24)
}

// If it failed, what a window still needs would be dropped as expired, or what
// no window needs be kept.
func TestExpiryFollowsTheWindowsThatHoldSomething(t *testing.T) {
	s := settings(func(s *policies.Breaker) {
		s.FailureThreshold, s.WindowDuration, s.CostWindow = policies.Never, time.Hour, 2*time.Hour
	})
	for _, c := range []struct {
		memory Memory
		keep   time.Duration
	}{
		{Memory{At: start}, s.MaxRecoveryTimeout},
		{Memory{At: start, Window: []byte{rememberedTime}}, time.Hour},
		{Memory{At: start, Costs: []byte{rememberedCosts}}, 2 * time.Hour},
	} {
		at, ever := c.memory.Expires(&s)
		assert.True(t, ever)
		assert.Equal(t, start.Add(c.keep), at)
	}
}

// If it failed, a memory that keeps calls out would be dropped as one that does
// not, or one that doesn't be kept in its place.
func TestWhichMemoriesRefuse(t *testing.T) {
	for state, want := range map[State]bool{Closed: false, Open: true, HalfOpen: true, ForcedOpen: true, ForcedClosed: false, Disabled: false} {
		assert.Equal(t, want, (&Memory{State: state}).Refuses(), state.String())
	}
}

// If it failed, a breaker put away during a ramp would open for longer the next
// time, though its ramp is over.
func TestAMemoryOfARampIsThatOfARecovery(t *testing.T) {
	r := ramps(t).halfOpen()
	r.call(fail)
	r.tickAtNext()
	r.call(succeed)
	require.True(t, r.Ramping())
	require.Equal(t, 1, r.counts().Reopens)
	assert.Zero(t, r.Memory(r.now).Reopens)
}
