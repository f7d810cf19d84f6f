package supervisor

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

func BenchmarkDoOn(b *testing.B) {
	set, err := policies.NewSet(nil)
	require.NoError(b, err)
	s, err := New(set)
	require.NoError(b, err)
	defer s.Shutdown(context.Background())
	t := s.Target("api")
	ctx := context.Background()
	fn := func(context.Context) (int, error) { return 1, nil }
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DoOn(ctx, t, fn); err != nil {
			b.Fatal(err)
		}
	}
}
