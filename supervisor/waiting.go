package supervisor

import (
	"container/heap"
	"time"
)

// wakeDue lets the operations go whose backoff is over, and sets the alarm
// for the next.
func (a *targetActor) wakeDue() {
	now := time.Now()
	for len(a.backoff) > 0 && !a.backoff[0].course.due.After(now) {
		op := a.backoff[0]
		waited := op.course.place == inBackoff
		a.leave(op)
		if waited {
			a.admit(op)
		} else {
			a.expire(op)
		}
	}
	a.releaseParked() // the foremost may have gone
	a.setAlarm(now)
}

func (a *targetActor) setAlarm(now time.Time) {
	if len(a.backoff) == 0 || a.down {
		return // an alarm that is still set finds nothing due
	}
	first := a.backoff[0].course.due
	if !a.alarmAt.IsZero() && !first.Before(a.alarmAt) {
		return
	}
	a.alarmAt = first
	if a.alarm == nil {
		a.alarm = time.AfterFunc(first.Sub(now), func() { a.tell(due{}) })
		return
	}
	a.alarm.Reset(first.Sub(now))
}

// enterBackoff parks op until its wait is over.
func (a *targetActor) enterBackoff(op *operation, wait time.Duration) {
	now := time.Now()
	op.course.due = now.Add(wait)
	op.course.place = inBackoff
	heap.Push(&a.backoff, op)
	a.counts.inBackoff.Add(1)
	a.setAlarm(now)
}

// enterLine puts op into a line it waits in.
func (a *targetActor) enterLine(op *operation, p place, front bool) {
	l := &a.parked
	if p == inQueue {
		l = &a.queue
		a.counts.queued.Add(1)
		a.pool.wait(1)
		if op.course.lender != nil {
			a.nested++
		}
	} else {
		a.counts.parked.Add(1)
	}
	op.course.place = p
	if front {
		l.pushFront(op)
	} else {
		l.pushBack(op)
	}
	if limit := op.policy.Retry.MaxElapsed; limit > 0 {
		op.course.due = op.course.accepted.Add(limit)
		heap.Push(&a.backoff, op)
		a.setAlarm(time.Now())
	}
}

// leave takes op out of wherever it waits.
func (a *targetActor) leave(op *operation) {
	c := op.course
	if c.index >= 0 {
		heap.Remove(&a.backoff, c.index)
	}
	if a.foremost == op {
		a.foremost = nil
	}
	switch c.place {
	case inBackoff:
		a.counts.inBackoff.Add(-1)
	case inQueue:
		a.queue.remove(op)
		a.counts.queued.Add(-1)
		a.pool.wait(-1)
		if c.lender != nil {
			a.nested--
		}
	case inPark:
		a.parked.remove(op)
		a.counts.parked.Add(-1)
	}
	c.place = nowhere
}

// full says whether one more operation may not wait.
func (a *targetActor) full() bool {
	return int(a.counts.inBackoff.Load())+a.queue.n+a.parked.n >= a.policy.Load().Pool.MaxPending
}
