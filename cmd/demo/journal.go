package main

import (
	"slices"
	"sync"
	"time"
)

// ending is how one operation ended.
type ending struct {
	op operation
	// at is when it ended, counted from the start of the run.
	at time.Duration
	// err is nil for a success.
	err error
	// interrupted is true when the run was ended under it.
	interrupted bool
}

// latency is the time from the operation's arrival to its answer or error.
func (e ending) latency() time.Duration { return e.at - e.op.arrival }

// journal records the operations of one run. It is safe for concurrent use.
type journal struct {
	// onBegin and onEnd, where set, hear of each beginning and ending.
	// They must not block.
	onBegin func(time.Time)
	onEnd   func(ending)

	mu      sync.Mutex
	started int
	endings []ending
}

func (j *journal) began(at time.Time) {
	j.mu.Lock()
	j.started++
	j.mu.Unlock()
	if j.onBegin != nil {
		j.onBegin(at)
	}
}

func (j *journal) ended(op operation, at time.Duration, err error, interrupted bool) {
	e := ending{op: op, at: at, err: err, interrupted: interrupted}
	j.mu.Lock()
	j.endings = append(j.endings, e)
	j.mu.Unlock()
	if j.onEnd != nil {
		j.onEnd(e)
	}
}

// entries returns how many operations began, and how those that ended did.
func (j *journal) entries() (started int, endings []ending) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.started, slices.Clone(j.endings)
}
