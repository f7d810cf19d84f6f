package worth

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var start = time.Unix(1_000_000, 0)

// at is the moment that many milliseconds after the start.
func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// Broken, a model that knows nothing would forbid something.
func TestNothingKnownIsWorthATry(t *testing.T) {
	var m Model
	for attempt := range 20 {
		e, worth := m.Worth(start, attempt, 1)
		assert.True(t, worth)
		assert.Equal(t, Estimate{Attempt: attempt, Health: Well, Chance: 1, AtBest: 1}, e)
	}
}

// Broken, second attempts of an ill target would go on although none succeeds,
// or those of a target that is well would be given up with them.
func TestWhatNeverSucceedsIsGivenUp(t *testing.T) {
	var m Model
	given := 0
	for i := range 100 {
		m.Observe(at(10*i), 1, false)
		if _, worth := m.Worth(at(10*i), 2, 0.1); worth {
			m.Observe(at(10*i), 2, false)
			given++
		}
	}
	e, _ := m.Worth(at(1000), 2, 0.1)
	assert.Equal(t, Ill, e.Health)
	assert.Zero(t, e.Chance)
	assert.Less(t, e.AtBest, 0.1)
	assert.InDelta(t, 33, given, 3, "25 to be sure, the first few while little is known, and one in 16 of the rest")
	assert.Equal(t, "attempt 2 of a target that is ill succeeds 0 % of the time, at best 9 % (29 known)", e.String())

	for i := range 100 {
		m.Observe(at(60_000+10*i), 1, true)
	}
	e, worth := m.Worth(at(61_000), 2, 0.1)
	assert.True(t, worth)
	assert.Equal(t, Well, e.Health)
}

// Broken, what was given up would never be tried again: some are made all the
// same, and what is known fades.
func TestWhatWasGivenUpIsTriedAgain(t *testing.T) {
	var m Model
	for i := range 100 {
		m.Observe(at(i), 1, false)
		m.Observe(at(i), 2, false)
	}
	made := 0
	for range 160 {
		if _, worth := m.Worth(at(100), 2, 0.1); worth {
			made++
		}
	}
	assert.Equal(t, 10, made)
	for i := range 10 { // still ill, ten minutes later
		m.Observe(at(600_000+i), 1, false)
	}
	_, worth := m.Worth(at(600_010), 2, 0.1)
	assert.True(t, worth)
}

// Broken, retries that do succeed often enough would be given up.
func TestWhatSucceedsOftenEnoughIsKept(t *testing.T) {
	var m Model
	for i := range 1000 {
		m.Observe(at(10*i), 1, false)
		_, worth := m.Worth(at(10*i), 2, 0.1)
		require.True(t, worth)
		m.Observe(at(10*i), 2, i%5 == 0)
	}
}

// Whatever is observed, in whatever order of time: probabilities stay what they
// are, the benefit of the doubt is never a disadvantage, and asking for less
// never gives less.
func TestTheModelKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m Model
		now := start
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Minute)).Draw(t, "passes")))
			attempt := rapid.IntRange(-1, 12).Draw(t, "attempt")
			m.Observe(now, attempt, rapid.Bool().Draw(t, "success"))
			e := m.Estimate(now, attempt)
			require.False(t, math.IsNaN(e.AtBest))
			require.GreaterOrEqual(t, e.AtBest, e.Chance-1e-9)
			require.LessOrEqual(t, e.AtBest, 1.0)
			require.GreaterOrEqual(t, e.Chance, 0.0)
			require.GreaterOrEqual(t, e.Known, 0.0)
			_, worth := m.Worth(now, attempt, 0)
			require.True(t, worth)
		}
	})
}

func TestHealthHasNames(t *testing.T) {
	assert.Equal(t, []string{"well", "mixed", "ill", "unknown"}, []string{Well.String(), Mixed.String(), Ill.String(), Health(9).String()})
}
