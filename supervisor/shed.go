package supervisor

import (
	"errors"
	"time"

	"github.com/holdfast-go/holdfast/actors"
)

// shed is what a target's supervisor has not yet told of the operations that it
// refused for want of room or of their turn. It tells of the first at once, and
// of those that follow at most once a second.
type shed struct {
	untold map[string]uint64 // by reason
	timer  *time.Timer
	waits  bool // for timer
}

// shedReason names a reason that says nothing of the operation, and much of the
// load. It is empty for any other.
func shedReason(reason error) string {
	switch reason {
	case ErrOverloaded:
		return string(ReasonOverloaded)
	case ErrQueueWait:
		return "queue_wait"
	case ErrMaxElapsed:
		return "max_elapsed"
	case ErrTooManyAbandoned:
		return "abandoned"
	case ErrTargetStopped:
		return string(ReasonTargetStopped)
	}
	if errors.Is(reason, ErrRateLimited) {
		return string(ReasonRateLimited)
	}
	return ""
}

// sheds counts an operation that was refused before it ran.
func (a *targetActor) sheds(reason error) {
	name := shedReason(reason)
	if name == "" || a.down { // after its end this runs on anybody's goroutine
		return
	}
	s := &a.shed
	if s.untold == nil {
		s.untold = map[string]uint64{}
	}
	s.untold[name]++
	if s.waits {
		return
	}
	a.tellShed()
	s.waits = true
	if s.timer == nil {
		s.timer = time.AfterFunc(time.Second, func() { a.tell(shedDue{}) })
		return
	}
	s.timer.Reset(time.Second)
}

// shedDue tells of those of the last second, if there were any, and goes on
// waiting for more.
func (a *targetActor) shedDue() {
	s := &a.shed
	s.waits = false
	if len(s.untold) == 0 || a.down {
		return
	}
	a.tellShed()
	s.waits = true
	s.timer.Reset(time.Second)
}

func (a *targetActor) tellShed() {
	if len(a.shed.untold) == 0 {
		return
	}
	e := actors.OperationsShed{Header: a.header(), Reasons: a.shed.untold}
	for _, n := range e.Reasons {
		e.Count += n
	}
	a.shed.untold = nil
	a.sup.bus.Publish(e)
}
