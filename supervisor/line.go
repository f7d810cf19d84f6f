package supervisor

import "container/heap"

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

// backoffsKeep is the capacity that an empty heap may keep.
const backoffsKeep = 1024

// backoffs orders the operations in backoff by the end of their wait.
type backoffs []*operation

var _ heap.Interface = (*backoffs)(nil)

func (b backoffs) Len() int           { return len(b) }
func (b backoffs) Less(i, j int) bool { return b[i].course.due.Before(b[j].course.due) }
func (b backoffs) Swap(i, j int) {
	b[i], b[j] = b[j], b[i]
	b[i].course.index, b[j].course.index = i, j
}

func (b *backoffs) Push(x any) {
	op := x.(*operation)
	op.course.index = len(*b)
	*b = append(*b, op)
}

func (b *backoffs) Pop() any {
	old := *b
	n := len(old) - 1
	op := old[n]
	old[n] = nil
	*b = old[:n]
	op.course.index = -1
	if n == 0 && cap(old) > backoffsKeep {
		*b = nil
	}
	return op
}
