// Package paths holds what is measured: one function a path, of Holdfast and of
// its peers. The same functions serve `go test -bench` and the program in
// tests/bench/compare.
//
// Every peer is configured for the same work (see peers.go). Holdfast's policies
// are its defaults; where a path needs another one, as one without waits does, its
// function says so.
package paths

import "testing"

// Path is one thing that is measured.
type Path struct {
	// Name is a group and a contestant, "success/holdfast".
	Name string
	// Run is a benchmark. It reports its allocations.
	Run func(b *testing.B)
}

// Scenario is a path that is measured once and not in a loop: b.N is its size,
// and what it reports are metrics of its own. It wants a process of its own, so
// that nobody else's memory is in its figures.
type Scenario struct {
	Path
	// Size is the b.N that the goals are about, Seconds about how long that takes.
	Size, Seconds int
}

// Hot are the paths that take nanoseconds to microseconds, a contestant beside
// those that it is compared with.
func Hot() []Path {
	var all []Path
	for _, group := range [][]Path{success(), parallel(), refused(), closedBreaker(), rateWindow(), rateRule(),
		async(), message(), restart(), events(), metrics()} {
		all = append(all, group...)
	}
	return all
}

// Scenarios are the paths that are measured once.
func Scenarios() []Scenario {
	var all []Scenario
	for _, group := range [][]Scenario{waiting(), keyed(), shutdown()} {
		all = append(all, group...)
	}
	return all
}
