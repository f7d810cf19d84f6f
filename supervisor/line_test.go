package supervisor

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func waiting() *operation { return &operation{course: &course{}} }

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
