// Package budget counts the calls and the retries of a window of time, and
// says whether the calls allow one more retry.
//
// A retry is allowed while
//
//	retries in the window <= ratio * calls in the window + min_per_second * window
//
// holds with it. That is the budget of Finagle
// (com.twitter.finagle.service.RetryBudget), whose reserve for targets with few
// calls is added to the share. Envoy's retry_budget takes the greater of the
// two, of requests in flight and not of a window.
//
// It is pure: it knows no clock, no goroutine and no lock. The time comes in as
// an argument, and whoever owns a [Budget] serialises the calls to it.
package budget

import (
	"math"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Budget is one retry budget. Every method is O(1) and allocates nothing, but
// for a [Budget.Configure] with another window; its size is fixed.
type Budget struct {
	settings policies.RetryBudget
	window   *window
}

// New makes a budget with valid settings, of which only Ratio, MinPerSecond
// and Window count.
func New(s policies.RetryBudget, now time.Time) *Budget {
	return &Budget{settings: s, window: newWindow(s.Window, now)}
}

// Call counts one call: the first attempt of an operation.
func (b *Budget) Call(now time.Time) {
	b.window.slide(now)
	b.window.put(tally{calls: 1})
}

// Take counts one retry if there is one to be had, and says whether there was.
// What was taken is not given back: it leaves with the window.
func (b *Budget) Take(now time.Time) bool {
	b.window.slide(now)
	held := b.window.sum
	if held.retries >= b.allowed(held.calls) {
		return false
	}
	b.window.put(tally{retries: 1})
	return true
}

// Balance is what a budget holds at one moment.
type Balance struct {
	// Calls and Retries are those of the window.
	Calls, Retries int
	// Available is how many retries may be taken now. It is never negative,
	// although calls leave the window before the retries they allowed.
	Available int
}

// Balance returns the balance at now, and changes nothing.
func (b *Budget) Balance(now time.Time) Balance {
	held := b.window.totals(now)
	return Balance{Calls: held.calls, Retries: held.retries, Available: max(0, b.allowed(held.calls)-held.retries)}
}

// Configure puts other settings in force, already validated ones, and keeps
// what is counted. A longer window begins with what the shorter one held; a
// shorter one keeps the buckets of the longer that began within it.
func (b *Budget) Configure(s policies.RetryBudget, now time.Time) {
	if s.Window != b.settings.Window {
		old := b.window
		old.slide(now)
		b.window = newWindow(s.Window, now)
		b.window.takeOver(old)
	}
	b.settings = s
}

// allowed is how many retries the window may hold. The product of two decimal
// numbers may come out a little under the whole number it is, as 0.29 of 100
// calls does, so a trifle is added that is far less than any setting can say.
func (b *Budget) allowed(calls int) int {
	n := b.settings.Ratio*float64(calls) + b.settings.MinPerSecond*b.settings.Window.Seconds()
	return int(math.Floor(n + n*0x1p-50))
}
