package breaker

import "time"

// timeBuckets is the granularity of a time window: it slides in steps of a
// 64th of its duration, which is an error of at most 1.6 % for 1.5 KB. Shorter
// windows than 64 ns have one bucket a nanosecond.
const timeBuckets = 64

// timeWindow is the calls of the last WindowDuration, in buckets. It never
// holds a call that is older than that, and lets go of each at most one
// bucket's width early. Adding is O(1): at worst, every bucket is emptied.
//
// Bucket times are differences of the times that come in, never clock
// readings, so they follow the monotonic clock where there is one. A now that
// lies before the current bucket counts for the current bucket; one that lies
// a whole window before it can only come of a clock that was set back, and
// becomes the current bucket's time: the window keeps its calls, and slides
// again from there.
type timeWindow struct {
	buckets []tally
	width   time.Duration
	// head is the current bucket, which begins at start.
	head  int
	start time.Time
	sum   tally
}

func newTimeWindow(d time.Duration, now time.Time) *timeWindow {
	n := min(timeBuckets, d)
	return &timeWindow{buckets: make([]tally, n), width: d / n, start: now}
}

func (w *timeWindow) add(now time.Time, failed, slow bool) {
	w.slide(now)
	call := tally{calls: 1}
	if failed {
		call.failures = 1
	}
	if slow {
		call.slow = 1
	}
	w.put(call)
}

func (w *timeWindow) put(t tally) {
	w.buckets[w.head].add(t)
	w.sum.add(t)
}

// steps is how many buckets now lies past the current one, and whether it
// lies a whole window or more before it.
func (w *timeWindow) steps(now time.Time) (n time.Duration, setBack bool) {
	past := now.Sub(w.start)
	if past < w.width {
		return 0, past <= -w.width*time.Duration(len(w.buckets))
	}
	return past / w.width, false
}

func (w *timeWindow) slide(now time.Time) {
	n, setBack := w.steps(now)
	if setBack {
		w.start = now
	}
	if n == 0 {
		return
	}
	w.start = w.start.Add(n * w.width)
	for range min(n, time.Duration(len(w.buckets))) {
		if w.head++; w.head == len(w.buckets) {
			w.head = 0
		}
		w.sum.take(w.buckets[w.head])
		w.buckets[w.head] = tally{}
	}
}

// totals is what the window would hold if it were slid to now.
func (w *timeWindow) totals(now time.Time) tally {
	n, _ := w.steps(now)
	t := w.sum
	for i := range min(int(min(n, timeBuckets)), len(w.buckets)) {
		t.take(w.buckets[(w.head+1+i)%len(w.buckets)])
	}
	return t
}

func (w *timeWindow) clear() {
	clear(w.buckets)
	w.sum = tally{}
}

// takeOver puts old's buckets in, oldest first, each at the time it began, so
// that no call stays longer than the new duration.
func (w *timeWindow) takeOver(old *timeWindow) {
	n := len(old.buckets)
	w.start = old.start.Add(-old.width * time.Duration(n-1))
	for i := range n {
		w.slide(old.start.Add(-old.width * time.Duration(n-1-i)))
		w.put(old.buckets[(old.head+1+i)%n])
	}
}
