package main

import (
	"context"
	"errors"
	"time"

	"github.com/holdfast-go/holdfast/internal/flaky"
)

// incident is what a run's calls meet: a service that goes through its
// stages, or a service of the user's own, about which nothing is known.
type incident struct {
	url     string
	service server // nil for the user's own
	stages  []stage

	// back is when the service returned from its outage, counted from the
	// start of the run. It is 0 if it didn't, and valid after play.
	back time.Duration
}

// server is a service that takes on a phase when it is told to.
type server interface {
	Enter(ctx context.Context, p phase) error
	IsDown() bool
	Close() error
}

func newIncident(o options) (*incident, error) {
	if o.target != "" {
		return &incident{url: o.target}, nil
	}
	s, err := flaky.Start(flaky.Config{Seed: o.seed})
	if err != nil {
		return nil, err
	}
	return &incident{url: s.URL(), service: s, stages: schedule(o.duration)}, nil
}

// isDown says whether the service is known to be down at the moment.
func (i *incident) isDown() bool { return i.service != nil && i.service.IsDown() }

// play goes through the stages and tells announce of each. It returns when
// ctx is done, and has then closed the service.
func (i *incident) play(ctx context.Context, start time.Time, announce func(stage, time.Time)) error {
	if i.service == nil {
		<-ctx.Done()
		return nil
	}
	wasDown := false
	err := follow(ctx, i.service, start, i.stages, func(st stage, at time.Time) {
		if wasDown {
			i.back = at.Sub(start)
		}
		wasDown = st.phase == down
		announce(st, at)
	})
	if err == nil {
		<-ctx.Done()
	}
	return errors.Join(err, i.service.Close())
}

// follow takes a service through its stages, and tells announce of each as it
// begins. It returns early, with nil, when ctx is done.
func follow(ctx context.Context, s server, start time.Time, stages []stage, announce func(stage, time.Time)) error {
	for _, st := range stages {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(start.Add(st.from))):
		}
		if err := s.Enter(ctx, st.phase); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		announce(st, time.Now())
	}
	return nil
}
