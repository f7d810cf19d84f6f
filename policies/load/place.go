package load

import (
	"bytes"
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"unicode/utf8"
)

// place is where a key stands in its source.
type place struct {
	// name is that of a variable or a flag, which has no line. Empty for a key
	// of a file.
	name         string
	line, column int
}

// places says where the keys of a source stand. A key is known by the hash of
// its path: nearly always nobody asks, so noting one must cost next to nothing.
type places struct {
	spots []spot
	names []string // of variables and flags
	sort  sync.Once
}

// newPlaces returns one with room for the keys of a text.
func newPlaces(data []byte) *places {
	return &places{spots: make([]spot, 0, len(data)/64+8)} // a key and its value, with what is around them
}

type spot struct {
	path         pathHash
	line, column int32 // for a variable or a flag column is the index of its name, and line 0
}

// pathHash is that of a path of keys. Two paths with the same hash would at
// worst make an error name the wrong line.
type pathHash uint64

var hashSeed = maphash.MakeSeed()

// under is the hash of a key's path, inside the block with the hash h.
func (h pathHash) under(key string) pathHash {
	return h.mix(maphash.String(hashSeed, key))
}

// mix makes the order of the keys count. The factor is 2^64 divided by the
// golden ratio, as in Fibonacci hashing.
func (h pathHash) mix(key uint64) pathHash {
	return pathHash((uint64(h)>>1 + key) * 0x9e3779b97f4a7c15)
}

// note adds the place of a key in a text.
func (p *places) note(h pathHash, line, column int) {
	p.spots = append(p.spots, spot{h, int32(line), int32(column)})
}

// noteName adds a key that a variable or a flag sets.
func (p *places) noteName(h pathHash, name string) {
	p.spots = append(p.spots, spot{h, 0, int32(len(p.names))})
	p.names = append(p.names, name)
}

// at returns the place of the key, or of the nearest block around it that has
// one: what a YAML alias brings in has none of its own. It is safe for
// concurrent use once all are noted.
func (p *places) at(path ...string) place {
	if p == nil {
		return place{}
	}
	hashes := make([]pathHash, len(path)+1)
	for i, key := range path {
		hashes[i+1] = hashes[i].under(key)
	}
	for i := len(path); i > 0; i-- {
		if found, ok := p.find(hashes[i]); ok {
			return found
		}
	}
	return place{}
}

// find returns the first place noted for a path.
func (p *places) find(h pathHash) (place, bool) {
	p.sort.Do(func() {
		slices.SortStableFunc(p.spots, func(a, b spot) int { return cmp.Compare(a.path, b.path) })
	})
	i, ok := slices.BinarySearchFunc(p.spots, h, func(s spot, h pathHash) int { return cmp.Compare(s.path, h) })
	switch {
	case !ok:
		return place{}, false
	case p.spots[i].line == 0:
		return place{name: p.names[p.spots[i].column]}, true
	}
	return place{line: int(p.spots[i].line), column: int(p.spots[i].column)}, true
}

// counter turns growing offsets in a text into lines and columns. A column
// counts characters from 1.
type counter struct {
	data   []byte
	line   int
	from   int // how far it has counted
	column int
}

func newCounter(data []byte) counter { return counter{data: data, line: 1, column: 1} }

// newLine says that a line begins at an offset.
func (c *counter) newLine(at int) { c.line, c.from, c.column = c.line+1, at, 1 }

// columnAt returns the column of an offset on the line reached.
func (c *counter) columnAt(at int) int {
	c.column += utf8.RuneCount(c.data[c.from:at])
	c.from = at
	return c.column
}

// place returns the line and the column of an offset no less than the last.
func (c *counter) place(at int) (line, column int) {
	for {
		end := bytes.IndexByte(c.data[c.from:at], '\n')
		if end < 0 {
			return c.line, c.columnAt(at)
		}
		c.newLine(c.from + end + 1)
	}
}

// position returns the line and the column of an offset in data.
func position(data []byte, at int) (line, column int) {
	c := newCounter(data)
	return c.place(min(max(at, 0), len(data)))
}
