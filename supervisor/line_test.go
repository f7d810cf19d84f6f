package supervisor

import (
	"container/heap"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func waiting() *operation { return &operation{course: &course{index: -1}} }

// members walks a line forwards, and checks that backwards is the same.
func members(t *testing.T, l *line) []*operation {
	t.Helper()
	var there, back []*operation
	for op := l.first; op != nil; op = op.course.next {
		there = append(there, op)
	}
	for op := l.last; op != nil; op = op.course.prev {
		back = append(back, op)
	}
	slices.Reverse(back)
	require.Equal(t, len(there), l.n)
	require.True(t, slices.Equal(there, back), "the line differs from its other end")
	return there
}

// If it failed, an operation would be served out of turn or forgotten.
func TestALineIsASliceThatAnybodyCanLeave(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var l line
	var model []*operation
	for range 3000 {
		switch n := random.IntN(10); {
		case n < 3:
			op := waiting()
			l.pushBack(op)
			model = append(model, op)
		case n < 5:
			op := waiting()
			l.pushFront(op)
			model = slices.Insert(model, 0, op)
		case len(model) > 0:
			i := random.IntN(len(model))
			op := model[i]
			model = slices.Delete(model, i, i+1)
			l.remove(op)
			assert.Nil(t, op.course.next)
			assert.Nil(t, op.course.prev)
		}
		require.True(t, slices.Equal(model, members(t, &l)))
	}
	for _, op := range model {
		l.remove(op)
	}
	assert.Equal(t, line{}, l)
}

// If it failed, a backoff would end too late, or an operation would leave in
// the place of another.
func TestBackoffsComeOutByTheEndOfTheirWait(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	start := time.Unix(0, 0)
	var b backoffs
	var in []*operation
	for range 500 {
		op := waiting()
		op.course.due = start.Add(time.Duration(random.IntN(100)) * time.Second)
		heap.Push(&b, op)
		in = append(in, op)
		if random.IntN(3) == 0 { // a caller leaves
			i := random.IntN(len(in))
			heap.Remove(&b, in[i].course.index)
			assert.Equal(t, -1, in[i].course.index)
			in = slices.Delete(in, i, i+1)
		}
		for i, op := range b {
			require.Equal(t, i, op.course.index)
		}
	}
	require.Len(t, b, len(in))
	var last time.Time
	for b.Len() > 0 {
		op := heap.Pop(&b).(*operation)
		assert.False(t, op.course.due.Before(last))
		last = op.course.due
		assert.Contains(t, in, op)
	}
	assert.Nil(t, b[:1][0], "the heap keeps alive what it handed out")
}
