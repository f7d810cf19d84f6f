package concurrency

import (
	"math"
	"time"
)

// The candidates that were not chosen, each with the defaults of its source but
// for the bounds. They are here so that the comparison can be run again.

// bounds of every candidate.
const (
	leastWorkers = 1
	mostWorkers  = 256
	firstWorkers = 20
)

// averages collects attempts for a window, as WindowedLimit of Netflix'
// concurrency-limits does: at least a second and ten attempts.
type averages struct {
	since    time.Duration
	sum      time.Duration
	n        int
	inFlight int
	dropped  bool
}

func (w *averages) add(begun, now time.Duration, inFlight int, dropped bool) {
	w.dropped = w.dropped || dropped
	w.inFlight = max(w.inFlight, inFlight)
	if !dropped {
		w.sum += now - begun
		w.n++
	}
}

func (w *averages) full(now, length time.Duration) bool { return now-w.since >= length && w.n >= 10 }

func (w *averages) mean() float64 { return w.sum.Seconds() / float64(w.n) }

// gradient2 is Gradient2Limit of github.com/Netflix/concurrency-limits.
type gradient2 struct {
	window averages
	limit  float64
	long   float64
	seen   int
}

func newGradient2() limiter { return &gradient2{limit: firstWorkers} }

func (l *gradient2) Limit() int { return int(l.limit) }

func (l *gradient2) observe(begun, now time.Duration, inFlight int, dropped bool) {
	l.window.add(begun, now, inFlight, dropped)
	if !l.window.full(now, time.Second) {
		return
	}
	w := l.window
	l.window = averages{since: now}
	short := w.mean()
	l.seen++
	if l.seen <= 10 {
		l.long += (short - l.long) / float64(l.seen)
	} else {
		l.long += (short - l.long) * 2 / 601
	}
	if l.long/short > 2 {
		l.long *= 0.95
	}
	if float64(w.inFlight) < l.limit/2 {
		return
	}
	gradient := max(0.5, min(1, 1.5*l.long/short))
	next := l.limit*gradient + 4
	l.limit = max(leastWorkers, min(mostWorkers, l.limit*0.8+next*0.2))
}

// vegas is VegasLimit of the same.
type vegas struct {
	window averages
	limit  float64
	noLoad float64
	probes int
}

func newVegas() limiter { return &vegas{limit: firstWorkers} }

func (l *vegas) Limit() int { return int(l.limit) }

func (l *vegas) observe(begun, now time.Duration, inFlight int, dropped bool) {
	l.window.add(begun, now, inFlight, dropped)
	if !l.window.full(now, time.Second) {
		return
	}
	w := l.window
	l.window = averages{since: now}
	rtt := w.mean()
	l.probes++
	if float64(l.probes) >= 0.75*30*l.limit {
		l.probes, l.noLoad = 0, rtt
		return
	}
	if l.noLoad == 0 || rtt < l.noLoad {
		l.noLoad = rtt
		return
	}
	log := max(1, math.Floor(math.Log10(l.limit)))
	queue := math.Ceil(l.limit * (1 - l.noLoad/rtt))
	switch {
	case w.dropped:
		l.limit -= log
	case float64(w.inFlight)*2 < l.limit:
	case queue <= log:
		l.limit += 6 * log
	case queue < 3*log:
		l.limit += log
	case queue > 6*log:
		l.limit -= log
	}
	l.limit = max(leastWorkers, min(mostWorkers, l.limit))
}

// aimd is AIMDLimit of the same.
type aimd struct {
	limit float64
}

func newAIMD() limiter { return &aimd{limit: firstWorkers} }

func (l *aimd) Limit() int { return int(l.limit) }

func (l *aimd) observe(_, _ time.Duration, inFlight int, dropped bool) {
	switch {
	case dropped:
		l.limit *= 0.9
	case float64(inFlight)*2 >= l.limit:
		l.limit++
	}
	l.limit = max(leastWorkers, min(mostWorkers, l.limit))
}

// envoy is the gradient controller of Envoy's adaptive concurrency filter:
// every minute it lets three attempts run at a time until it has seen fifty,
// and takes their time for the latency without a queue.
type envoy struct {
	window    averages
	limit     float64
	noLoad    float64
	measuring bool
	held      float64
	again     time.Duration
}

func newEnvoy() limiter { return &envoy{limit: 3, held: 3, measuring: true} }

func (l *envoy) Limit() int { return int(l.limit) }

func (l *envoy) observe(begun, now time.Duration, inFlight int, dropped bool) {
	if l.measuring {
		if begun < l.window.since {
			return
		}
		l.window.add(begun, now, inFlight, dropped)
		if l.window.n < 50 {
			return
		}
		l.noLoad = l.window.mean()
		l.measuring, l.limit, l.again = false, l.held, now+time.Minute
		l.window = averages{since: now}
		return
	}
	l.window.add(begun, now, inFlight, dropped)
	if !l.window.full(now, 100*time.Millisecond) {
		return
	}
	gradient := max(0.5, min(2, 1.25*l.noLoad/l.window.mean()))
	next := gradient * l.limit
	l.limit = max(3, min(mostWorkers, next+math.Sqrt(next)))
	l.window = averages{since: now}
	if now >= l.again {
		l.measuring, l.held, l.limit = true, l.limit, 3
	}
}
