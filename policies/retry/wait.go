package retry

import (
	"math"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Wait returns the n-th wait of an operation, the one after its n-th attempt,
// by the policy's jitter. See [policies.Jitter] for the intervals; their ends
// are included.
//
// n below 1 counts as 1. previous is the wait before this one, which only
// decorrelated jitter looks at; below MinWait, as before the first wait, it
// counts as MinWait. rnd is a random number in [0, 1); outside it the nearest
// end is taken, and 0 for what is no number.
//
// For a valid policy the wait is in [MinWait, MaxWait] whatever n, previous
// and rnd are.
func Wait(p *policies.Retry, n int, previous time.Duration, rnd float64) time.Duration {
	least := min(p.MinWait, p.MaxWait)
	switch p.Jitter {
	case policies.JitterNone:
		return doubled(least, max(n, 1)-1, p.MaxWait)
	case policies.JitterEqual:
		top := doubled(least, max(n, 1), p.MaxWait)
		return draw(top-(top-least)/2, top, rnd)
	case policies.JitterDecorrelated:
		previous = max(previous, least)
		top := p.MaxWait
		if previous <= p.MaxWait/3 {
			top = 3 * previous
		}
		return draw(least, top, rnd)
	default:
		return draw(least, doubled(least, max(n, 1), p.MaxWait), rnd)
	}
}

// doubled returns min(top, d * 2^times) without overflow.
func doubled(d time.Duration, times int, top time.Duration) time.Duration {
	if d <= 0 {
		return min(d, top)
	}
	if times >= 63 || d > top>>times {
		return top
	}
	return d << times
}

// draw returns the duration at rnd of the way through [low, high], each of
// its nanoseconds as likely as any other.
func draw(low, high time.Duration, rnd float64) time.Duration {
	if math.IsNaN(rnd) || rnd <= 0 {
		return low
	}
	span := high - low
	step := rnd * (float64(span) + 1)
	if step >= float64(span) {
		return high
	}
	return low + time.Duration(step)
}
