package main

import (
	"context"
	"log/slog"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// guarded calls the service through Holdfast. Operations with a user waiting
// fail at once while the breaker is open; background work is parked until it
// lets calls through.
type guarded struct {
	attempt    func(ctx context.Context, op operation, attempt int) error
	supervisor *supervisor.Supervisor
	events     *actors.Subscription
	// onDropped, where set, hears how many events onEvent missed.
	onDropped func(count uint64)
}

// newGuarded starts a supervisor whose events go to onEvent, one at a time.
// Its log goes nowhere: the demo shows the events themselves.
func newGuarded(set *policies.Set, attempt func(context.Context, operation, int) error, onEvent func(actors.Event)) (*guarded, error) {
	s, err := supervisor.New(set, supervisor.WithLogger(slog.New(slog.DiscardHandler)),
		supervisor.AllowChaos())
	if err != nil {
		return nil, err
	}
	return &guarded{attempt: attempt, supervisor: s, events: s.Subscribe(onEvent)}, nil
}

func (g *guarded) run(ctx context.Context, op operation) error {
	call := func(ctx context.Context) (struct{}, error) {
		current, _ := supervisor.CurrentAttempt(ctx)
		return struct{}{}, g.attempt(ctx, op, current.Number)
	}
	if op.kind == interactive {
		_, err := supervisor.Do(ctx, g.supervisor, modelAPI, call, supervisor.FailWhenOpen())
		return err
	}
	_, err := supervisor.Go(ctx, g.supervisor, modelAPI, call, supervisor.ParkWhenOpen()).Wait(ctx)
	return err
}

// close shuts the supervisor down. onEvent has then been called for the last
// time, unless ctx ended first.
func (g *guarded) close(ctx context.Context) error {
	err := g.supervisor.Shutdown(ctx)
	select {
	case <-g.events.Done():
	case <-ctx.Done():
		g.events.Cancel()
	}
	if n := g.events.Dropped(); n > 0 && g.onDropped != nil {
		g.onDropped(n)
	}
	return err
}
