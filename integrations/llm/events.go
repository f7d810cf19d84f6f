package llm

import "bytes"

// maxEvent is how much of one event is looked at, in bytes. A longer one is
// content.
const maxEvent = 64 << 10

// event is one event of a stream.
type event struct {
	name string
	data []byte
	cut  bool // data is only the beginning
}

// events finds the events in a stream's bytes as they pass, whatever pieces
// they come in (WHATWG HTML, section 9.2.6, "Interpreting an event stream").
type events struct {
	event
	line    []byte
	lineCut bool
	afterCR bool // a line feed that comes now belongs to the last line's end
	hasData bool
}

// feed calls found for each event that ends in p. The event's data is not to be
// kept.
func (e *events) feed(p []byte, found func(event)) {
	if e.afterCR && len(p) > 0 {
		e.afterCR = false
		if p[0] == '\n' {
			p = p[1:]
		}
	}
	for len(p) > 0 {
		end := bytes.IndexAny(p, "\r\n")
		if end < 0 {
			e.add(p)
			return
		}
		e.add(p[:end])
		e.endLine(found)
		cr := p[end] == '\r'
		p = p[end+1:]
		if cr {
			switch {
			case len(p) == 0:
				e.afterCR = true
			case p[0] == '\n':
				p = p[1:]
			}
		}
	}
}

func (e *events) add(part []byte) {
	if room := maxEvent - len(e.line); len(part) > room {
		part, e.lineCut = part[:room], true
	}
	e.line = append(e.line, part...)
}

func (e *events) endLine(found func(event)) {
	line := e.line
	if len(line) == 0 {
		if e.hasData || e.name != "" {
			found(e.event)
		}
		e.event = event{data: e.data[:0]}
		e.hasData = false
		return
	}
	name, value, _ := bytes.Cut(bytes.TrimPrefix(line, byteOrderMark), []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "event":
		e.name = string(value)
	case "data":
		if e.hasData {
			value = append([]byte("\n"), value...)
		}
		e.hasData = true
		room := maxEvent - len(e.data)
		e.cut = e.cut || e.lineCut || len(value) > room
		e.data = append(e.data, value[:min(room, len(value))]...)
	}
	e.line, e.lineCut = e.line[:0], false
}

var byteOrderMark = []byte("\xef\xbb\xbf")
