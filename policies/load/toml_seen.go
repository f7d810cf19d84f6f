package load

import (
	"slices"

	"github.com/pelletier/go-toml/v2/unstable"
)

// tomlSeen knows which keys and tables of a text there are already, by the
// rules of https://toml.io/en/v1.0.0#table. The parser has the same rules, but
// stops at the first thing it refuses, and looks each key up among all that were
// before it.
type tomlSeen struct {
	all   []tomlEntry
	ids   map[tomlName]int32
	table int32 // the one that keys now belong to
}

type tomlName struct {
	inside int32
	name   string
}

type tomlEntry struct {
	tomlName
	kind tomlKind
	// open says that a table was only passed through so far: its own head may
	// still come.
	open bool
	// children is what those inside are known by: the entry itself, or for a
	// list of tables the one that was begun last.
	children int32
}

type tomlKind uint8

const (
	tomlTable   tomlKind = iota // of a head
	tomlDotted                  // of a dotted key
	tomlTables                  // a list of tables, one head each
	tomlValue                   // anything else: it can't be added to
	tomlElement                 // of an array; it has no name
)

func newTOMLSeen() *tomlSeen {
	return &tomlSeen{all: []tomlEntry{{}}, ids: map[tomlName]int32{}}
}

func (s *tomlSeen) find(in int32, name []byte) (int32, bool) {
	id, known := s.ids[tomlName{s.all[in].children, string(name)}]
	return id, known
}

func (s *tomlSeen) add(in int32, name []byte, kind tomlKind, open bool) int32 {
	id := int32(len(s.all))
	e := tomlEntry{tomlName{s.all[in].children, string(name)}, kind, open, id}
	s.all = append(s.all, e)
	if kind != tomlElement {
		s.ids[e.tomlName] = id
	}
	return id
}

// head notes the head of a table, or of one more in a list of tables. If what it
// names is there already it returns what that is, and the part of the name.
func (s *tomlSeen) head(key unstable.Iterator, list bool) (id int32, clash *unstable.Node) {
	for key.Next() {
		n, last := key.Node(), key.IsLast()
		kind := tomlTable
		if last && list {
			kind = tomlTables
		}
		i, known := s.find(id, n.Data)
		switch at := s.at(i); {
		case !known:
			i = s.add(id, n.Data, kind, !last)
		case !last && at.kind == tomlValue, last && at.kind != kind, last && !list && !at.open:
			return i, n
		case last && list:
			at.children = s.add(at.inside, n.Data, tomlElement, false)
			s.all[i].children, s.all[at.children].inside = at.children, i
		case last:
			s.all[i].open = false
		}
		id = i
	}
	s.table = id
	return id, nil
}

func (s *tomlSeen) at(id int32) tomlEntry { return s.all[id] }

// pair notes a key with a value in a table.
func (s *tomlSeen) pair(in int32, key unstable.Iterator) (id int32, clash *unstable.Node) {
	for id = in; key.Next(); {
		n, last := key.Node(), key.IsLast()
		i, known := s.find(id, n.Data)
		switch {
		case known && (last || s.all[i].kind != tomlDotted):
			return i, n
		case !known && last:
			i = s.add(id, n.Data, tomlValue, false)
		case !known:
			i = s.add(id, n.Data, tomlDotted, false)
		}
		id = i
	}
	return id, nil
}

// path is that of an entry, as much of it as can be ours. It ends where an
// array begins.
func (s *tomlSeen) path(id int32) []string {
	var names []string
	for ; id != 0; id = s.all[id].inside {
		if s.all[id].kind == tomlElement {
			names = names[:0]
			continue
		}
		names = append(names, s.all[id].name)
	}
	slices.Reverse(names)
	return names[:min(len(names), maxDepth)]
}
