package concurrency

const (
	// leeway is up to how many times the usual share of dropped attempts is
	// taken for it: more would leave the limit to chance.
	leeway = 1.5
	// alike is from what share of the drops at a high limit on those at half
	// of it and less are taken for as many. Drops of the limit's doing fall
	// at least as it does.
	alike = 0.65
	// sure is how many drops a share is known by, to within a quarter.
	sure = 16
	// rarest bounds how long a share is gathered, in attempts for each of sure.
	rarest = 200
)

// drops tells the dropped attempts that a lower limit prevents from those that
// it does not, such as the ones of a replica that answers each with 503.
type drops struct {
	usual float64 // the share that does not fall with the limit
	since tally   // what is held to it
	// A comparison of the shares at a high limit and at half of that and less.
	from      float64 // the high one, 0 while nothing is compared
	high, low tally
}

// tally counts attempts and the dropped ones among them.
type tally struct{ ended, dropped float64 }

func (t *tally) add(o tally) {
	t.ended += o.ended
	t.dropped += o.dropped
	if t.dropped > 2*sure || t.ended > rarest*sure { // the later ones weigh more
		t.ended, t.dropped = t.ended/2, t.dropped/2
	}
}

func (t tally) share() float64 {
	if t.ended == 0 {
		return 0
	}
	return t.dropped / t.ended
}

// excess is by how much a share is more than usual, which only more is.
func (d *drops) excess(share float64) float64 {
	if share <= leeway*d.usual {
		return 0
	}
	return share - d.usual
}

// finding is what a comparison comes to.
type finding uint8

const (
	nothing finding = iota
	// notOurs is that as many are dropped at a low limit, which may rise again.
	notOurs
	// unknown is that there are drops at a low limit, and that nobody knows how
	// many there are at twice that.
	unknown
)

// compare takes in a window with limit, which is never below least.
func (d *drops) compare(limit, least float64, window tally) finding {
	d.forget(window)
	if d.from == 0 && d.excess(window.share()) == 0 {
		return nothing
	}
	// The least has nothing below to compare it to.
	d.from = max(d.from, limit, 2*least)
	if limit > d.from/2 {
		d.high.add(window)
	} else {
		d.low.add(window)
	}
	high, low := d.high.share(), d.low.share()
	if d.high.dropped < sure || high*d.low.ended < sure {
		if limit > d.from/2 || d.low.dropped < sure {
			return nothing
		}
		d.from = 2 * limit
		return unknown
	}
	d.from, d.high, d.low = 0, tally{}, tally{}
	// What drops most of what it gets has too much to do whatever the limit is.
	if low < alike*high || low <= d.usual || low >= steepest {
		return nothing
	}
	d.usual, d.since = low, tally{}
	return notOurs
}

// forget lowers the usual share when there are no more than half as many.
func (d *drops) forget(window tally) {
	if d.usual == 0 {
		return
	}
	d.since.ended += window.ended
	d.since.dropped += window.dropped
	if d.since.ended*d.usual < sure {
		return
	}
	if share := d.since.share(); share < d.usual/2 {
		d.usual = share
	}
	d.since = tally{}
}
