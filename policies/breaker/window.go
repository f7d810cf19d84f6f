package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// tally is what a window, or a part of one, holds.
type tally struct{ calls, failures, slow int }

func (t *tally) add(u tally) {
	t.calls += u.calls
	t.failures += u.failures
	t.slow += u.slow
}

func (t *tally) take(u tally) {
	t.calls -= u.calls
	t.failures -= u.failures
	t.slow -= u.slow
}

// window is the window of the two rates: one of calls, one of time, or none
// while no rate is set. It is two pointers and no interface because every
// settled call of a closed breaker passes through it.
type window struct {
	ofCalls *callWindow
	ofTime  *timeWindow
}

func newWindow(s policies.Breaker, now time.Time) window {
	switch {
	case s.FailureRate <= 0 && s.SlowCallRate <= 0:
		return window{}
	case s.WindowDuration > 0:
		return window{ofTime: newTimeWindow(s.WindowDuration, now)}
	default:
		return window{ofCalls: newCallWindow(s.WindowCalls)}
	}
}

// fit returns the window that the settings ask for with as much of w in it as
// has a place there. A window of calls does not know when they were, nor one
// of time in which order they came, so between the two nothing has.
func (w window) fit(s policies.Breaker, now time.Time) window {
	want := newWindow(s, now)
	switch {
	case w.ofCalls != nil && want.ofCalls != nil:
		want.ofCalls.takeOver(w.ofCalls)
	case w.ofTime != nil && want.ofTime != nil:
		want.ofTime.takeOver(w.ofTime)
	}
	return want
}

func (w window) kept() bool { return w.ofCalls != nil || w.ofTime != nil }

// add puts one call into the window, which must be kept.
func (w window) add(now time.Time, failed, slow bool) {
	if w.ofTime != nil {
		w.ofTime.add(now, failed, slow)
		return
	}
	w.ofCalls.add(failed, slow)
}

// addSuccesses puts in n calls that did not fail and were not slow.
func (w window) addSuccesses(now time.Time, n uint64) {
	if w.ofTime != nil {
		w.ofTime.slide(now)
		w.ofTime.put(tally{calls: int(n)})
		return
	}
	w.ofCalls.addSuccesses(n)
}

// held returns what the window, which must be kept, holds as of the last add.
func (w window) held() *tally {
	if w.ofTime != nil {
		return &w.ofTime.sum
	}
	return &w.ofCalls.sum
}

func (w window) totals(now time.Time) tally {
	switch {
	case w.ofTime != nil:
		return w.ofTime.totals(now)
	case w.ofCalls != nil:
		return w.ofCalls.sum
	default:
		return tally{}
	}
}

func (w window) clear() {
	switch {
	case w.ofTime != nil:
		w.ofTime.clear()
	case w.ofCalls != nil:
		w.ofCalls.clear()
	}
}
