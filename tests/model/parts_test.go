package model_test

import "time"

// timeline is a window of time, divided into parts: 64, or one a nanosecond where
// it is shorter. Each thing lies in the part that was current as it came in; the
// window holds those of the current part and of the count-1 parts before it.
type timeline struct {
	width   time.Duration
	count   int64
	zero    time.Time // the beginning of part 0
	current int64
	things  []thing
}

type thing struct {
	part         int64
	failed, slow bool
	cost         float64
}

func newTimeline(length time.Duration, now time.Time) timeline {
	count := min(64, int64(length))
	return timeline{count: count, width: length / time.Duration(count), zero: now}
}

func (l *timeline) begins(part int64) time.Time { return l.zero.Add(time.Duration(part) * l.width) }

// add puts a thing in. R22: a clock that went back a little means the current
// part; one that went back a whole window begins that part again.
func (l *timeline) add(now time.Time, t thing) {
	switch past := now.Sub(l.begins(l.current)); {
	case past >= l.width:
		l.current += int64(past / l.width)
	case past <= -time.Duration(l.count)*l.width:
		l.zero = now.Add(-time.Duration(l.current) * l.width)
	}
	t.part = l.current
	l.things = append(l.things, t)
}

// held is what the window holds at a time, the oldest first.
func (l *timeline) held(now time.Time) (held []thing) {
	current := l.current
	if past := now.Sub(l.begins(current)); past > 0 {
		current += int64(past / l.width)
	}
	for _, t := range l.things {
		if t.part > current-l.count {
			held = append(held, t)
		}
	}
	return held
}

// refit is a timeline of another length with what fits of l, each thing as old
// as the beginning of its part. R18
func (l *timeline) refit(length time.Duration, now time.Time) timeline {
	next := newTimeline(length, now)
	next.zero = l.begins(l.current - l.count + 1)
	whole := int64(l.begins(l.current).Sub(next.zero) / next.width)
	for _, t := range l.held(l.begins(l.current)) {
		t.part = int64(l.begins(t.part).Sub(next.zero) / next.width)
		next.things = append(next.things, t)
	}
	next.current = whole
	return next
}
