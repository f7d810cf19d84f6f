package supervisor

import (
	"reflect"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, a memory would be lost as the index grows or others are taken out,
// and a target would let calls through that it should refuse.
func TestTheIndexFindsEachMemory(t *testing.T) {
	var x memoryIndex
	assert.Nil(t, x.of("0"))
	kept := map[string]*memory{}
	check := func() {
		require.Equal(t, len(kept), x.n)
		for id, m := range kept {
			require.Same(t, m, x.of(id))
		}
		require.Nil(t, x.of("nobody"))
	}
	for i := range 300 {
		m := &memory{id: strconv.Itoa(i)}
		kept[m.id] = m
		x.add(m)
		check()
		if i%3 == 0 {
			gone := kept[strconv.Itoa(i/2)]
			if gone != nil {
				x.remove(gone)
				assert.Nil(t, gone.next, "it would keep others")
				delete(kept, gone.id)
				check()
			}
		}
	}
	for id, m := range kept {
		x.remove(m)
		delete(kept, id)
		check()
	}
}

// If it failed, chains would grow with the number of memories, or the room for each.
func TestTheIndexKeepsItsChainsShort(t *testing.T) {
	var x memoryIndex
	const n = 50_000
	for i := range n {
		x.add(&memory{id: strconv.Itoa(i)})
	}
	assert.Len(t, x.buckets, n/memoriesABucket)
	longest := 0
	for _, m := range x.buckets {
		length := 0
		for ; m != nil; m = m.next {
			length++
		}
		longest = max(longest, length)
	}
	assert.Less(t, longest, 40, "by chance some 15: a bucket not split yet has 4, and the rest is Poisson's")
}

// If it failed, a million open breakers would need more room than is promised.
func TestAMemoryIsSmall(t *testing.T) {
	assert.LessOrEqual(t, reflect.TypeFor[memory]().Size(), uintptr(96))
}
