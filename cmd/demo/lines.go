package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// label is the kind of a line in the event stream.
type label string

const (
	labelPhase   label = "phase"
	labelBreaker label = "breaker"
	labelRetry   label = "retry"
	labelParked  label = "parked"
	labelRestart label = "restart"
	labelRefused label = "refused"
	labelStale   label = "stale"
	labelFailed  label = "failed"
	labelReload  label = "reload"
	labelInvalid label = "invalid"
	labelNote    label = "note"
	labelMore    label = "more"
	labelTally   label = "tally"
)

// sampled lists the labels of which only some lines are shown, with what one
// and several of them are called, in the order they are counted out.
func sampled() [][3]string {
	return [][3]string{
		{string(labelRetry), "retry", "retries"},
		{string(labelRestart), "restart", "restarts"},
		{string(labelParked), "parked", "parked"},
		{string(labelFailed), "failure", "failures"},
		{string(labelStale), "stale", "stale"},
	}
}

// perSecond is how many lines of a label are shown in one second of a run; 0
// means all of them.
func (l label) perSecond() int {
	switch l {
	case labelRetry, labelParked, labelFailed:
		return 2
	case labelRestart, labelStale:
		return 1
	}
	return 0
}

func (l label) colour() colour {
	switch l {
	case labelPhase:
		return cyan
	case labelBreaker:
		return bold
	case labelParked:
		return blue
	case labelRefused, labelNote:
		return yellow
	case labelReload:
		return green
	case labelFailed, labelInvalid:
		return red
	}
	return dim
}

// indent is the width of what stands before a line's text, and textWidth what
// is left for the text.
const (
	indent    = 18
	textWidth = width - indent
)

// stream writes what happens in one run, a line an event. Of what happens
// often it shows a few lines a second and says how many it left out. It is
// safe for concurrent use; it doesn't report errors of its writer.
type stream struct {
	out     io.Writer
	palette palette
	start   time.Time

	mu            sync.Mutex
	second        int // of the run, the one being shown
	shown, hidden map[label]int
	began         int
	ok, failed    int
	told          [3]int // what the last tally said
}

func newStream(out io.Writer, p palette, start time.Time) *stream {
	return &stream{out: out, palette: p, start: start, shown: map[label]int{}, hidden: map[label]int{}}
}

// event writes what is to be said about something that happened at a time:
// mostly one line, and nothing where there is none.
func (s *stream) event(at time.Time, l label, lines ...string) {
	if len(lines) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(at)
	if limit := l.perSecond(); limit > 0 && s.shown[l] >= limit {
		s.hidden[l]++
		return
	}
	s.shown[l]++
	for _, text := range lines {
		s.write(at.Sub(s.start), l, text)
	}
}

// operationBegan and operationEnded keep the tally.
func (s *stream) operationBegan(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(at)
	s.began++
}

func (s *stream) operationEnded(at time.Time, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(at)
	if ok {
		s.ok++
	} else {
		s.failed++
	}
}

// finish writes the last tally.
func (s *stream) finish(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(at)
	s.tally(at.Sub(s.start))
}

// turn closes the second that is being shown if at lies beyond it.
func (s *stream) turn(at time.Time) {
	now := int(at.Sub(s.start) / time.Second)
	if now <= s.second {
		return
	}
	s.tally(time.Duration(s.second+1) * time.Second)
	s.second = now
}

func (s *stream) tally(at time.Duration) {
	var left []string
	for _, many := range sampled() {
		switch n := s.hidden[label(many[0])]; n {
		case 0:
		case 1:
			left = append(left, "1 "+many[1])
		default:
			left = append(left, fmt.Sprintf("%d %s", n, many[2]))
		}
	}
	clear(s.shown)
	clear(s.hidden)
	if len(left) > 0 {
		s.write(at, labelMore, strings.Join(left, ", "))
	}
	now := [3]int{s.began, s.ok, s.failed}
	if now == s.told {
		return
	}
	s.told = now
	s.write(at, labelTally, fmt.Sprintf("%d ok, %d failed, %d in progress", s.ok, s.failed, s.began-s.ok-s.failed))
}

func (s *stream) write(at time.Duration, l label, text string) {
	text = fit(text, textWidth)
	switch l {
	case labelTally, labelMore, labelRetry, labelRestart, labelStale:
		text = s.palette.paint(dim, text)
	case labelBreaker:
		text = s.palette.paint(bold, text)
	}
	name := s.palette.paint(l.colour(), fmt.Sprintf("%-7s", l))
	_, _ = fmt.Fprintf(s.out, "%7.3fs  %s %s\n", at.Seconds(), name, text)
}
