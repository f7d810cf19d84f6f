package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

// attemptApart gives the attempt apart from its operation that ctx belongs to.
func attemptApart(ctx context.Context) *watched { return ctx.Value(attemptKey{}).(*watched) }

// If it failed, attempts would leave timers behind that hold all of them until
// attempt_timeout, or the time for a hedge: a great many on a busy target.
func TestTheClocksOfAnAttemptStopWithIt(t *testing.T) {
	for name, fn := range map[string]func(context.Context) (int, error){
		"a success": succeed, "a failure": failWith(errPlain), "a panic": crash,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, timesOut(time.Hour), hedged(time.Minute), attempts(1))
				var w *watched
				_, _ = Do(bg, s, "x", func(ctx context.Context) (int, error) {
					w = attemptApart(ctx)
					return fn(ctx)
				}, Idempotent())
				synctest.Wait()
				assert.False(t, w.clock.Stop(), "that of attempt_timeout runs on")
				assert.False(t, w.hedgeClock.Stop(), "that of the hedge runs on")
			})
		})
	}
}

// The same for one that was left behind: no other begins beside it any more.
func TestTheHedgeClockOfAnAttemptLeftBehindStops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t, timesOut(time.Second), hedged(time.Minute), attempts(1))
		g := newGate()
		_, err := Do(bg, s, "x", g.run, Idempotent())
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, attemptApart(<-g.begun).hedgeClock.Stop())
		g.end <- nil
	})
}
