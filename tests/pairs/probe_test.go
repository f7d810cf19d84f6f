package pairs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The user's own probe is not an attempt and takes no turn. Broken, a slow rate
// would hold up recovery, or probes would use up what calls are waiting for.
func TestProbeXRateLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probe := does(step{})
		s := start(t, targets{"x": of(trips(1), rated(.01, 1))}, supervisor.WithProbe("x", func(ctx context.Context) error {
			_, err := probe.run(ctx)
			return err
		}))
		call(bg, s, "x", failWith(errPlain)).outcome(t)
		f := does(step{})
		a := call(bg, s, "x", f.run, supervisor.ParkWhenOpen())
		pass(30 * time.Second)
		assert.Equal(t, seconds(30), probe.at())
		assert.Equal(t, breaker.Closed, s.Breaker("x").State())
		a.well(t)
		assert.Equal(t, seconds(100), f.at())
	})
}

// With a probe of the user's own no parked operation is sacrificed: they go when
// it has closed the breaker. Broken, a call would find out that the target is
// still down.
func TestProbeXPark(t *testing.T) {
	bubble(t, func(t *testing.T) {
		probe := does(step{takes: sec(2), err: errPlain}, step{takes: sec(2)})
		s := start(t, targets{"x": of(parks)}, supervisor.WithProbe("x", func(ctx context.Context) error {
			_, err := probe.run(ctx)
			return err
		}))
		s.Breaker("x").ForceOpenFor(30 * time.Second)
		f := does(step{})
		a, b := call(bg, s, "x", f.run), call(bg, s, "x", f.run)
		a.well(t)
		b.well(t)
		assert.Equal(t, probe.at()[0], sec(30))
		assert.Equal(t, probe.at()[1]+sec(2), f.at()[0])
		assert.Equal(t, f.at()[0], f.at()[1])
	})
}
