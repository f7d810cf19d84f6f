package actors

// fifo is a first-in first-out queue on a growing ring. It gives its memory
// back when it has been large and is empty.
type fifo[T any] struct {
	ring []T
	head int32
	n    int32
}

// fifoKeep is the ring size that an empty queue may keep.
const fifoKeep = 64

func (q *fifo[T]) len() int { return int(q.n) }

func (q *fifo[T]) push(v T) {
	if int(q.n) == len(q.ring) {
		q.grow()
	}
	q.ring[int(q.head+q.n)&(len(q.ring)-1)] = v
	q.n++
}

// pop takes the oldest value. The queue must not be empty.
func (q *fifo[T]) pop() T {
	var zero T
	v := q.ring[q.head]
	q.ring[q.head] = zero
	q.head = (q.head + 1) & int32(len(q.ring)-1)
	q.n--
	if q.n == 0 && len(q.ring) > fifoKeep {
		q.ring, q.head = nil, 0
	}
	return v
}

func (q *fifo[T]) grow() {
	// A power of two, so that an index wraps with a mask.
	ring := make([]T, max(1, 2*len(q.ring)))
	for i := range q.n {
		ring[i] = q.ring[int(q.head+i)&(len(q.ring)-1)]
	}
	q.ring, q.head = ring, 0
}
