package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// kind says who waits for an operation.
type kind string

const (
	// interactive operations have a user waiting: they fail fast.
	interactive kind = "interactive"
	// background operations may wait out an outage.
	background kind = "background"
)

const (
	agents = 8
	// perSecond is how many operations all agents together start a second.
	perSecond = 45
	// interactiveShare is the share of operations with a user waiting.
	interactiveShare = 0.25
	// userPatience and backgroundPatience are the operations' deadlines,
	// counted from their arrival. None outlasts the run.
	userPatience       = 2 * time.Second
	backgroundPatience = 30 * time.Second
	// arrivalsPercent is the part of a run in which operations arrive; the
	// rest is for ending them.
	arrivalsPercent = 80
)

// operation is one thing an agent asks of the service.
type operation struct {
	id    int
	agent int
	kind  kind
	// arrival is when the agent asks, counted from the start of the run.
	arrival time.Duration
	// patience is how long after its arrival the answer is still of use.
	patience time.Duration
}

// plan draws the work of all agents, in the order of arrival. The same seed
// and duration give the same plan.
func plan(seed uint64, total time.Duration) []operation {
	var ops []operation
	step := agents * time.Second / perSecond
	for agent := 1; agent <= agents; agent++ {
		draw := rand.New(rand.NewPCG(seed, uint64(agent)))
		pause := func(low float64) time.Duration {
			return time.Duration((low + draw.Float64()) * float64(step))
		}
		for at := pause(0); at < total*arrivalsPercent/100; at += pause(0.5) {
			op := operation{agent: agent, kind: background, arrival: at, patience: backgroundPatience}
			if draw.Float64() < interactiveShare {
				op.kind, op.patience = interactive, userPatience
			}
			op.patience = min(op.patience, total-at)
			ops = append(ops, op)
		}
	}
	slices.SortStableFunc(ops, func(a, b operation) int { return cmp.Compare(a.arrival, b.arrival) })
	for i := range ops {
		ops[i].id = i + 1
	}
	return ops
}
