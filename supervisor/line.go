package supervisor

// line is a first-in first-out line of operations that any of them can leave.
// The links lie in the operations. The supervisor owns it.
type line struct {
	first, last *operation
	n           int
}

func (l *line) pushBack(op *operation) {
	c := op.course
	c.prev, c.next = l.last, nil
	if l.last == nil {
		l.first = op
	} else {
		l.last.course.next = op
	}
	l.last = op
	l.n++
}

func (l *line) pushFront(op *operation) {
	c := op.course
	c.prev, c.next = nil, l.first
	if l.first == nil {
		l.last = op
	} else {
		l.first.course.prev = op
	}
	l.first = op
	l.n++
}

func (l *line) remove(op *operation) {
	c := op.course
	if c.prev == nil {
		l.first = c.next
	} else {
		c.prev.course.next = c.next
	}
	if c.next == nil {
		l.last = c.prev
	} else {
		c.next.course.prev = c.prev
	}
	c.prev, c.next = nil, nil
	l.n--
}
