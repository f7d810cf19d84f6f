package breaker

import (
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// costWindow is the costs of the failures of the last CostWindow, in the
// buckets of a [ring]. Its sum is made afresh from them each time, 64 additions
// for a failure that had a cost: taking costs away from a running sum would
// leave the rounding of the large ones behind in it.
type costWindow struct {
	ring
	buckets []float64
}

// newCostWindow returns nil, of which every method but add may be called, where
// the rule is off.
func newCostWindow(s policies.Breaker, now time.Time) *costWindow {
	if s.FailureCost <= 0 {
		return nil
	}
	r := newRing(s.CostWindow, now)
	return &costWindow{ring: r, buckets: make([]float64, r.count)}
}

// fit returns the window that the settings ask for with as much of w in it as
// has a place there.
func (w *costWindow) fit(s policies.Breaker, now time.Time) *costWindow {
	want := newCostWindow(s, now)
	if w == nil || want == nil {
		return want
	}
	want.start = w.began(0)
	for i := range w.count {
		want.add(w.began(i), w.buckets[w.ahead(i)])
	}
	return want
}

func (w *costWindow) add(now time.Time, cost float64) {
	for n := w.pass(now); n > 0; n-- {
		w.next()
		w.buckets[w.head] = 0
	}
	w.buckets[w.head] += cost
}

// sum is what the window would hold if it passed on to now.
func (w *costWindow) sum(now time.Time) (sum float64) {
	if w == nil {
		return 0
	}
	for i := w.outlived(now); i < w.count; i++ {
		sum += w.buckets[w.ahead(i)]
	}
	return sum
}

func (w *costWindow) clear() {
	if w != nil {
		clear(w.buckets)
	}
}

// costTolerance keeps ten costs of 0.1 from being less than 1.
const costTolerance = 1e-9

// tooCostly takes in the cost of a failure of a closed machine, and says
// whether the costs break the rule.
func (m *Machine) tooCostly(now time.Time, cost float64) bool {
	if m.costs == nil || !(cost > 0) {
		return false
	}
	m.costs.add(now, cost)
	return m.costs.sum(now) >= m.settings.FailureCost*(1-costTolerance)
}
