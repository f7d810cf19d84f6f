package scenarios

import (
	"context"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// The times at the end of a run, all virtual.
const (
	rest     = 90 * time.Second // longer than anything waits by itself
	rests    = 4                // and how many of them are enough
	patience = 30 * time.Second // of the shutdown at the end
	forEver  = 24 * time.Hour   // nobody is made to wait for that long
)

// Stage is where a program is played: within a bubble of virtual time.
type Stage struct {
	program *Program
	ledger  *Ledger
	sup     *supervisor.Supervisor
	// release ends the attempts that hang and the listeners that block.
	release chan struct{}
	asked   sync.WaitGroup // operations of the program
	steps   sync.WaitGroup // its other steps
	trace   *trace         // nil when nobody reads it
	ears    []*ear
	first   *supervisor.Subscription
	applies chan struct{} // holds the right to reload

	mu      sync.Mutex // for what follows
	changes map[string][]Setting
	made    map[string]int // stateful workers asked for, and probes run
}

// newStage starts a supervisor for the program in system, under a name of its own.
func newStage(p *Program, system *actor.ActorSystem, name string, tr *trace) (*Stage, error) {
	s := &Stage{program: p, ledger: newLedger(p), release: make(chan struct{}), trace: tr,
		applies: make(chan struct{}, 1), changes: map[string][]Setting{}, made: map[string]int{}}
	all, err := policiesOf(p.Targets, nil)
	if err != nil {
		return nil, err
	}
	set, err := policies.NewSet(all)
	if err != nil {
		return nil, err
	}
	options := []supervisor.Option{supervisor.WithSystem(system), supervisor.WithName(name), supervisor.AllowChaos()}
	for _, t := range p.Targets {
		if t.Factory != nil {
			options = append(options, supervisor.WithWorker(t.Name, s.factory(t)))
		}
		if t.Probe != nil {
			options = append(options, supervisor.WithProbe(t.Name, s.probe(t)))
		}
	}
	in := s.ledger.apply(all)
	if s.sup, err = supervisor.New(set, options...); err != nil {
		return nil, err
	}
	in()
	s.first = s.sup.Subscribe(func(e actors.Event) {
		s.ledger.see(e)
		s.noteEvent(e)
	})
	return s, nil
}

// play does the steps. Loosely each is done on a goroutine of its own, so that
// those of the same moment race; otherwise all settles after each.
func (s *Stage) play(loose bool) {
	for i := range s.program.Steps {
		step := s.program.Steps[i]
		switch {
		case step.Verb == Wait:
			<-time.After(step.For)
		case step.Verb == Call:
			s.asked.Go(func() { _, _ = s.operate(context.Background(), step.Call, nil) })
		default:
			s.steps.Go(func() { s.control(step) })
		}
		if !loose {
			synctest.Wait()
			s.trace.flush()
		}
	}
}

// finish brings the run to its end, whatever still waits or hangs.
func (s *Stage) finish() {
	for range rests {
		before := s.ledger.moment().Seq
		<-time.After(rest)
		synctest.Wait()
		if s.ledger.Quiet = s.ledger.moment().Seq == before+1; s.ledger.Quiet {
			break
		}
	}
	s.ledger.Final = s.sup.Snapshot()
	s.ledger.Looks = append(s.ledger.Looks, Looked{s.ledger.moment(), s.ledger.Final})
	s.control(Step{Verb: Shutdown, For: patience})
	close(s.release)
	s.control(Step{Verb: Shutdown, For: forEver})
	if last := s.ledger.Controls[len(s.ledger.Controls)-1]; last.Err != nil {
		s.ledger.wrong("I7: the shutdown doesn't end although nothing runs: " + firstLine(last.Err))
	}
	s.awaitAll(&s.asked, "operations")
	s.awaitAll(&s.steps, "steps")
	s.ledger.Missed = s.first.Dropped() > 0
	s.checkEars()
	<-time.After(2 * time.Second) // the engine's counter of dead letters ends after one
}

// awaitAll notes it if something is forgotten for ever.
func (s *Stage) awaitAll(all *sync.WaitGroup, what string) {
	over := make(chan struct{})
	go func() {
		all.Wait()
		close(over)
	}()
	select {
	case <-over:
	case <-time.After(forEver):
		s.ledger.wrong(fmt.Sprintf("I1: %s were forgotten for ever", what))
	}
}

func (l *Ledger) moment() Moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now()
}
