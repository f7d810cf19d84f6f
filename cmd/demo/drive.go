package main

import (
	"context"
	"sync"
	"time"
)

// client is one way of calling the service: with a plain retry loop, or
// through Holdfast.
type client interface {
	// run carries one operation to its end. ctx ends with the operation's
	// patience. It is called from many goroutines.
	run(ctx context.Context, op operation) error
	// close gives back what the client holds. No run is in progress then.
	close(ctx context.Context) error
}

// drive hands each operation to c when it arrives, whatever became of those
// before it, and returns when the last has ended. When ctx is done no more
// arrive, and those in progress end early.
func drive(ctx context.Context, start time.Time, c client, ops []operation, j *journal) {
	var running sync.WaitGroup
	defer running.Wait()
	for _, op := range ops {
		arrival := start.Add(op.arrival)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(arrival)):
		}
		if ctx.Err() != nil {
			return
		}
		j.began(time.Now())
		running.Go(func() {
			opCtx, cancel := context.WithDeadline(ctx, arrival.Add(op.patience))
			defer cancel()
			err := c.run(opCtx, op)
			// An operation that the user's Ctrl-C ended says nothing
			// about either client.
			j.ended(op, time.Since(start), err, err != nil && ctx.Err() != nil)
		})
	}
}
