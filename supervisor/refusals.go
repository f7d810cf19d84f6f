package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// scheduleReport has the refusals counted up for a second before they are told.
func (a *targetActor) scheduleReport() {
	if a.down {
		return
	}
	if a.report == nil {
		a.report = time.AfterFunc(time.Second, func() { a.tell(refusalsDue{}) })
		return
	}
	a.report.Reset(time.Second)
}

func (a *targetActor) reportRefusals() {
	n := a.refused.Load()
	if n == 0 {
		return
	}
	// Told before they are taken away, so that their sum never goes back.
	a.refusedTold.Add(n)
	if a.refused.Add(-n) > 0 {
		a.scheduleReport() // nobody asks for it, since the count was never zero
	}
	a.sup.bus.Publish(actors.CallsRefused{Header: a.header(), Count: n})
}
