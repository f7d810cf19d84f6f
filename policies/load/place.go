package load

import "unicode/utf8"

// place is where a key stands in its source. Places form a tree like the keys
// themselves, as deep as our keys go.
type place struct {
	// name is that of a variable or a flag, which has no line. Empty for a key
	// of a file.
	name         string
	line, column int
	inner        map[string]*place
}

// in returns the place of a key inside the block at p, or that of the block:
// what a YAML alias brings in has no place of its own.
func (p *place) in(key string) *place {
	if inner, ok := p.inner[key]; ok {
		return inner
	}
	return p
}

// add notes the place of a key inside p.
func (p *place) add(key string, inner *place) {
	if p.inner == nil {
		p.inner = map[string]*place{}
	}
	p.inner[key] = inner
}

// counter turns growing offsets in a text into lines and columns. A column
// counts characters from 1.
type counter struct {
	data   []byte
	line   int
	at     int // how far it has counted
	column int
}

func newCounter(data []byte) *counter { return &counter{data: data, line: 1, column: 1} }

// newLine says that a line begins at offset at.
func (c *counter) newLine(at int) { c.line, c.at, c.column = c.line+1, at, 1 }

// columnAt returns the column of an offset on the line reached.
func (c *counter) columnAt(at int) int {
	c.column += utf8.RuneCount(c.data[c.at:at])
	c.at = at
	return c.column
}

// position returns the line and the column of an offset in data.
func position(data []byte, at int) (line, column int) {
	at = min(max(at, 0), len(data))
	c := newCounter(data)
	for i, b := range data[:at] {
		if b == '\n' {
			c.newLine(i + 1)
		}
	}
	return c.line, c.columnAt(at)
}
