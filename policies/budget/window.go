package budget

import "time"

// buckets is the granularity of a window: it slides in steps of a 64th of its
// duration. A shorter one than 64 ns has one bucket a nanosecond.
const buckets = 64

// tally is what a window, or a part of one, holds.
type tally struct{ calls, retries int }

func (t *tally) add(u tally) {
	t.calls += u.calls
	t.retries += u.retries
}

func (t *tally) take(u tally) {
	t.calls -= u.calls
	t.retries -= u.retries
}

// window is the calls and the retries of the last while, in a ring of buckets.
// A bucket begins at its own time and ends just before the next one's. It holds
// nothing that is as old as its duration, and lets go of each thing at most one
// bucket's width early.
//
// A now that lies before the current bucket counts for it. One that lies a
// whole window before can only come of a clock that was set back, and becomes
// the current bucket's time.
type window struct {
	ring  [buckets]tally
	n     int // of them are in use
	width time.Duration
	// head is the current bucket, which begins at start.
	head  int
	start time.Time
	sum   tally
}

func newWindow(d time.Duration, now time.Time) *window {
	n := min(buckets, d)
	return &window{n: int(n), width: d / n, start: now}
}

func (w *window) put(t tally) {
	w.ring[w.head].add(t)
	w.sum.add(t)
}

// steps is how many buckets now lies past the current one, and whether it lies
// a whole window or more before it.
func (w *window) steps(now time.Time) (n time.Duration, setBack bool) {
	past := now.Sub(w.start)
	if past < w.width {
		return 0, past <= -w.width*time.Duration(w.n)
	}
	return past / w.width, false
}

func (w *window) slide(now time.Time) {
	n, setBack := w.steps(now)
	if setBack {
		w.start = now
	}
	w.start = w.start.Add(n * w.width)
	for range min(n, time.Duration(w.n)) {
		w.head = w.after(1)
		w.sum.take(w.ring[w.head])
		w.ring[w.head] = tally{}
	}
}

// totals is what the window would hold if it were slid to now.
func (w *window) totals(now time.Time) tally {
	n, _ := w.steps(now)
	t := w.sum
	for i := range int(min(n, time.Duration(w.n))) {
		t.take(w.ring[w.after(1+i)])
	}
	return t
}

// after is the index of the bucket that comes i after the current one; the
// oldest comes next to it.
func (w *window) after(i int) int { return (w.head + i) % w.n }

// takeOver puts old's buckets in, oldest first, each at the time it began.
func (w *window) takeOver(old *window) {
	for i := range old.n {
		at := old.start.Add(-old.width * time.Duration(old.n-1-i))
		if i == 0 {
			w.start = at
		}
		w.slide(at)
		w.put(old.ring[old.after(1+i)])
	}
}
