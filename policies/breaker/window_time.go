package breaker

import "time"

// timeWindow is the calls of the last WindowDuration, in the buckets of a
// [ring]. Adding is O(1): at worst, every bucket is emptied.
type timeWindow struct {
	ring
	buckets []tally
	sum     tally
}

func newTimeWindow(d time.Duration, now time.Time) *timeWindow {
	r := newRing(d, now)
	return &timeWindow{ring: r, buckets: make([]tally, r.count)}
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

func (w *timeWindow) slide(now time.Time) {
	for n := w.pass(now); n > 0; n-- {
		w.next()
		w.sum.take(w.buckets[w.head])
		w.buckets[w.head] = tally{}
	}
}

// totals is what the window would hold if it were slid to now.
func (w *timeWindow) totals(now time.Time) tally {
	t := w.sum
	for i := range w.outlived(now) {
		t.take(w.buckets[w.ahead(i)])
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
	w.start = old.began(0)
	for i := range old.count {
		w.slide(old.began(i))
		w.put(old.buckets[old.ahead(i)])
	}
}
