package actors

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If one failed, messages would be lost, repeated or reordered.
func TestFifoIsASliceThatIsCutInFront(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		var q fifo[int]
		var model []int
		next := 0
		// Phases that mostly fill and phases that mostly empty, so that the
		// ring wraps at every size it takes.
		for range 40 {
			fill := random.IntN(10)
			for range random.IntN(100) {
				if random.IntN(10) < fill {
					q.push(next)
					model = append(model, next)
					next++
				} else if len(model) > 0 {
					require.Equal(t, model[0], q.pop(), "seed %d", seed)
					model = model[1:]
				}
				require.Equal(t, len(model), q.len())
			}
		}
	}
}

// If it failed, a queue that is used steadily would grow without need, or a
// wrapped one would mix up its order when it grows.
func TestFifoWrapsBeforeItGrows(t *testing.T) {
	var q fifo[int]
	for i := range 3 {
		q.push(i)
	}
	for i := 3; i < 1000; i++ {
		assert.Equal(t, i-3, q.pop())
		q.push(i)
	}
	require.Len(t, q.ring, 4, "three values fit into four places")
	require.NotZero(t, q.head, "the ring should have wrapped")
	for i := 1000; i < 1010; i++ {
		q.push(i)
	}
	for i := 997; i < 1010; i++ {
		assert.Equal(t, i, q.pop())
	}
}

// If it failed, one burst would cost an idle actor its memory for ever.
func TestFifoGivesALargeRingBackWhenEmpty(t *testing.T) {
	var q fifo[int]
	for i := range fifoKeep + 1 {
		q.push(i)
	}
	for range fifoKeep {
		q.pop()
	}
	assert.NotNil(t, q.ring, "a value is still in it")
	assert.Equal(t, fifoKeep, q.pop())
	assert.Nil(t, q.ring)

	q.push(7)
	assert.Equal(t, 7, q.pop())
	assert.NotNil(t, q.ring, "a small ring is kept for the next message")
}

// If it failed, a queue would keep alive what it has handed out.
func TestFifoForgetsWhatItHandsOut(t *testing.T) {
	var q fifo[*int]
	for range 3 {
		q.push(new(int))
	}
	for range 3 {
		q.pop()
	}
	for _, v := range q.ring {
		assert.Nil(t, v)
	}
}
