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
	n := a.refused.Swap(0)
	if n == 0 {
		return
	}
	a.refusedTold.Add(n)
	a.sup.bus.Publish(actors.CallsRefused{Header: a.header(), Count: n})
}
