package main

import (
	"time"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// phase is how the service behaves for a while.
type phase = flaky.Phase

const (
	healthy    = flaky.Healthy
	slow       = flaky.Slow
	down       = flaky.Down
	overloaded = flaky.Overloaded
	recovering = flaky.Recovering
)

// describe tells a reader of the event stream what to expect of a phase.
func describe(p phase) string {
	switch p {
	case healthy:
		return "healthy: answers in 5 to 25 ms"
	case slow:
		return "slow: answers take 150 to 400 ms"
	case down:
		return "down: the port is closed, connections are refused"
	case overloaded:
		return "overloaded: back, but 30 % get a 429 and 15 % a 503"
	case recovering:
		return "recovering: one answer in five is still a 500"
	}
	return string(p)
}

// stage is one phase of a run, from its beginning to its end, both counted
// from the start of the run.
type stage struct {
	phase    phase
	from, to time.Duration
}

// schedule divides a run into its stages, in order and without gaps. The
// outage takes the largest part, as it does in an incident.
func schedule(total time.Duration) []stage {
	shares := []struct {
		phase   phase
		percent time.Duration
	}{
		{healthy, 12}, {slow, 8}, {down, 40}, {overloaded, 8}, {recovering, 8}, {healthy, 24},
	}
	stages := make([]stage, 0, len(shares))
	var percent time.Duration
	for _, s := range shares {
		from := total * percent / 100
		percent += s.percent
		stages = append(stages, stage{phase: s.phase, from: from, to: total * percent / 100})
	}
	return stages
}
