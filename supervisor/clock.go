package supervisor

import (
	"math"
	"time"
)

// The supervisor's clock shows the time since the supervisor was made, by the
// monotonic clock. What many waiting operations keep is kept as its reading,
// which takes a third of the room of a time.Time.

// reading is that of now.
func (s *Supervisor) reading() time.Duration { return time.Since(s.epoch) }

// since is the reading now, but never zero.
func (s *Supervisor) since() time.Duration { return max(1, s.reading()) }

// readingOf is the reading at t.
func (s *Supervisor) readingOf(t time.Time) time.Duration {
	now := time.Now() // t may be without a monotonic reading
	return readingAfter(now.Sub(s.epoch), t.Sub(now))
}

// timeOf is the time at a reading.
func (s *Supervisor) timeOf(reading time.Duration) time.Time { return s.epoch.Add(reading) }

// readingAfter is the reading that follows another by d, at most the last there is.
func readingAfter(reading, d time.Duration) time.Duration {
	if d > math.MaxInt64-reading {
		return math.MaxInt64
	}
	return reading + d
}
