package load

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/knadh/koanf/parsers/toml/v2"
	tomllib "github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/holdfast-go/holdfast/policies"
)

// tomlMend goes over a text whose syntax is right for what the parser refuses
// all the same: a key that is there twice, or a number or a date that can't be.
// All of it is reported at once, and spaces take its place, so that the rest can
// be read. What is not ours makes way too, and is not judged.
type tomlMend struct {
	counter
	parser unstable.Parser
	seen   *tomlSeen
	found  policies.Errors
	// refused says that the parser would refuse the text.
	refused bool
	// foreign are the keys that are not ours, with a block or nothing, as the
	// top level has them.
	foreign map[string]any
	// inTable says that there was a head. What comes now, up to the next one, is
	// to be skipped where that was taken out, and strange where it is not ours.
	inTable, skip, strange bool
	// begun is where what is to be taken out begins, or -1.
	begun         int
	spaces, zeros [][2]int
	// gone are the paths of the numbers that were taken out.
	gone [][]string
}

// tomlValues returns what can be read of a text whose syntax is right, and what
// is wrong with it. It takes no longer than the text is long, but for the
// parser's own time, which is why that is called once.
func tomlValues(data []byte) (map[string]any, policies.Errors) {
	m := tomlMend{counter: newCounter(data), seen: newTOMLSeen(), foreign: map[string]any{}, begun: -1}
	m.parser.Reset(data)
	for m.parser.NextExpression() {
		if e := m.parser.Expression(); e.Kind != unstable.Comment {
			m.expression(e)
		}
	}
	m.until(len(data))
	if m.refused {
		data = m.mended()
	}
	values, err := toml.Parser().Unmarshal(data)
	switch {
	case err != nil:
		return nil, append(m.found, notRead(data, err))
	case m.refused:
		return m.values(values), m.found
	}
	return values, nil
}

// expression looks at the head of a table, or at a key with its value.
func (m *tomlMend) expression(e *unstable.Node) {
	parts := e.Key()
	parts.Next()
	first := parts.Node()
	begin := 1 + bytes.LastIndexByte(m.data[:first.Raw.Offset], '\n')
	m.until(begin)
	isHead := e.Kind != unstable.KeyValue
	if isHead {
		m.inTable, m.skip = true, false
	}
	strange := m.strange
	if isHead || !m.inTable {
		strange = !isTop(string(first.Data))
		m.strange = strange
		if strange {
			m.hold(string(first.Data), e, parts.IsLast())
		}
	}
	if strange {
		m.begun = begin
	}
	switch {
	case m.skip:
		m.begun = begin
	case isHead:
		if at, clash := m.seen.head(e.Key(), e.Kind == unstable.ArrayTable); clash != nil {
			m.skip, m.begun = true, begin
			m.twice(at, clash, strange)
		}
	case !m.pair(m.seen.table, e, strange):
		m.begun = begin
	}
}

// hold keeps a key that is not ours for when the rest is read.
func (m *tomlMend) hold(name string, e *unstable.Node, single bool) {
	switch {
	case e.Kind != unstable.KeyValue, !single, e.Value().Kind == unstable.InlineTable:
		m.foreign[name] = map[string]any{}
	case m.foreign[name] == nil:
		m.foreign[name] = nil
	}
}

// pair looks at a key with its value, and reports whether the parser would take
// the key, and all that are inside of the value.
func (m *tomlMend) pair(in int32, n *unstable.Node, strange bool) bool {
	at, clash := m.seen.pair(in, n.Key())
	if clash != nil {
		m.twice(at, clash, strange)
		return false
	}
	return m.value(at, n.Value(), -1, strange)
}

