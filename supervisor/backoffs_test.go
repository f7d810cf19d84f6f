package supervisor

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, a backoff would end too late, or an operation would leave in
// the place of another.
func TestBackoffsComeOutByTheEndOfTheirWait(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	var b backoffs
	due := map[*operation]time.Duration{}
	var in []*operation
	for range 500 {
		op := &operation{}
		due[op] = time.Duration(random.IntN(100)) * time.Second
		b.push(op, due[op])
		in = append(in, op)
		if random.IntN(3) == 0 { // a caller leaves
			i := random.IntN(len(in))
			b.remove(in[i])
			assert.Zero(t, in[i].slot)
			b.remove(in[i]) // and is told so twice
			in = slices.Delete(in, i, i+1)
		}
		for i, s := range b {
			require.EqualValues(t, i+1, s.op.slot)
		}
	}
	require.Len(t, b, len(in))
	var last time.Duration
	for len(b) > 0 {
		first := b[0]
		b.remove(first.op)
		assert.Equal(t, due[first.op], first.due)
		assert.GreaterOrEqual(t, first.due, last)
		last = first.due
		assert.Contains(t, in, first.op)
	}
	assert.Zero(t, b[:1][0], "the heap keeps alive what it handed out")
}

// If it failed, the room that a storm of retries took would stay taken.
func TestAnEmptyHeapOfBackoffsGivesItsRoomBack(t *testing.T) {
	var b backoffs
	for range backoffsKeep + 1 {
		b.push(&operation{}, 0)
	}
	for len(b) > 0 {
		b.remove(b[0].op)
	}
	assert.Nil(t, b)
}
