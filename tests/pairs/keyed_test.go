package pairs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A keyed target at which somebody parks, or whose server asked for a pause, is
// not idle. Broken, parked operations would be lost in a passivation, or a pause.
func TestKeyedXParkingXPacing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := start(t, targets{"x": of(parks, attempts(1), func(p *policy) { p.Keyed.IdleTimeout, p.Retry.MaxServerWait = time.Minute, time.Hour })})
		s.Breaker("x", "a").ForceOpenFor(time.Hour)
		a := callOn(bg, s.Target("x", "a"), succeed)
		callOn(bg, s.Target("x", "b"), failWith(overloaded(time.Hour))).outcome(t)
		pass(30 * time.Minute)
		b := callOn(bg, s.Target("x", "b"), succeed)
		assert.Equal(t, time.Hour, a.well(t).at)
		assert.Equal(t, 30*time.Minute, b.well(t).at)
	})
}
