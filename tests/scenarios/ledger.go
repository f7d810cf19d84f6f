package scenarios

import (
	"context"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// Ledger is what was seen of a run: what was asked for, which functions ran
// when, what came of it, which events were told. It knows nothing of how the
// supervisor works; the checks in the files beside this one judge by it alone.
// It is safe for concurrent use while the run lasts.
type Ledger struct {
	mu   sync.Mutex
	from time.Time
	seq  int

	Program  *Program
	Ops      []*Op
	Events   []Seen
	Controls []*Control
	Looks    []Looked
	States   []*State // of stateful workers
	Probes   []*Span  // runs of the program's own probes
	// Policies are those of every target, in the order in which they came into
	// force.
	Policies map[string][]Version
	// Final is the snapshot at rest, before the shutdown.
	Final supervisor.Snapshot
	// Quiet says that nothing had happened for long before Final was taken.
	Quiet bool
	// Missed says that the listener did not get all events.
	Missed bool
	// Wrong is what was seen to be wrong while the run lasted.
	Wrong []string
}

// Moment is when something happened: in virtual time, and in the order in
// which the ledger was told.
type Moment struct {
	Seq int
	At  time.Duration
}

// Never tells whether it didn't happen.
func (m Moment) Never() bool { return m.Seq == 0 }

// Op is one operation that was asked for.
type Op struct {
	Serial int
	Call   *Operation
	// Within is the attempt that asked for it, nil for the program.
	Within *Attempt
	Asked  Moment
	// Gone is when its caller's context ended by its own doing.
	Gone     Moment
	Attempts []*Attempt
	Outcomes []Outcome
	// Resorted counts the calls of its own fallback.
	Resorted int

	deed int // how many deeds were given out
}

// Attempt is one execution of a function.
type Attempt struct {
	Op     *Op
	Place  int // among the operation's attempts, in the order in which they began
	Deed   Deed
	Info   supervisor.Attempt // as the function saw it
	Known  bool               // its context was an attempt's
	Begun  Moment
	Ended  Moment
	Value  int
	Err    error
	How    string // "ok", "error", "panic", "exit"
	Inline bool
}

// Outcome is what a caller got. Exited means that its goroutine was ended.
type Outcome struct {
	When   Moment
	Value  int
	Err    error
	Exited bool
	// Attempts is what a message's result says.
	Attempts int
}

// Seen is one event as a listener saw it.
type Seen struct {
	When  Moment
	Event actors.Event
}

// Control is one step that is no operation.
type Control struct {
	Step         Step
	Begun, Ended Moment
	Err          error
}

// Looked is a snapshot that was taken.
type Looked struct {
	When Moment
	supervisor.Snapshot
}

// State is what one stateful worker went through.
type State struct {
	Target   string
	Made     Moment
	Closed   Moment
	busy     int
	Handling int
}

// Span is one run of something.
type Span struct {
	Target       string
	Begun, Ended Moment
}

// Version is one policy of a target. From is when it began to be put in force,
// Since when it was.
type Version struct {
	policies.Policy
	From, Since Moment
}

func newLedger(p *Program) *Ledger {
	return &Ledger{from: time.Now(), Program: p, Policies: map[string][]Version{}}
}

// now is the present moment. The lock is held.
func (l *Ledger) now() Moment {
	l.seq++
	return Moment{l.seq, time.Since(l.from)}
}

// wrong notes what must not be.
func (l *Ledger) wrong(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Wrong = append(l.Wrong, what)
}

func (l *Ledger) ask(call *Operation, within *Attempt) *Op {
	l.mu.Lock()
	defer l.mu.Unlock()
	op := &Op{Serial: len(l.Ops) + 1, Call: call, Within: within, Asked: l.now()}
	l.Ops = append(l.Ops, op)
	return op
}

func (l *Ledger) gone(op *Op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if op.Gone.Never() {
		op.Gone = l.now()
	}
}

func (l *Ledger) begin(ctx context.Context, op *Op) *Attempt {
	info, known := supervisor.CurrentAttempt(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	a := &Attempt{Op: op, Place: len(op.Attempts), Deed: At(op.Call.Deeds, op.deed), Info: info, Known: known, Begun: l.now()}
	op.deed++
	a.Value = op.Serial*1000 + a.Place
	op.Attempts = append(op.Attempts, a)
	return a
}

func (l *Ledger) end(a *Attempt, how string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.Ended, a.How, a.Err = l.now(), how, err
}

func (l *Ledger) outcome(op *Op, o Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o.When = l.now()
	op.Outcomes = append(op.Outcomes, o)
}

func (l *Ledger) resort(op *Op) {
	l.mu.Lock()
	defer l.mu.Unlock()
	op.Resorted++
}

func (l *Ledger) see(e actors.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Events = append(l.Events, Seen{l.now(), e})
}

func (l *Ledger) control(s Step) *Control {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := &Control{Step: s, Begun: l.now()}
	l.Controls = append(l.Controls, c)
	return c
}

func (l *Ledger) controlled(c *Control, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c.Ended, c.Err = l.now(), err
}

func (l *Ledger) look(s supervisor.Snapshot) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Looks = append(l.Looks, Looked{l.now(), s})
}

// apply notes policies that are about to be put in force; in is called when
// they are.
func (l *Ledger) apply(all map[string]policies.Policy) (in func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from, at := l.now(), map[string]int{}
	for name, p := range all {
		at[name] = len(l.Policies[name])
		l.Policies[name] = append(l.Policies[name], Version{Policy: p, From: from})
	}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		since := l.now()
		for name, i := range at {
			l.Policies[name][i].Since = since
		}
	}
}

func (l *Ledger) made(target string) *State {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &State{Target: target, Made: l.now()}
	l.States = append(l.States, s)
	return s
}

// handle notes that a worker with state handles something, until done is called.
func (l *Ledger) handle(s *State) (done func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.busy++; s.busy > 1 {
		l.Wrong = append(l.Wrong, "a stateful worker of "+s.Target+" was called by two goroutines at a time")
	}
	if !s.Closed.Never() {
		l.Wrong = append(l.Wrong, "a stateful worker of "+s.Target+" was called after its Close")
	}
	s.Handling++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		s.busy--
	}
}

func (l *Ledger) closed(s *State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !s.Closed.Never() {
		l.Wrong = append(l.Wrong, "a stateful worker of "+s.Target+" was closed twice")
	}
	if s.busy > 0 {
		l.Wrong = append(l.Wrong, "a stateful worker of "+s.Target+" was closed while it handled something")
	}
	s.Closed = l.now()
}

func (l *Ledger) probing(target string) *Span {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Span{Target: target, Begun: l.now()}
	l.Probes = append(l.Probes, s)
	return s
}

func (l *Ledger) probed(s *Span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Ended = l.now()
}
