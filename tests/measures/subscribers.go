package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// subscribers compares the 99th percentile of operations with and without ill
// subscribers, one that panics and one that blocks for ever: of operations that
// take 20 us, of which one in 20 fails, and of empty functions that all fail, which
// is the most that subscribers can be told of. Both also with two subscribers that
// are well.
//
// All are measured in short turns, one after the other, and each turn is compared
// with its neighbour, so that what else happens on the machine meets all.
func subscribers(s sizes) error {
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	p.Breaker.FailureThreshold = policies.Never
	set, err := policies.NewSet(map[string]policies.Policy{"x": p})
	if err != nil {
		return err
	}
	release := make(chan struct{})
	quiet := func(actors.Event) {}
	var sups [3]*supervisor.Supervisor // with none, with ill ones, with others
	for i, listeners := range [3][]func(actors.Event){
		{}, {func(actors.Event) { panic("a subscriber") }, func(actors.Event) { <-release }}, {quiet, quiet},
	} {
		if sups[i], err = supervisor.New(set); err != nil {
			return err
		}
		for _, listener := range listeners {
			sups[i].Subscribe(listener)
		}
	}
	load, failures := &comparison{turn: 2_000, failEvery: 20, takes: 20 * time.Microsecond}, &comparison{turn: 4_000, failEvery: 1}
	for over := time.Now().Add(s.lasting); time.Now().Before(over); {
		load.round(sups)
		failures.round(sups)
	}
	close(release)
	for _, sup := range sups {
		if err := sup.Shutdown(context.Background()); err != nil {
			return err
		}
	}
	if len(load.ill) < 10 {
		return errors.New("too few turns to say anything; give a longer -for")
	}
	fmt.Printf("prove: subscribers rounds=%d p99_change_percent=%.2f quarter_percent=%.2f three_quarters_percent=%.2f p99_us=%.1f "+
		"failures_p99_us=%.1f failures_p99_change_percent=%.2f failures_beside_well_ones_percent=%.2f "+
		"beside_well_ones_percent=%.2f\n",
		len(load.ill), percent(load.ill, 0.5), percent(load.ill, 0.25), percent(load.ill, 0.75),
		milliseconds(quantile(load.alone, 0.5))*1000, milliseconds(quantile(failures.alone, 0.5))*1000, percent(failures.ill, 0.5),
		percent(failures.well, 0.5), percent(load.well, 0.5))
	return nil
}

// comparison is one kind of load.
type comparison struct {
	turn, failEvery int
	takes           time.Duration // each operation
	rounds          int
	alone           []time.Duration // the percentile without any
	// ill are the ratios of the percentile with ill subscribers to that
	// without any, well those of that with ill ones to that with others.
	ill, well []float64
}

func (c *comparison) round(sups [3]*supervisor.Supervisor) {
	var p99 [3]time.Duration
	for n := range sups {
		which := (n + c.rounds) % 3 // who comes first changes
		p99[which] = c.measure(sups[which])
	}
	if c.rounds++; c.rounds > 2 { // the first warm up
		c.alone = append(c.alone, p99[0])
		c.ill = append(c.ill, float64(p99[1])/float64(p99[0]))
		c.well = append(c.well, float64(p99[1])/float64(p99[2]))
	}
}

func (c *comparison) measure(sup *supervisor.Supervisor) time.Duration {
	latencies := make([]time.Duration, c.turn)
	target := sup.Target("x")
	for i := range latencies {
		began := time.Now()
		_, _ = supervisor.DoOn(context.Background(), target, func(context.Context) (int, error) {
			for c.takes > 0 && time.Since(began) < c.takes {
			}
			if i%c.failEvery == 0 {
				return 0, errFailed // which publishes events
			}
			return i, nil
		})
		latencies[i] = time.Since(began)
	}
	return quantile(latencies, 0.99)
}

// percent is a quantile of ratios, as a change.
func percent(ratios []float64, share float64) float64 {
	slices.Sort(ratios)
	return 100 * (ratios[int(share*float64(len(ratios)-1))] - 1)
}

var errFailed = errors.New("measures: a failure")
