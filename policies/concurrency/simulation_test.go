package concurrency

import (
	"flag"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// candidate is a way to find the limit.
type candidate struct {
	name string
	make func() limiter
}

// chosen lets the simulation run the package's own limiter.
type chosen struct{ *Limiter }

func (c chosen) observe(begun, now time.Duration, inFlight int, dropped bool) {
	c.Observe(Attempt{Began: begun, Ended: now, InFlight: inFlight, Dropped: dropped})
}

func choose(tolerance float64) func() limiter {
	return func() limiter {
		return chosen{New(policies.Pool{MinWorkers: leastWorkers, Workers: mostWorkers, LatencyTolerance: tolerance})}
	}
}

func candidates() []candidate {
	return []candidate{
		{"holdfast", choose(1.5)},
		{"holdfast, tolerance 2", choose(2)},
		{"Gradient2", newGradient2},
		{"Vegas", newVegas},
		{"Envoy", newEnvoy},
		{"AIMD", newAIMD},
	}
}

// measures are what a simulation comes to, the mean over its seeds.
type measures struct {
	throughput  float64 // share of what the service could have done of what was asked
	median, p99 float64 // latency over the mean of the work
	dropped     float64 // share of the attempts
	limit       float64 // at the end, over the service's capacity
	settled     float64 // seconds until the limit stays, mean over the steps
	fairness    float64 // Jain's index of the clients' limits at the end
}

// seeds are those of a comparison.
var seeds = []uint64{1, 2, 3}

func measureAll(sc *scenario, c candidate, seeds []uint64) measures {
	var m measures
	for _, seed := range seeds {
		limiters := []limiter{c.make()}
		if sc.stagger > 0 {
			limiters = append(limiters, c.make())
		}
		s := simulate(sc, seed, limiters...)
		one := s.measure()
		n := float64(len(seeds))
		m.throughput += one.throughput / n
		m.median += one.median / n
		m.p99 += one.p99 / n
		m.dropped += one.dropped / n
		m.limit += one.limit / n
		m.settled += one.settled / n
		m.fairness += one.fairness / n
	}
	return m
}

func (s *service) measure() measures {
	sc := s.scenario
	possible, ended, dropped, sum, squares := 0.0, 0.0, 0.0, 0.0, 0.0
	for at := time.Duration(0); at < sc.length; at += sampleEvery {
		rate := float64(sc.capacity(at)) / sc.mean(at).Seconds()
		if sc.rate != nil {
			rate = min(rate, sc.rate(at))
		}
		possible += rate * sampleEvery.Seconds()
	}
	var latencies []float64
	for _, c := range s.clients {
		ended += float64(len(c.latencies))
		dropped += float64(c.dropped)
		latencies = append(latencies, c.latencies...)
		limit := median(c.limits[len(c.limits)*3/4:])
		sum += limit
		squares += limit * limit
	}
	slices.Sort(latencies)
	m := measures{
		throughput: ended / possible,
		median:     latencies[len(latencies)/2],
		p99:        latencies[len(latencies)*99/100],
		dropped:    dropped / (ended + dropped),
		limit:      sum / float64(sc.capacity(sc.length)),
		fairness:   sum * sum / float64(len(s.clients)) / squares,
	}
	for i, from := range sc.steps {
		to := sc.length
		if i+1 < len(sc.steps) {
			to = sc.steps[i+1]
		}
		m.settled += settled(s.clients[0].limits[from/sampleEvery:to/sampleEvery]) / float64(len(sc.steps))
	}
	return m
}

func median(all []int) float64 {
	all = slices.Clone(all)
	slices.Sort(all)
	return float64(all[len(all)/2])
}

// settled is the time in seconds after which the limit is between two thirds
// and three halves of its later median for all but a tenth of what follows.
// The tenth is for the dips in which a candidate measures.
func settled(limits []int) float64 {
	m := median(limits[len(limits)/2:])
	first, outside := len(limits), 0.0
	for i := len(limits) - 1; i >= 0; i-- {
		if l := float64(limits[i]); l < m/1.5-1 || l > m*1.5+1 {
			outside++
		} else if outside <= 0.1*float64(len(limits)-i) {
			first = i
		}
	}
	return float64(first) * sampleEvery.Seconds()
}

var compare = flag.Bool("simulation.compare", false, "run the candidates that were not chosen as well, each with three seeds")

// The table in docs/adaptive-concurrency.md is what this prints with -v and
// -simulation.compare. If it failed, the limiter would waste a service, or let
// queues grow that it is there to prevent.
func TestSimulation(t *testing.T) {
	all, seeds := candidates(), seeds
	if !*compare {
		all, seeds = all[:1], seeds[:1]
	}
	for _, sc := range scenarios() {
		t.Logf("%s", sc.name)
		t.Logf("  %-22s %10s %8s %8s %8s %10s %8s %8s", "", "throughput", "median", "p99", "dropped", "limit / C", "settled", "fairness")
		for _, c := range all {
			m := measureAll(&sc, c, seeds)
			fairness := "-"
			if sc.stagger > 0 {
				fairness = fmt.Sprintf("%.2f", m.fairness)
			}
			t.Logf("  %-22s %9.1f%% %6.0fms %6.0fms %7.1f%% %10.1f %7.1fs %8s", c.name, 100*m.throughput, 1000*m.median, 1000*m.p99,
				100*m.dropped, m.limit, m.settled, fairness)
			if c.name != "holdfast" {
				continue
			}
			assert.GreaterOrEqual(t, m.throughput, sc.least, "%s: throughput", sc.name)
			assert.LessOrEqual(t, m.limit, sc.most, "%s: limit over capacity", sc.name)
			assert.LessOrEqual(t, m.dropped, sc.faulty+0.005, "%s: dropped", sc.name)
			assert.False(t, math.IsNaN(m.p99), sc.name)
		}
	}
}
