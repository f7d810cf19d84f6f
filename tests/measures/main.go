// Command measures measures, on the real clock and alone on a machine, what no
// test should assert: how soon callers are freed, what ill subscribers cost, and
// what a target's end does to others. It prints one line for each, and judges
// nothing; tests/prove does.
//
//	go run ./tests/measures -measure deadline
//	go run ./tests/measures -measure deadline -gc=false
//	go run ./tests/measures -measure subscribers -for 20s
//	go run ./tests/measures -measure isolation -targets 1000
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"
)

type sizes struct {
	inFlight, targets int
	lasting           time.Duration
}

// valid says which flag can't be measured with.
func (s sizes) valid(stray []string) error {
	switch {
	case len(stray) > 0:
		return fmt.Errorf("%q is no flag", stray[0])
	case s.inFlight < 1:
		return fmt.Errorf("-inflight is %d: there has to be an operation under way, at least", s.inFlight)
	case s.targets < 1:
		return fmt.Errorf("-targets is %d: there has to be a target, at least", s.targets)
	case s.lasting <= 0:
		return fmt.Errorf("-for is %s: it has to be longer than nothing", s.lasting)
	}
	return nil
}

func main() {
	var s sizes
	measure := flag.String("measure", "", "deadline, subscribers or isolation")
	flag.IntVar(&s.inFlight, "inflight", 10_000, "how many operations are under way, for deadline")
	flag.IntVar(&s.targets, "targets", 1_000, "how many targets there are, for isolation")
	flag.DurationVar(&s.lasting, "for", 10*time.Second, "how long to measure")
	collect := flag.Bool("gc", true, "collect garbage, which holds up every timer on few cores")
	flag.Parse()
	if !*collect {
		debug.SetGCPercent(-1)
		debug.SetMemoryLimit(4 << 30) // it is to end the measure, not the machine
	}
	measures := map[string]func(sizes) error{"deadline": deadline, "subscribers": subscribers, "isolation": isolation}
	f, ok := measures[*measure]
	if !ok {
		fmt.Fprintf(os.Stderr, "measures: there is no measure %q; give -measure deadline, subscribers or isolation\n", *measure)
		os.Exit(2)
	}
	if err := s.valid(flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "measures:", err)
		os.Exit(2)
	}
	if err := f(s); err != nil {
		fmt.Fprintln(os.Stderr, "measures:", err)
		os.Exit(1)
	}
}

// quantile is the value below which a share of the durations lies, which it
// sorts.
func quantile(all []time.Duration, share float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[min(len(all)-1, int(share*float64(len(all))))]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
