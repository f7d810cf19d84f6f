package actors

import (
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, actors that have their making in common would take each other's
// place, or one that somebody restarts would become another.
func TestActorsOfANurseryStayWhoTheyAre(t *testing.T) {
	bubble(t, func(t *testing.T) {
		p := newParent(t)
		var all [3]*recorder
		p.do(func(c actor.Context) {
			n := NewNursery()
			for i, name := range []string{"a", "b", "c"} {
				r := &recorder{ref: NewRef(func(any) {})}
				require.NoError(t, n.Start(c, name, r.ref, r))
				all[i] = r
			}
			assert.ErrorIs(t, n.Start(c, "a", NewRef(func(any) {}), &recorder{}), actor.ErrNameExists)
		})
		for i, r := range all {
			r.ref.Tell(i)
			r.ref.Tell(errPlain)
			soon(t, p.failures, "a failure")
			r.ref.Tell("then")
			assert.Equal(t, []any{i}, r.got, "it waits for its supervisor")
			r.ref.Restart()
			assert.Equal(t, []any{i, "then"}, r.got, "a restart has it go on")
			r.ref.Stop()
			synctest.Wait()
			assert.True(t, gone(p.system(), r.ref))
		}
	})
}
