package main

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// script is a client whose operations do as a function says.
type script struct {
	do func(ctx context.Context, op operation) error

	mu   sync.Mutex
	seen map[int]time.Time
}

func (s *script) run(ctx context.Context, op operation) error {
	s.mu.Lock()
	if s.seen == nil {
		s.seen = map[int]time.Time{}
	}
	s.seen[op.id] = time.Now()
	s.mu.Unlock()
	return s.do(ctx, op)
}

func (*script) close(context.Context) error { return nil }

func hang(ctx context.Context, _ operation) error {
	<-ctx.Done()
	return ctx.Err()
}

// An operation must arrive on time whatever became of those before it: else
// a slow client would be given less work than a fast one.
func TestDriveKeepsToTheArrivals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ops := []operation{
			{id: 1, arrival: time.Second, patience: 5 * time.Second},
			{id: 2, arrival: 2 * time.Second, patience: time.Second},
			{id: 3, arrival: 2 * time.Second, patience: 3 * time.Second},
		}
		start := time.Now()
		var j journal
		c := &script{do: hang}
		drive(t.Context(), start, c, ops, &j)

		began, endings := j.entries()
		assert.Equal(t, 3, began)
		require.Len(t, endings, 3)
		for _, op := range ops {
			assert.Equal(t, op.arrival, c.seen[op.id].Sub(start))
		}
		for i, want := range []struct{ id, seconds int }{{2, 3}, {3, 5}, {1, 6}} {
			assert.Equal(t, want.id, endings[i].op.id)
			assert.Equal(t, time.Duration(want.seconds)*time.Second, endings[i].at, "patience ends an operation")
			assert.False(t, endings[i].interrupted)
		}
	})
}

// Ctrl-C must end the run, and what it cut off is nobody's failure.
func TestDriveEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(1500*time.Millisecond, cancel)
		broken := errors.New("broken")
		c := &script{do: func(ctx context.Context, op operation) error {
			if op.id == 1 {
				return broken
			}
			return hang(ctx, op)
		}}
		var j journal
		drive(ctx, time.Now(), c, []operation{
			{id: 1, arrival: 0, patience: time.Minute},
			{id: 2, arrival: time.Second, patience: time.Minute},
			{id: 3, arrival: 2 * time.Second, patience: time.Minute},
		}, &j)

		began, endings := j.entries()
		assert.Equal(t, 2, began)
		require.Len(t, endings, 2)
		assert.Equal(t, ending{op: endings[0].op, err: broken}, endings[0])
		assert.True(t, endings[1].interrupted)
		assert.Equal(t, 1500*time.Millisecond, endings[1].at)
	})
}

func TestDriveStartsNothingAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var j journal
	drive(ctx, time.Now(), &script{do: hang}, []operation{{id: 1}}, &j)
	began, _ := j.entries()
	assert.Zero(t, began)
}
