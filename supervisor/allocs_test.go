package supervisor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/breaker"
)

// If these failed, every call of every program would make more garbage.

func TestASuccessIsOneAllocation(t *testing.T) {
	s := one(t)
	target := s.Target("x")
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := DoOn(bg, target, succeed); err != nil {
			t.Error(err)
		}
	}), 1.0)
}

func TestALookUpByNameCostsNothingMore(t *testing.T) {
	s := one(t)
	assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := Do(bg, s, "x", succeed); err != nil {
			t.Error(err)
		}
	}), 1.0)
}

func TestARefusalAllocatesNothing(t *testing.T) {
	s := one(t)
	target := s.Target("x")
	s.Breaker("x").ForceOpen()
	require.Equal(t, breaker.ForcedOpen, s.Breaker("x").State())
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := DoOn(bg, target, succeed); err == nil {
			t.Error("it was let through")
		}
	}))
}
