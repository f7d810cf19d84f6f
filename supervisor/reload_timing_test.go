package supervisor

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func slowAfter(d time.Duration) func(*policies.Policy) {
	return func(p *policies.Policy) { p.Breaker.SlowCallRate, p.Breaker.SlowCallDuration = 1, d }
}

// If it failed, a reload that has slow calls counted would take those that run for
// slow, since nobody has noted when they began: by the time since the supervisor was
// made, or since an earlier attempt.
func TestAnAttemptFromBeforeSlowCallsCountIsNotSlow(t *testing.T) {
	for name, edit := range map[string]func(*policies.Policy){"within": func(*policies.Policy) {}, "apart": timesOut(time.Hour)} {
		for how, end := range map[string]error{"well": nil, "failed": errPlain} {
			t.Run(name+" "+how, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					s := one(t, edit)
					pass(time.Minute)
					g := newGate()
					f := Go(bg, s, "x", g.run)
					<-g.begun
					require.NoError(t, s.Apply(setOf(t, targets{"x": policy(edit, slowAfter(time.Second))})))
					pass(10 * time.Second)
					g.end <- end
					_, err := f.Wait(bg)
					assert.Equal(t, end, err)
					assert.Zero(t, s.Breaker("x").Counts().Slow)
				})
			})
		}
	}
	bubble(t, func(t *testing.T) {
		s := one(t, slowAfter(time.Second))
		g := newGate()
		f := Go(bg, s, "x", g.run)
		<-g.begun
		g.end <- errTemp
		synctest.Wait()
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy()})))
		<-g.begun // after a second
		require.NoError(t, s.Apply(setOf(t, targets{"x": policy(slowAfter(time.Second / 2))})))
		g.end <- nil
		_, err := f.Wait(bg)
		require.NoError(t, err)
		assert.Zero(t, s.Breaker("x").Counts().Slow)
	})
}
