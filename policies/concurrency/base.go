package concurrency

import "time"

const (
	// stale is after how many windows the base is measured again, unless
	// latency has been near it meanwhile.
	stale = 50
	// doubts is after how many falls it is.
	doubts = 8
	// headroom is the share of what the service is thought to work on at a
	// time that may run while the base is measured: a base that is too long
	// by up to a third is then mended at once, and a longer one step by step.
	headroom = 0.75
	// near is up to how many times the base a latency confirms it.
	near = 1.1
	// shorter is down to what share of the base a latency is an accident.
	shorter = 0.8
	// longer is from how many times the base before on the service is another
	// one than it was, whose limit has to be found anew.
	longer = 1.5
	// caution is how far a somewhat longer measurement moves the base: it may
	// be the queue of somebody else who measures at another moment.
	caution = 0.5
	// drift is how fast the base follows longer latencies under a small load.
	drift = 0.1
	// patience is how many mean latencies it may take until no more run than
	// are allowed. Attempts that hang are not waited for.
	patience = 4
)

// base is the latency of the service when nothing queues in it.
type base struct {
	latency float64 // 0 while nothing is known
	age     int     // windows since it was measured or confirmed
	falls   int     // of the limit since it was measured

	phase phase
	then  phase
	cap   float64 // the limit while phase is not watching
	since time.Duration
	begun bool // since is set
}

// phase is what the limiter does with the attempts that end.
type phase uint8

const (
	watching  phase = iota // gathers them for the next step
	draining               // waits until no more run than are allowed
	settling               // waits for the first that began after that
	measuring              // gathers them for the base
)

// settle has nothing gathered until no more run than limit, and those that do
// began under it.
func (b *base) settle(limit float64) {
	b.phase, b.then, b.cap, b.begun = draining, watching, limit, false
}

// measure has the base measured with no more than limit in flight.
func (b *base) measure(limit float64) {
	b.settle(limit)
	b.then = measuring
}

// unsettled says whether an attempt ended too early to say anything. latency is
// the mean of late.
func (b *base) unsettled(a Attempt, latency float64) bool {
	switch b.phase {
	case draining:
		if !b.begun {
			b.begun, b.since = true, a.Ended
		}
		if a.InFlight-1 > int(b.cap) && float64(a.Ended-b.since) < patience*latency {
			return true
		}
		b.phase, b.since = settling, a.Ended
		return true
	case settling:
		if a.Began >= b.since {
			b.phase = b.then
		}
		return true
	}
	return false
}

// measured takes in what was measured. It reports whether the service has
// become much slower than it was.
func (b *base) measured(mean float64) (another bool) {
	another = mean > longer*b.latency
	if another || mean < b.latency {
		b.latency = mean
	} else {
		b.latency += caution * (mean - b.latency)
	}
	b.age, b.falls = 0, 0
	return another
}

// compare holds a window's mean latency to the base. idle says that the load
// was small.
func (b *base) compare(mean float64, idle bool) {
	b.age++
	switch {
	case b.latency == 0 || mean < shorter*b.latency:
		b.latency, b.age = mean, 0
	case mean < near*b.latency:
		b.age = 0
	case idle && b.age >= stale:
		b.latency += drift * (mean - b.latency)
	}
}

// doubt notes that the limit fell. The first fall after it has only risen says
// that there is enough load to measure what was guessed so far.
func (b *base) doubt(first bool) {
	b.falls++
	if first {
		b.falls = doubts
	}
}

// due says whether the base is to be measured.
func (b *base) due(lost bool) bool {
	return b.latency > 0 && (lost || b.age >= stale || b.falls >= doubts)
}
