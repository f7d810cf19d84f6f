package supervisor

import (
	"context"
	"errors"
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

func TestSmoke(t *testing.T) {
	p := policies.Default(policies.API)
	p.Retry.MinWait, p.Retry.MaxWait = 0, 0
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	require.NoError(t, err)
	s, err := New(set)
	require.NoError(t, err)
	defer s.Shutdown(context.Background())
	n := 0
	v, err := Do(context.Background(), s, "x", func(ctx context.Context) (int, error) {
		n++
		if n == 2 {
			panic("x")
		}
		if n < 3 {
			return 0, context.DeadlineExceeded
		}
		return 7, nil
	})
	require.NoError(t, err)
	require.Equal(t, 7, v)
	_, err = Do(context.Background(), s, "x", func(ctx context.Context) (int, error) { return 0, errors.New("boom") })
	require.EqualError(t, err, "boom")
	t.Logf("%+v", s.Snapshot())
	require.NoError(t, s.Shutdown(context.Background()))
}
