package conformance_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// A reload that comes while a target is busy must neither be lost nor come
// into force later than it says: when Apply has returned, the policy it gave
// holds, and the one that was applied last stays.
func TestUsersAsk_TheLastReloadHolds(t *testing.T) {
	p := guarded(func(p *policies.Policy) { p.Breaker.FailureThreshold = policies.Never })
	inEachWay(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		var stop atomic.Bool
		var busy sync.WaitGroup
		for range 3 {
			busy.Go(func() {
				for !stop.Load() {
					_, err := call(context.Background(), gateway, failing(errRefused))
					assert.Same(t, errRefused, err)
				}
			})
		}
		target, late := sup.Target(gateway), 0
		for i := range 300 {
			q := p
			q.Retry.MaxAttempts = 2 + i%2
			require.NoError(t, sup.Apply(oneTarget(t, q)))
			if target.Policy().Retry.MaxAttempts != q.Retry.MaxAttempts {
				late++
			}
		}
		stop.Store(true)
		busy.Wait()
		synctest.Wait()
		assert.Zero(t, late, "times that Apply returned before its policy was in force")
		assert.Equal(t, 3, target.Policy().Retry.MaxAttempts, "the last one was lost")
	})
}
