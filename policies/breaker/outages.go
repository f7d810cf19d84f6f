package breaker

import (
	"slices"
	"time"
)

const (
	// outagesKept is how many past outages a machine remembers.
	outagesKept = 16
	// outagesEnough is how many it has to know before it goes by them.
	outagesEnough = 3
	// quickest is the shortest adapted open time, as a share of RecoveryTimeout.
	quickest = 0.1
)

// outages is how long the target was down in the past, and since when it is now,
// for AdaptiveRecovery. Its zero value knows nothing.
//
// An outage begins as the machine trips and ends between two probes: the last
// that failed and the first that succeeded. It counts as having ended half way.
type outages struct {
	lengths []time.Duration // the latest last
	began   time.Time       // of the present one, zero if there is none
	failed  time.Time       // when the target was last seen to be down
	// last is whether the present outage was thought to be over, and is in
	// lengths: a ramp is under way.
	last bool
}

// down notes that the machine opens because the target failed.
func (o *outages) down(now time.Time) {
	switch {
	case o.last: // it was not over
		o.lengths = o.lengths[:len(o.lengths)-1]
	case o.began.IsZero():
		o.began = now
	}
	o.last = false
	o.failed = now
}

// up notes that the target is well again, as probes that began at the given
// time have shown. It may turn out not to be as long as a ramp is under way.
func (o *outages) up(probed time.Time, ramps bool) {
	if o.began.IsZero() {
		return
	}
	length := o.failed.Sub(o.began) + probed.Sub(o.failed)/2
	if len(o.lengths) == outagesKept {
		o.lengths = slices.Delete(o.lengths, 0, 1)
	}
	o.lengths = append(o.lengths, max(length, 0))
	o.last = true
	if !ramps {
		o.settled()
	}
}

// settled ends the present outage for good, or forgets one of which nobody knows
// how it ended.
func (o *outages) settled() { o.began, o.last = time.Time{}, false }

// openTime is how long to wait for the target, which is down: of the past outages that lasted
// longer than the present one has, the time that the shortest quarter went on
// from here. It is no longer than usual, which is what it is while little is
// known, and where no outage was as long as this one.
func (o *outages) openTime(now time.Time, usual, recovery time.Duration) time.Duration {
	if len(o.lengths) < outagesEnough {
		return usual
	}
	passed := now.Sub(o.began)
	var left []time.Duration
	for _, length := range o.lengths {
		if length > passed {
			left = append(left, length-passed)
		}
	}
	if len(left) == 0 {
		return usual
	}
	slices.Sort(left)
	shortest := time.Duration(quickest * float64(recovery))
	return min(usual, max(shortest, left[(len(left)-1)/4]))
}

// typical is the median of the outages that are known, and their number.
func (o *outages) typical() (time.Duration, int) {
	if len(o.lengths) == 0 {
		return 0, 0
	}
	sorted := slices.Sorted(slices.Values(o.lengths))
	return sorted[(len(sorted)-1)/2], len(sorted)
}
