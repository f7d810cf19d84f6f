package supervisor

import "time"

// wakeDue lets the operations go whose backoff is over, and sets the alarm
// for the next.
func (a *targetActor) wakeDue() {
	now := a.sup.reading()
	for len(a.backoff) > 0 && a.backoff[0].due <= now {
		op := a.backoff[0].op
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

func (a *targetActor) setAlarm(now time.Duration) {
	if len(a.backoff) == 0 || a.down {
		return // an alarm that is still set finds nothing due
	}
	first := a.backoff[0].due
	if a.alarmAt > 0 && first >= a.alarmAt {
		return
	}
	a.alarmAt = first
	if a.alarm == nil {
		a.alarm = time.AfterFunc(first-now, func() { a.tell(due{}) })
		return
	}
	a.alarm.Reset(first - now)
}

// enterBackoff parks op until its wait is over.
func (a *targetActor) enterBackoff(op *operation, wait time.Duration) {
	now := a.sup.reading()
	op.course.place = inBackoff
	a.backoff.push(op, readingAfter(now, wait))
	a.seldom().inBackoff.Add(1)
	a.setAlarm(now)
}

// enterLine puts op into a line it waits in.
func (a *targetActor) enterLine(op *operation, p place, front bool) {
	op.course.place = p
	switch {
	case p == inQueue:
		a.queue.push(op)
		a.seldom().queued.Add(1)
		a.pool.wait(1)
		if op.course.lender != nil {
			a.nested++
		}
	case front:
		a.parked.pushFront(op)
		a.seldom().parked.Add(1)
	default:
		a.parked.pushBack(op)
		a.seldom().parked.Add(1)
	}
	a.limitWait(op)
}

// limitWait sees to it that an operation does not stand in a line for longer
// than its policy allows.
func (a *targetActor) limitWait(op *operation) {
	elapsed, queued := op.policy.Retry.MaxElapsed, op.policy.Pool.MaxQueueWait
	if op.course.place != inQueue {
		queued = 0
	}
	if elapsed == 0 && queued == 0 {
		return
	}
	now := a.sup.reading()
	due := readingAfter(op.course.accepted, elapsed)
	op.course.elapses = true
	if end := now + queued; queued > 0 && (elapsed == 0 || end < due) {
		due, op.course.elapses = end, false
	}
	a.backoff.push(op, due)
	a.setAlarm(now)
}

// leave takes op out of wherever it waits.
func (a *targetActor) leave(op *operation) {
	c := op.course
	a.backoff.remove(op)
	if a.foremost == op {
		a.foremost = nil
	}
	switch c.place {
	case inBackoff:
		a.seldom().inBackoff.Add(-1)
	case inQueue:
		a.queue.remove(op)
		a.seldom().queued.Add(-1)
		a.pool.wait(-1)
		if c.lender != nil {
			a.nested--
		}
	case inPark:
		a.parked.remove(op)
		if c.lender != nil {
			a.parkedNested--
		}
		a.seldom().parked.Add(-1)
	}
	c.place = nowhere
}

// full says whether one more operation may not wait.
func (a *targetActor) full() bool {
	return int(a.seldom().inBackoff.Load())+a.queue.n+a.parked.n >= a.policy.Load().Pool.MaxPending
}
