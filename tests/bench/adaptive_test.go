package bench

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// BenchmarkAdaptive is what a limit that follows latency adds to a success.
func BenchmarkAdaptive(b *testing.B) {
	p := policies.Default(policies.API)
	p.Pool.Adaptive = true
	set, err := policies.NewSet(map[string]policies.Policy{"adaptive": p})
	require.NoError(b, err)
	sup, err := supervisor.New(set)
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, sup.Shutdown(context.Background())) })
	for _, name := range []string{"api", "adaptive"} {
		b.Run("holdfast_DoOn/"+name, func(b *testing.B) {
			target := sup.Target(name)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = supervisor.DoOn(context.Background(), target, succeed)
			}
		})
	}
}
