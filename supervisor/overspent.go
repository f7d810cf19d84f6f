package supervisor

import (
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// overspent is what a target's supervisor has not yet told of the retries and
// hedges that a budget didn't allow.
type overspent struct {
	count  uint64
	budget string
	timer  *time.Timer
	quiet  bool // the last event is less than a second ago
}

// noteOverspent counts one that the budget did not allow. The first is told
// at once, so that somebody who looks at the events knows why; after it there
// is one event a second, whatever is going on.
func (a *targetActor) noteOverspent(b *retryBudget) {
	a.seldom().overspent.Add(1)
	o := &a.overspent
	if o.budget != b.name {
		a.reportOverspent() // that of another budget, before a reload
	}
	o.count++
	o.budget = b.name
	if o.quiet {
		return
	}
	a.reportOverspent()
	o.quiet = true
	if o.timer == nil {
		o.timer = time.AfterFunc(time.Second, func() { a.tell(overspentDue{}) })
		return
	}
	o.timer.Reset(time.Second)
}

func (a *targetActor) overspentDue() {
	o := &a.overspent
	if o.count == 0 || a.down {
		o.quiet = false
		return
	}
	a.reportOverspent()
	o.timer.Reset(time.Second)
}

func (a *targetActor) reportOverspent() {
	o := &a.overspent
	if o.count == 0 {
		return
	}
	a.sup.bus.Publish(actors.RetryBudgetExhausted{Header: a.header(), Budget: o.budget, Count: o.count})
	o.count = 0
}
