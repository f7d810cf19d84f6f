package main

import (
	"math"
	"slices"
	"time"
)

// summary is what one run comes to.
type summary struct {
	// ran is false when the run never began, because the demo was ended
	// before.
	ran bool

	operations, succeeded, failed int
	// usersFailed is how many of the failed had a user waiting.
	usersFailed int
	// unfinished operations were cut off by the user.
	unfinished int

	// calls is how many calls left the program. refused is how many of them
	// met a service that was down, or with a service of the user's own, how
	// many could not connect.
	calls, refused int64

	all, interactive latencies

	recovery recovery
}

// latencies are percentiles of the time from an operation's arrival to its
// answer or error.
type latencies struct{ p50, p99 time.Duration }

// recovery says how soon after the service's return things were well again.
type recovery struct {
	// known is false when the service never went away, or never came back.
	known bool
	// firstSuccess is the time from the return to the first success. It is
	// meaningless when succeeded is false.
	firstSuccess time.Duration
	succeeded    bool
	// backlog is how many operations had arrived before the return and
	// ended after it; drained is the time from the return to the end of the
	// last of them, and saved is how many of them succeeded.
	backlog, saved int
	drained        time.Duration
}

// summarise adds up the operations of a run.
func summarise(started int, endings []ending) summary {
	s := summary{ran: true, operations: started}
	var all, users []time.Duration
	for _, e := range endings {
		switch {
		case e.interrupted:
			continue
		case e.err == nil:
			s.succeeded++
		default:
			s.failed++
			if e.op.kind == interactive {
				s.usersFailed++
			}
		}
		all = append(all, e.latency())
		if e.op.kind == interactive {
			users = append(users, e.latency())
		}
	}
	s.unfinished = started - s.succeeded - s.failed
	s.all, s.interactive = percentiles(all), percentiles(users)
	return s
}

// recoveryOf looks at what happened after the service returned at back,
// counted from the start of the run.
func recoveryOf(endings []ending, back time.Duration) recovery {
	r := recovery{known: true}
	for _, e := range endings {
		if e.interrupted || e.at < back {
			continue
		}
		since := e.at - back
		if e.err == nil && (!r.succeeded || since < r.firstSuccess) {
			r.succeeded, r.firstSuccess = true, since
		}
		if e.op.arrival < back {
			r.backlog++
			r.drained = max(r.drained, since)
			if e.err == nil {
				r.saved++
			}
		}
	}
	return r
}

func percentiles(d []time.Duration) latencies {
	slices.Sort(d)
	return latencies{p50: percentile(d, 50), p99: percentile(d, 99)}
}

// percentile returns the nearest-rank percentile of sorted durations: the
// smallest that at least p percent of them do not exceed. It is 0 for none.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}
