package actors

import (
	"iter"

	"github.com/asynkron/protoactor-go/actor"
)

// Adopt has the engine know the children of the actor of c, which must be those
// that were started with c as their parent and whose end it has not handled yet.
// The actor calls it when it handles Stopping: the engine then stops them, and
// waits for their end.
//
// Until then a parent knows its children itself. The engine's own list of them
// takes 600 bytes of a parent with one, keeps them when it is gone, and takes 80
// for each one more.
func Adopt(c actor.SpawnerContext, children iter.Seq[*Ref]) {
	var child *actor.PID
	props := actor.PropsFromProducer(nil, actor.WithSpawnFunc(
		func(*actor.ActorSystem, string, *actor.Props, actor.SpawnerContext) (*actor.PID, error) {
			return child, nil
		}))
	for ref := range children {
		child = ref.pid
		_, _ = c.SpawnNamed(props, "") // which starts nothing, and so can't fail
	}
}