// value looks at the value of a key, or at that with an index in it.
func (m *tomlMend) value(at int32, n *unstable.Node, i int, strange bool) bool {
	whole := true
	switch n.Kind {
	case unstable.InlineTable:
		for inner := n.Children(); inner.Next(); {
			if inner.Node().Kind == unstable.KeyValue {
				whole = m.pair(at, inner.Node(), strange) && whole
			}
		}
	case unstable.Array:
		j := i
		for inner := n.Children(); inner.Next(); {
			if inner.Node().Kind == unstable.Comment {
				continue
			}
			if i < 0 {
				j++
			}
			in := at
			if k := inner.Node().Kind; k == unstable.InlineTable || k == unstable.Array {
				in = m.seen.add(at, nil, tomlElement, false)
			}
			whole = m.value(in, inner.Node(), j, strange) && whole
		}
	case unstable.Integer, unstable.Float, unstable.LocalDate, unstable.LocalTime, unstable.LocalDateTime, unstable.DateTime:
		m.scalar(at, n, i, strange)
	}
	return whole
}

// scalar looks at a number or a date. A number takes the place of one that can't
// be, and is taken out again when the rest is read.
func (m *tomlMend) scalar(at int32, n *unstable.Node, i int, strange bool) {
	begin := int(n.Raw.Offset)
	end := begin + int(n.Raw.Length)
	e := &policies.FieldError{}
	switch token := m.data[begin:end]; {
	case n.Kind == unstable.Integer && len(token) < 18: // nearly all there are
		return
	case outOfRange(token):
		e.Problem, e.Value = "the number is out of range", string(token)
	case n.Kind == unstable.Integer, n.Kind == unstable.Float:
		return
	default:
		const before = "x="
		_, err := toml.Parser().Unmarshal(append([]byte(before), token...))
		var malformed *tomllib.DecodeError
		if !errors.As(err, &malformed) {
			return
		}
		e.Problem = "is not valid TOML: " + strings.TrimPrefix(malformed.Error(), "toml: ")
		_, column := malformed.Position()
		begin += max(0, column-1-len(before))
	}
	m.refused = true
	if strange {
		return
	}
	m.zeros = append(m.zeros, [2]int{int(n.Raw.Offset), end})
	path := m.seen.path(at)
	m.gone = append(m.gone, path)
	e.Path = policies.FieldPath(path...)
	if i >= 0 {
		e.Path += index(i)
	}
	e.Line, e.Column = m.place(begin)
	m.found = append(m.found, e)
}

// twice reports what is there already.
func (m *tomlMend) twice(at int32, n *unstable.Node, strange bool) {
	m.refused = true
	if strange {
		return
	}
	e := &policies.FieldError{Path: policies.FieldPath(m.seen.path(at)...), Problem: "the key or table is there already; keep one"}
	e.Line, e.Column = m.place(int(n.Raw.Offset))
	m.found = append(m.found, e)
}

// until ends what is to be taken out, if there is something.
func (m *tomlMend) until(end int) {
	if m.begun >= 0 {
		m.spaces = append(m.spaces, [2]int{m.begun, end})
		m.begun = -1
	}
}

// mended is the text without what the parser would refuse. Only the ends of
// lines are left of it, so that the rest stays where it is.
func (m *tomlMend) mended() []byte {
	data := bytes.Clone(m.data)
	for _, at := range m.zeros {
		blank(data[at[0]:at[1]])
		data[at[0]] = '0'
	}
	for _, at := range m.spaces {
		blank(data[at[0]:at[1]])
	}
	return data
}

func blank(data []byte) {
	for i, b := range data {
		if b != '\n' && b != '\r' {
			data[i] = ' '
		}
	}
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

// outOfRange is true of a number that the parser can't hold.
func outOfRange(token []byte) bool {
	digits := strings.ReplaceAll(string(token), "_", "")
	_, asInteger := strconv.ParseInt(digits, 0, 64)
	_, asFloat := strconv.ParseFloat(digits, 64)
	return errors.Is(asInteger, strconv.ErrRange) || errors.Is(asFloat, strconv.ErrRange)
}
