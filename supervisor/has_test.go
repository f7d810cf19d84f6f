package supervisor

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// If this failed, whoever picks a target by what comes in would miss one, or start
// one for each name that anybody sends.
func TestHas(t *testing.T) {
	bubble(t, func(t *testing.T) {
		s := one(t)
		assert.True(t, s.Has("x"))
		assert.True(t, s.Has("api"), "an operation type's own")
		assert.False(t, s.Has("y"))
		assert.False(t, s.Has(""))
		assert.Empty(t, s.Snapshot().Targets, "nothing was started")

		_, err := Do(bg, s, "x", succeed)
		require.NoError(t, err)
		require.NoError(t, s.Apply(setOf(t, targets{"y": policies.Default(policies.API)})))
		assert.True(t, s.Has("y"))
		assert.True(t, s.Has("x"), "it runs on")
	})
}
