package concurrency_test

import (
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/concurrency"
)

// A service that answers in 100 ms, and then, with too many calls at a time, in
// 250 ms.
func Example() {
	l := concurrency.New(policies.Pool{MinWorkers: 1, Workers: 64, LatencyTolerance: 1.5})
	now := time.Second
	for _, latency := range []time.Duration{100, 100, 100, 250} {
		latency *= time.Millisecond
		for before := l.Estimate(); l.Estimate() == before; {
			began := now
			now += latency
			l.Observe(concurrency.Attempt{Began: began, Ended: now, InFlight: l.Limit()})
		}
		fmt.Println(latency, "->", l.Estimate())
	}
	fmt.Println("while the latency without a queue is measured:", l.Limit())
	// Output:
	// 100ms -> 8
	// 100ms -> 16
	// 100ms -> 32
	// 250ms -> 19
	// while the latency without a queue is measured: 5
}
