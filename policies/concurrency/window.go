package concurrency

import "time"

const (
	// shortest is the least length of a window, so that calls of a
	// microsecond don't move the limit thousands of times a second. Envoy's
	// concurrency_update_interval is as long.
	shortest = 100 * time.Millisecond
	// rounds is how many mean latencies a window lasts at least: what began
	// before it should not fill it.
	rounds = 2
	// fewest is the least number of attempts in a window.
	fewest = 10
	// enough bounds the number of attempts that scattered latencies ask for.
	enough = 256
	// precision is how well a mean is to be known: its standard error is
	// that share of it.
	precision = 0.1
	// forgetting is the share by which the scatter follows a smaller one.
	forgetting = 0.1
)

// window gathers attempts until they say something.
type window struct {
	since        time.Duration
	sum, squares float64 // of the latencies of those that ended
	ended        int
	dropped      int
	peak         int // the most that were in flight
	// scatter is the variance of the latencies over the square of their mean,
	// as it was in the windows before. It rises at once and falls slowly, and
	// is not taken from the present window: to stop when few scattered ones
	// have been seen would be to look only at these.
	scatter float64
}

func (w *window) add(a Attempt) {
	w.peak = max(w.peak, a.InFlight)
	if a.Dropped {
		w.dropped++
		return
	}
	latency := float64(max(1, a.Ended-a.Began))
	w.ended++
	w.sum += latency
	w.squares += latency * latency
}

// full says whether the window can be closed. least is how many attempts it
// must have, latency the mean of the window before, and d what is usual.
func (w *window) full(now time.Duration, least int, latency float64, d *drops) bool {
	need := max(least, int(min(enough, w.scatter/(precision*precision))))
	if w.dropped >= need && d.excess(w.tally().share()) > 0 {
		return true // there is no time to lose
	}
	return w.ended+w.dropped >= need && float64(now-w.since) >= max(float64(shortest), rounds*latency)
}

func (w *window) tally() tally { return tally{float64(w.ended + w.dropped), float64(w.dropped)} }

// close gives the window's mean latency, before if it has none.
func (w *window) close(before float64) (mean float64) {
	if w.ended == 0 {
		return before
	}
	n := float64(w.ended)
	mean = w.sum / n
	scatter := max(0, w.squares/n/(mean*mean)-1)
	w.scatter = max(scatter, w.scatter+forgetting*(scatter-w.scatter))
	return mean
}

func (w *window) clear(now time.Duration) { *w = window{since: now, scatter: w.scatter} }
