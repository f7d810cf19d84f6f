package scenarios

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// control does a step that is no operation.
func (s *Stage) control(step Step) {
	c := s.ledger.control(step)
	err := s.perform(step)
	s.ledger.controlled(c, err)
	switch {
	case err != nil:
		s.noteStep("%s: %s", step.Verb, firstLine(err))
	case step.Verb == Shutdown:
		s.noteStep("shutdown: all has ended")
	}
}

func (s *Stage) perform(step Step) error {
	keys := keysOf(step.Keys)
	switch step.Verb {
	case ForceOpen:
		if step.For > 0 {
			s.sup.Breaker(step.Target, keys...).ForceOpenFor(step.For)
		} else {
			s.sup.Breaker(step.Target, keys...).ForceOpen()
		}
	case ForceClose:
		s.sup.Breaker(step.Target, keys...).ForceClose()
	case Disable:
		s.sup.Breaker(step.Target, keys...).Disable()
	case Reset:
		if step.Target == "" {
			s.sup.ResetBreakers()
		} else {
			s.sup.Breaker(step.Target, keys...).Reset()
		}
	case KillTarget:
		s.kill(s.sup.PID(step.Target, keys...))
	case KillBreaker:
		s.kill(s.sup.Breaker(step.Target, keys...).PID())
	case KillWorker:
		s.killWorker(step)
	case StartAgain:
		return s.sup.Target(step.Target, keys...).Start()
	case Reload:
		return s.reload(step)
	case ReloadBad:
		return s.reloadBad()
	case Listen:
		s.listen(step.Manner)
	case Look:
		snapshot := s.sup.Snapshot()
		s.ledger.look(snapshot)
		s.noteSnapshot(snapshot)
	case Shutdown:
		ctx, cancel := context.WithTimeout(context.Background(), step.For)
		defer cancel()
		return s.sup.Shutdown(ctx)
	}
	return nil
}

func (s *Stage) kill(pid *actor.PID) {
	if pid != nil {
		s.sup.System().Root.Stop(pid)
	}
}

// killWorker stops the first of the target's workers.
func (s *Stage) killWorker(step Step) {
	snapshot := s.sup.Snapshot()
	for _, t := range snapshot.Targets {
		name := t.Name
		if t.Template != "" {
			name = t.Template
		}
		if name == step.Target && slices.Equal(t.Keys, keysOf(step.Keys)) && len(t.Workers) > 0 {
			s.kill(s.sup.System().NewLocalPID(t.Workers[0].PID))
			return
		}
	}
}

// reload changes the settings of one target. Only one at a time, so that the
// ledger knows in which order they take effect.
func (s *Stage) reload(step Step) error {
	s.applies <- struct{}{}
	defer func() { <-s.applies }()
	s.mu.Lock()
	s.changes[step.Target] = append(slices.Clip(s.changes[step.Target]), step.Settings...)
	all, err := policiesOf(s.program.Targets, s.changes)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	set, err := policies.NewSet(all)
	if err != nil {
		return err
	}
	in := s.ledger.apply(all)
	if err := s.sup.Apply(set); err != nil {
		return err
	}
	in()
	return nil
}

// reloadBad applies what can't be applied, which is to change nothing.
func (s *Stage) reloadBad() error {
	p := policies.Default(policies.API)
	p.Retry.RetryOn = []string{"no.such.condition"}
	set, err := policies.NewSet(map[string]policies.Policy{s.program.Targets[0].Name: p})
	if err != nil {
		return err
	}
	if s.sup.Apply(nil) == nil || s.sup.Apply(set) == nil {
		s.ledger.wrong("I8: what can't be applied was")
	}
	return nil
}

// factory makes the stateful workers of a target.
func (s *Stage) factory(t Target) actors.Factory {
	return func(ctx context.Context) (actors.Worker, error) {
		d := At(t.Factory, s.turn("worker "+t.Name))
		if err := s.spend(ctx, d); err != nil {
			return nil, err
		}
		if err := s.result(ctx, d); err != nil {
			return nil, err
		}
		return &cabin{stage: s, state: s.ledger.made(t.Name)}, nil
	}
}

// cabin is a stateful worker that does errands.
type cabin struct {
	stage *Stage
	state *State
}

// Handle implements [actors.Worker].
func (c *cabin) Handle(ctx context.Context, payload any) (any, error) {
	defer c.stage.ledger.handle(c.state)()
	return payload.(errand)(ctx)
}

// Close implements [actors.Worker].
func (c *cabin) Close() error {
	c.stage.ledger.closed(c.state)
	return nil
}

// probe is a target's own probe.
func (s *Stage) probe(t Target) func(context.Context) error {
	return func(ctx context.Context) error {
		span := s.ledger.probing(t.Name)
		defer s.ledger.probed(span)
		d := At(t.Probe, s.turn("probe "+t.Name))
		if err := s.spend(ctx, d); err != nil {
			return err
		}
		return s.result(ctx, d)
	}
}

// turn counts the uses of something, from 0.
func (s *Stage) turn(of string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[of]++
	return s.made[of] - 1
}

// ear is a further listener of the program's.
type ear struct {
	manner string
	sub    *supervisor.Subscription
	heard  atomic.Int64
}

var errDeaf = errors.New("a listener")

func (s *Stage) listen(manner string) {
	e := &ear{manner: manner}
	ready := make(chan struct{})
	defer close(ready)
	e.sub = s.sup.Subscribe(func(actors.Event) {
		<-ready
		n := e.heard.Add(1)
		switch manner {
		case "panics":
			panic(errDeaf)
		case "blocks":
			if n == 1 {
				<-s.release
			}
		case "leaves":
			e.sub.Cancel()
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ears = append(s.ears, e)
}

// checkEars sees to it that every listener has come to its end. The stage's own
// must have missed nothing.
func (s *Stage) checkEars() {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.first.Done():
	default:
		s.ledger.wrong("I7: a subscription outlives the shutdown")
	}
	if n := s.first.Dropped(); n > 0 && len(s.ledger.Events) < 1000 {
		s.ledger.wrong("I11: a listener that keeps up missed events")
	}
	for _, e := range s.ears {
		if e.manner == "panics" && int64(e.sub.Panics()) != e.heard.Load() {
			s.ledger.wrong("I11: the panics of a listener are not counted")
		}
		if e.manner == "leaves" && e.heard.Load() > 1 {
			s.ledger.wrong("I11: a listener that left was called again")
		}
	}
}
