package supervisor

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
)

// If it failed, a storm of retries would need more memory than is promised, or a
// goroutine for each operation that waits.
func TestAnOperationInBackoffTakesLittleRoom(t *testing.T) {
	const n, promised = 10_000, 600
	for name, of := range map[string]func() (context.Context, context.CancelFunc){
		"nobody can leave": func() (context.Context, context.CancelFunc) { return bg, func() {} },
		"all may leave":    func() (context.Context, context.CancelFunc) { return context.WithCancel(bg) },
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				s := one(t, pending(n), workers(8))
				x := s.Target("x")
				ctx, leave := of()
				defer leave()
				all := make([]*Future[int], n)
				fail := failWith(errTemp)
				before, _, goroutines := inUse()
				for i := range all {
					all[i] = GoOn(ctx, x, fail)
				}
				synctest.Wait()
				assert.Equal(t, n, snapshotOf(t, s, "x").InBackoff)
				after, _, goroutinesAfter := inUse()
				assert.Less(t, (int64(after)-int64(before))/n, int64(promised), "bytes for each")
				assert.LessOrEqual(t, goroutinesAfter, goroutines)
				for _, f := range all {
					_, err := f.Wait(bg)
					assert.ErrorIs(t, err, errTemp)
				}
			})
		})
	}
}
