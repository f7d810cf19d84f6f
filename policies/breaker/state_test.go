package breaker

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// Events, metrics and logs carry these names; a changed one breaks whoever
// reads them.
func TestStateNames(t *testing.T) {
	for _, c := range []struct {
		state  State
		name   string
		admits bool
	}{
		{Closed, "closed", true},
		{Open, "open", false},
		{HalfOpen, "half_open", true},
		{ForcedOpen, "forced_open", false},
		{ForcedClosed, "forced_closed", true},
		{Disabled, "disabled", true},
		{Disabled + 1, "unknown", true},
	} {
		assert.Equal(t, c.name, c.state.String())
		assert.Equal(t, c.admits, c.state.Admits(), c.name)
	}
}

func TestNewStartsAsSettingsSay(t *testing.T) {
	for _, c := range []struct {
		enabled bool
		want    State
	}{{true, Closed}, {false, Disabled}} {
		r := newRig(t, func(s *policies.Breaker) { s.Enabled = c.enabled })
		assert.Equal(t, c.want, r.State())
		assert.Equal(t, uint64(1), r.Generation())
		assert.Equal(t, c.enabled, r.Settings().Enabled)
		assert.Zero(t, r.Until())
		assert.Equal(t, Counts{LastTransition: start}, r.counts())
		_, due := r.NextTick()
		assert.False(t, due)
	}
}
