package breaker

import "time"

// timeBuckets is the granularity of a window of time: it slides in steps of a
// 64th of its duration, which is an error of at most 1.6 % for 1.5 KB. Shorter
// windows than 64 ns have one bucket a nanosecond.
const timeBuckets = 64

// ring says which of a number of buckets stands for which part of a window of
// time. A window that puts into the current one, and empties those that come
// after it as the ring passes on, never holds anything older than its duration,
// and lets go of each thing at most one bucket's width early.
//
// Bucket times are differences of the times that come in, never clock
// readings, so they follow the monotonic clock where there is one. A now that
// lies before the current bucket counts for the current bucket; one that lies
// a whole window before it can only come of a clock that was set back, and
// becomes the current bucket's time: the window keeps what it has, and slides
// again from there.
type ring struct {
	count int
	width time.Duration
	// head is the current bucket, which begins at start.
	head  int
	start time.Time
}

func newRing(d time.Duration, now time.Time) ring {
	n := min(timeBuckets, d)
	return ring{count: int(n), width: d / n, start: now}
}

// steps is how many buckets now lies past the current one, and whether it
// lies a whole window or more before it.
func (r *ring) steps(now time.Time) (n time.Duration, setBack bool) {
	past := now.Sub(r.start)
	if past < r.width {
		return 0, past <= -r.width*time.Duration(r.count)
	}
	return past / r.width, false
}

// pass lets the ring come to now, and returns how many buckets are to be
// emptied: for each of them there must be one call of next, which makes it
// the current one.
func (r *ring) pass(now time.Time) int {
	n, setBack := r.steps(now)
	if setBack {
		r.start = now
	}
	if n == 0 {
		return 0
	}
	r.start = r.start.Add(n * r.width)
	return int(min(n, time.Duration(r.count)))
}

func (r *ring) next() {
	if r.head++; r.head == r.count {
		r.head = 0
	}
}

// outlived is how many buckets pass would return, without passing.
func (r *ring) outlived(now time.Time) int {
	n, _ := r.steps(now)
	return int(min(n, time.Duration(r.count)))
}

// ahead is the i-th bucket after the current one, from 0: the i-th oldest.
func (r *ring) ahead(i int) int { return (r.head + 1 + i) % r.count }

// began is when the i-th oldest bucket began.
func (r *ring) began(i int) time.Time { return r.start.Add(-r.width * time.Duration(r.count-1-i)) }
