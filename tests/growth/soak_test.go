package growth_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// warm is after how many keys the heap is looked at: until then the engine's
// registry, 32,768 small maps that don't shrink, still takes its size.
const warm = 60_000

// most is how many of its keys the soak's target may have running.
const most = 1000

// Broken: a program that sees ever new keys (tenants, sessions, hosts) grows for
// ever, though it may keep but so many.
func TestSoak_DistinctKeysLeaveAFlatHeap(t *testing.T) {
	require.GreaterOrEqual(t, *keys, warm+warm/2, "fewer show nothing")
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	p.Breaker.FailureThreshold = 1
	p.Keyed = policies.Keyed{MaxKeys: most, IdleTimeout: time.Minute}
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(t, err)
	sup, err := supervisor.New(set)
	require.NoError(t, err)
	defer func() { require.NoError(t, sup.Shutdown(context.Background())) }()

	every := min(max(*keys/20, 1), 50_000)
	failed := errors.New("growth: a failure")
	var used, heaps []float64
	began := time.Now()
	again := func(n int) bool {
		if *duration > 0 {
			return time.Since(began) < *duration
		}
		return n < *keys
	}
	n := 0
	for ; again(n); n++ {
		_, _ = supervisor.DoOn(context.Background(), sup.Target("x", supervisor.Key(fmt.Sprint("tenant-", n))), func(context.Context) (int, error) {
			if n%10 == 0 {
				return 0, failed // one in ten is remembered, open
			}
			return n, nil
		})
		if n%every == every-1 && n >= warm {
			used, heaps = append(used, float64(n)), append(heaps, float64(heapInUse()))
			if *duration > 0 && len(used)%100 == 0 {
				fmt.Printf("soak: %s, %d keys, heap %.1f MB\n", time.Since(began).Round(time.Second), n, heaps[len(heaps)-1]/1e6)
			}
		}
	}
	perKey := slope(used, heaps)
	live := sup.Snapshot().Keyed[0]
	fmt.Printf("prove: soak keys=%d heap_first_mb=%.2f heap_last_mb=%.2f bytes_per_key=%.2f live=%d registry=%d\n", n, heaps[0]/1e6,
		heaps[len(heaps)-1]/1e6, perKey, live.Live, registered(sup.System()))
	require.LessOrEqual(t, live.Live, most)
	require.Less(t, registered(sup.System()), 10*most, "entries in the engine's registry")
	require.Less(t, perKey, bound(n), "bytes of heap that each further key costs")
}

// bound is how many bytes a key may cost: an entry of a map costs some hundred.
// Over few keys the heap's own ups and downs, of some 100 kB, are more than that.
func bound(keys int) float64 { return 5 + 1e6/float64(keys) }

// slope is that of the line with the least squares.
func slope(x, y []float64) float64 {
	n := float64(len(x))
	var sx, sy, sxx, sxy float64
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// Broken: growth would not be seen.
func TestSlope(t *testing.T) {
	require.InDelta(t, 3, slope([]float64{1, 2, 3, 4}, []float64{10, 13, 16, 19}), 1e-9)
	require.InDelta(t, 0, slope([]float64{1, 2, 3, 4}, []float64{7, 9, 9, 7}), 1e-9)
}
