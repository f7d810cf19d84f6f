package actors

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guardian is a parent that adopts its children when it stops.
type guardian struct {
	ref      *Ref
	children []*Ref
	events   []string
}

func (g *guardian) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case func(actor.Context):
		m(c)
	case *actor.Terminated:
		g.events = append(g.events, "ended "+m.Who.Id)
		g.children = slices.DeleteFunc(g.children, func(r *Ref) bool { return r.ID() == m.Who.Id })
	case *actor.Stopping:
		Adopt(c, slices.Values(g.children))
	case *actor.Stopped:
		g.events = append(g.events, "stopped")
		g.ref.Close()
	}
}

// If it failed, children would outlive their parent, or one that has ended would
// keep it from its end.
func TestAdoptedChildrenStopBeforeTheirParent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := newSystem(t)
		g := &guardian{}
		var err error
		g.ref, err = supervise(system.Root, "guardian", g, func(any) {})
		require.NoError(t, err)
		var engine int
		g.ref.Tell(func(c actor.Context) {
			for _, name := range []string{"a", "b", "c"} {
				r := &recorder{}
				r.ref, err = supervise(c, name, r, func(any) {})
				require.NoError(t, err)
				g.children = append(g.children, r.ref)
			}
			engine = len(c.Children())
		})
		assert.Zero(t, engine, "the engine keeps a list too")
		all := slices.Clone(g.children)
		g.children[1].Stop()
		synctest.Wait()
		assert.Equal(t, []string{"ended guardian/b"}, g.events, "the parent is told as ever")
		g.ref.Stop()
		synctest.Wait()
		for _, r := range append(all, g.ref) {
			assert.True(t, gone(system, r), r.ID())
		}
		require.Len(t, g.events, 4)
		assert.Equal(t, "stopped", g.events[3], "last of all")
	})
}
