package supervisor

import "time"

// backoffs orders operations by the end of their wait, the first to end in
// front. It is a heap of four children a node: with a million entries that is
// half as deep as one of two, and the ends lie side by side in the slots, so that
// finding the way down reads no operation. The supervisor owns it.
type backoffs []backoffSlot

type backoffSlot struct {
	due time.Duration // on the supervisor's clock
	op  *operation
}

const (
	backoffChildren = 4
	// backoffsKeep is the capacity that an empty heap may keep.
	backoffsKeep = 1024
)

// push enters op, which is not in the heap.
func (b *backoffs) push(op *operation, due time.Duration) {
	*b = append(*b, backoffSlot{})
	b.up(len(*b)-1, backoffSlot{due, op})
}

// remove takes op out, if it is in the heap.
func (b *backoffs) remove(op *operation) {
	if op.slot == 0 {
		return
	}
	i := int(op.slot) - 1
	op.slot = 0
	n := len(*b) - 1
	last := (*b)[n]
	(*b)[n] = backoffSlot{}
	*b = (*b)[:n]
	switch {
	case n == 0 && cap(*b) > backoffsKeep:
		*b = nil
	case i == n:
	case i > 0 && last.due < (*b)[backoffParent(i)].due:
		b.up(i, last)
	default:
		b.down(i, last)
	}
}

func backoffParent(i int) int { return (i - 1) / backoffChildren }

// up puts s where it belongs on the way from i to the front.
func (b backoffs) up(i int, s backoffSlot) {
	for i > 0 && s.due < b[backoffParent(i)].due {
		b.put(i, b[backoffParent(i)])
		i = backoffParent(i)
	}
	b.put(i, s)
}

// down puts s where it belongs on the way from i to the back.
func (b backoffs) down(i int, s backoffSlot) {
	for {
		first := i*backoffChildren + 1
		if first >= len(b) {
			break
		}
		least := first
		for child := first + 1; child < min(first+backoffChildren, len(b)); child++ {
			if b[child].due < b[least].due {
				least = child
			}
		}
		if s.due <= b[least].due {
			break
		}
		b.put(i, b[least])
		i = least
	}
	b.put(i, s)
}

func (b backoffs) put(i int, s backoffSlot) {
	b[i] = s
	s.op.slot = int32(i + 1)
}
