package supervisor

import "hash/maphash"

// memoryIndex finds memories by their ids. It is linear hashing (Litwin, 1980):
// buckets that are chains through the memories, and with each second memory one
// bucket more, into which the chain of one other is split. So it takes four bytes
// for each, whatever their number, where a map takes 30 to 60, and none
// of them ever waits for all to be moved. The room stays until the last is gone.
type memoryIndex struct {
	seed    maphash.Seed
	buckets []*memory
	n       int
}

// memoriesABucket is how many there are on average.
const memoriesABucket = 2

func (x *memoryIndex) of(id string) *memory {
	if x.n == 0 {
		return nil
	}
	m := x.buckets[x.bucket(id)]
	for m != nil && m.id != id {
		m = m.next
	}
	return m
}

// bucket is where id belongs: the buckets beyond the last power of two have taken
// theirs from those as far behind it.
func (x *memoryIndex) bucket(id string) int {
	h := maphash.String(x.seed, id)
	half := uint64(1)
	for half*2 <= uint64(len(x.buckets)) {
		half *= 2
	}
	if i := h & (half*2 - 1); i < uint64(len(x.buckets)) {
		return int(i)
	}
	return int(h & (half - 1))
}

// add enters a memory, of which there is none with this id.
func (x *memoryIndex) add(m *memory) {
	if x.buckets == nil {
		x.seed, x.buckets = maphash.MakeSeed(), make([]*memory, 1)
	}
	if x.n >= memoriesABucket*len(x.buckets) {
		x.grow()
	}
	x.n++
	x.enter(m)
}

func (x *memoryIndex) enter(m *memory) {
	first := &x.buckets[x.bucket(m.id)]
	m.next, *first = *first, m
}

// grow adds a bucket.
func (x *memoryIndex) grow() {
	x.buckets = append(x.buckets, nil)
	half := 1
	for half*2 < len(x.buckets) {
		half *= 2
	}
	from := len(x.buckets) - 1 - half
	chain := x.buckets[from]
	x.buckets[from] = nil
	for chain != nil {
		m := chain
		chain = m.next
		x.enter(m)
	}
}

// remove takes out a memory that is there.
func (x *memoryIndex) remove(m *memory) {
	at := &x.buckets[x.bucket(m.id)]
	for *at != m {
		at = &(*at).next
	}
	*at, m.next = m.next, nil
	x.n--
}
