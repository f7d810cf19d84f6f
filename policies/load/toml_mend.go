package load

import (
	"bytes"
	"slices"

	"github.com/knadh/koanf/parsers/toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/holdfast-go/holdfast/policies"
)

// The parser stops at the first thing it refuses. It is called again for what
// comes after, but no more often than that, nor for more bytes in all.
const (
	maxTOMLMends     = 1_000
	maxTOMLMendBytes = 8 * maxFileSize
)

// tomlMend reads a text whose syntax is right and which the parser refuses all
// the same: for a key that is there twice, or a number that is out of range.
// What is refused is reported, and spaces take its place, so that the rest can
// be read. What is not ours makes way first, and is not judged.
type tomlMend struct {
	data    []byte // a copy, as long as the text
	found   policies.Errors
	foreign map[string]any
	// gone are the paths of the numbers that were taken out.
	gone [][]string
}

// mendTOML returns what can be read of the text, and what is wrong with it.
func mendTOML(data []byte) (map[string]any, policies.Errors) {
	m := tomlMend{data: bytes.Clone(data), foreign: map[string]any{}}
	m.clear(func(e tomlExpression) bool {
		ours := isTop(e.path[0])
		if there, known := m.foreign[e.path[0]]; !ours && (!known || there == nil) {
			m.foreign[e.path[0]] = e.holds()
		}
		return !ours
	})
	for range min(maxTOMLMends, 1+maxTOMLMendBytes/len(data)) {
		values, err := toml.Parser().Unmarshal(m.data)
		if err == nil {
			return m.values(values), m.found
		}
		e, at := notTOML(m.data, err, false)
		m.found = append(m.found, e)
		switch {
		case at < 0:
			return nil, m.found
		case e.Value != nil:
			m.removeNumber(at)
		default:
			m.remove(at)
		}
	}
	return nil, m.found
}

// values puts back the keys that are not ours, and takes out those that lost
// their number.
func (m *tomlMend) values(values map[string]any) map[string]any {
	if values == nil {
		values = map[string]any{}
	}
	for key, v := range m.foreign {
		values[key] = v
	}
	for _, path := range m.gone {
		block := values
		for len(path) > 1 && block != nil {
			block, _ = block[path[0]].(map[string]any)
			path = path[1:]
		}
		delete(block, path[0])
	}
	return values
}

// removeNumber puts another in its place, which is taken out again later.
func (m *tomlMend) removeNumber(at int) {
	m.gone = append(m.gone, keyAt(m.data, at))
	blank(m.data[at:tokenEnd(m.data, at)])
	m.data[at] = '0'
}

// remove takes out the whole of the expression that an offset is in, with a
// table all that is in it.
func (m *tomlMend) remove(at int) {
	all := tomlExpressions(m.data)
	i, exact := slices.BinarySearchFunc(all, at, func(e tomlExpression, at int) int { return e.begin - at })
	if !exact {
		i--
	}
	if i < 0 {
		blank(m.data)
		return
	}
	end := i + 1
	for all[i].table && end < len(all) && !all[end].table {
		end++
	}
	blank(m.data[all[i].begin:all[end-1].end])
}

// clear takes out the expressions of which f is true.
func (m *tomlMend) clear(f func(tomlExpression) bool) {
	for _, e := range tomlExpressions(m.data) {
		if f(e) {
			blank(m.data[e.begin:e.end])
		}
	}
}

// blank leaves only the ends of lines.
func blank(data []byte) {
	for i, b := range data {
		if b != '\n' && b != '\r' {
			data[i] = ' '
		}
	}
}

// tomlExpression is the head of a table, or a key with its value, from the
// beginning of its line to that of the next.
type tomlExpression struct {
	begin, end int
	table      bool
	// path begins with the table a key is in.
	path  []string
	value unstable.Kind
}

// holds is a block or nothing, as the top level has it.
func (e tomlExpression) holds() any {
	if e.table || len(e.path) > 1 || e.value == unstable.InlineTable {
		return map[string]any{}
	}
	return nil
}

func tomlExpressions(data []byte) []tomlExpression {
	var all []tomlExpression
	var table []string
	p := unstable.Parser{}
	p.Reset(data)
	for p.NextExpression() {
		node := p.Expression()
		e := tomlExpression{begin: -1, end: len(data), table: node.Kind != unstable.KeyValue}
		if node.Kind == unstable.Comment {
			continue
		}
		for parts := node.Key(); parts.Next(); {
			if e.begin < 0 {
				e.begin = 1 + bytes.LastIndexByte(data[:parts.Node().Raw.Offset], '\n')
			}
			e.path = append(e.path, string(parts.Node().Data))
		}
		if e.table {
			table = e.path
		} else {
			e.path = slices.Concat(table, e.path)
			e.value = node.Value().Kind
		}
		if len(all) > 0 {
			all[len(all)-1].end = e.begin
		}
		all = append(all, e)
	}
	return all
}
