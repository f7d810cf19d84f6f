package paths

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// events is a call that succeeds while one subscriber listens for what the breaker
// does. Beside it the same without one.
func events() []Path {
	return []Path{
		{"events/nobody", func(b *testing.B) { serially(b, doOn(defaults(b))()) }},
		{"events/subscriber", func(b *testing.B) {
			sup := defaults(b)
			var changes atomic.Uint64
			sub := sup.Subscribe(func(e actors.Event) {
				if _, ok := e.(actors.BreakerChanged); ok {
					changes.Add(1)
				}
			})
			defer sub.Cancel()
			serially(b, doOn(sup)())
		}},
	}
}

// metrics is a call that succeeds while Holdfast's figures are pulled, as a metrics
// exporter does, but a hundred times a second. Beside it the same without that.
func metrics() []Path {
	return []Path{
		{"metrics/off", func(b *testing.B) { serially(b, doOn(defaults(b))()) }},
		{"metrics/on", func(b *testing.B) {
			sup := defaults(b)
			call := doOn(sup)()
			ended := make(chan struct{})
			var puller sync.WaitGroup
			puller.Go(func() {
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for {
					select {
					case <-ended:
						return
					case <-tick.C:
						if len(sup.Snapshot().Targets) == 0 {
							b.Error("the snapshot is empty")
						}
					}
				}
			})
			serially(b, call)
			close(ended)
			puller.Wait()
		}},
	}
}
