package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// closing is how long a client may take to shut down after its run.
const closing = 3 * time.Second

// side is one of the two runs of a comparison: its own service, its own
// connections, its own client, and the same work at the same times.
type side struct {
	options options
	set     *policies.Set
	out     io.Writer // of the event stream
	palette palette

	// What the run fills in.
	start    time.Time
	stream   *stream
	journal  journal
	endpoint *endpoint
	record   record
}

// builder makes the client of a side. What it follows ends with ctx.
type builder func(ctx context.Context, s *side) (client, error)

// measure runs the work through the client that build makes. The error is one
// of the demo itself; failed operations are in the summary. When ctx is done
// the run ends early, and the summary is of what was done until then.
func (s *side) measure(ctx context.Context, build builder) (summary, error) {
	incident, err := newIncident(s.options)
	if err != nil {
		return summary{}, err
	}
	network := connections()
	defer network.CloseIdleConnections()
	return s.meet(ctx, incident, network, build)
}

// meet is measure against a service that is there.
func (s *side) meet(ctx context.Context, incident *incident, network http.RoundTripper, build builder) (summary, error) {
	s.endpoint = newEndpoint(incident.url, incident.isDown, network)
	s.start = time.Now()
	s.record.start = s.start
	s.stream = newStream(s.out, s.palette, s.start)
	s.journal.onBegin = s.stream.operationBegan
	s.journal.onEnd = s.tell
	c, err := build(ctx, s)
	if err != nil {
		stopped, stop := context.WithCancel(ctx)
		stop()
		return summary{}, errors.Join(err, incident.play(stopped, s.start, s.announce))
	}

	run, stop := context.WithCancel(ctx)
	defer stop()
	played := make(chan error, 1)
	go func() {
		err := incident.play(run, s.start, s.announce)
		stop() // without its service the rest of the run would show nothing
		played <- err
	}()
	drive(run, s.start, c, plan(s.options.seed, s.options.duration), &s.journal)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	err = c.close(ending)
	stop()
	err = errors.Join(err, <-played)
	s.stream.finish(time.Now())

	sum := summarise(s.journal.entries())
	sum.calls, sum.refused = s.endpoint.calls.Load(), s.endpoint.whileDown.Load()
	if incident.service == nil {
		sum.refused = s.endpoint.unreachable.Load()
	}
	if incident.back > 0 {
		sum.recovery = recoveryOf(s.journal.endings, incident.back)
	}
	return sum, err
}

func (s *side) announce(st stage, at time.Time) {
	s.stream.event(at, labelPhase, describe(st.phase))
}

func (s *side) tell(e ending) {
	if e.interrupted {
		return // it stays among those in progress
	}
	at := s.start.Add(e.at)
	s.stream.operationEnded(at, e.err == nil)
	if e.err != nil {
		s.stream.event(at, labelFailed, fmt.Sprintf("agent %d, %s: %s", e.op.agent, e.op.kind, brief(e.err)))
	}
}

func name(op operation) string { return fmt.Sprintf("op-%d", op.id) }

func plainClient(_ context.Context, s *side) (client, error) {
	policy, err := s.set.Target(modelAPI)
	if err != nil {
		return nil, err
	}
	rules, err := classify.RulesOf(policy)
	if err != nil {
		return nil, err
	}
	return &plain{
		attempt: s.endpoint.get,
		policy:  policy.Retry,
		rules:   rules,
		onRetry: func(op operation, next int, wait time.Duration, err error) {
			s.stream.event(time.Now(), labelRetry, retryText(name(op), next, wait, err))
		},
	}, nil
}

func guardedClient(ctx context.Context, s *side) (client, error) {
	files := shortNames(s.options.config)
	g, err := newGuarded(s.set, s.endpoint.get, func(e actors.Event) {
		s.record.add(e)
		l, lines := files.tell(e)
		s.stream.event(e.About().At, l, lines...)
	})
	if err != nil {
		return nil, err
	}
	g.onDropped = func(count uint64) {
		s.stream.event(time.Now(), labelNote, fmt.Sprintf("%d events came too fast to be shown", count))
	}
	if len(s.options.config) > 0 {
		if err := g.supervisor.Watch(ctx, sources(s.options.config)...); err != nil {
			return nil, errors.Join(err, g.close(ctx))
		}
	}
	return g, nil
}
