// Package scenarios runs programs of operations and faults against a
// supervisor in virtual time, and knows what must hold of every run.
//
// A program is text, one command a line; docs/scenarios.md lists the commands.
// Played step by step it gives a trace that people read (testdata). Played
// loosely its commands race, and only the ledger of what was seen is judged:
// that is what tests/explorer does, with programs that it draws at random.
package scenarios

import "time"

// Program is what one run does.
type Program struct {
	Targets []Target
	Steps   []Step
}

// Target is one target of a program's supervisor.
type Target struct {
	Name     string
	Settings []Setting
	// Factory is how its stateful workers come about, one deed after the other
	// and the last again. Nil for a target without any.
	Factory []Deed
	// Probe is the same for a probe of the program's own.
	Probe []Deed
}

// Setting is one setting of a policy, by its path or by the last name of that
// where no other path ends so.
type Setting struct{ Key, Value string }

// Verb is what a step does.
type Verb string

// The verbs of steps, besides the ways of a call.
const (
	Wait        Verb = "wait"         // lets time pass
	ForceOpen   Verb = "force_open"   // by hand, for a time if there is one
	ForceClose  Verb = "force_close"  // by hand
	Disable     Verb = "disable"      // by hand
	Reset       Verb = "reset"        // by hand; without a target, all breakers
	KillWorker  Verb = "kill_worker"  // stops one of the target's workers by its PID
	KillTarget  Verb = "kill_target"  // stops the target's supervisor by its PID
	KillBreaker Verb = "kill_breaker" // stops the breaker by its PID
	StartAgain  Verb = "start"        // starts a target that was stopped
	Reload      Verb = "reload"       // applies other settings of one target
	ReloadBad   Verb = "reload_bad"   // applies what is no set of policies
	Listen      Verb = "listen"       // subscribes; see Step.Manner
	Look        Verb = "look"         // takes a snapshot
	Shutdown    Verb = "shutdown"     // for as long as it may take
	Call        Verb = "call"         // an operation
)

// Step is one command.
type Step struct {
	Verb     Verb
	Target   string
	Keys     []string
	For      time.Duration
	Settings []Setting
	// Manner is how a listener behaves: "well", "panics", "blocks", "leaves".
	Manner string
	Call   *Operation
}

// Way is how an operation reaches its target.
type Way string

// The ways.
const (
	Do   Way = "do"   // on the caller's goroutine
	Go   Way = "go"   // on a goroutine of its own
	Ask  Way = "ask"  // a payload for a stateful worker
	Send Way = "send" // a message from another actor
)

// Operation is one operation of a program.
type Operation struct {
	Way    Way
	ID     string
	Target string
	Keys   []string
	// Deadline and Cancel end the caller's context, 0 for never.
	Deadline, Cancel time.Duration
	Priority         int
	Idempotent, Key  bool
	NotIdempotent    bool
	// WhenOpen is "park" or "fail", or empty for what the policy says.
	WhenOpen string
	// Fallback is the operation's own: "ok", "fails" or "panics".
	Fallback string
	// Deeds are what its attempts do, one after the other and the last again.
	Deeds []Deed
}

// Deed is what one attempt does: it takes a time, does what is within it, and
// comes to a result.
type Deed struct {
	Takes time.Duration
	// Deaf attempts do not look at their context.
	Deaf bool
	// Within are the operations it asks for, one after the other.
	Within []*Operation
	Result string
	// After is the delay that the error names, or when a wall ends.
	After time.Duration
	// Cost is what the attempt reports.
	Cost float64
	// Late is how its success is settled later: "ok" or "temp", after
	// LateAfter; empty if it is not.
	Late      string
	LateAfter time.Duration
}

// At gives the n-th of a list of deeds, from 0.
func At(deeds []Deed, n int) Deed { return deeds[min(n, len(deeds)-1)] }

// Operations calls f for every operation of the program, inner ones too.
func (p *Program) Operations(f func(*Operation)) {
	for i := range p.Steps {
		if c := p.Steps[i].Call; c != nil {
			c.walk(f)
		}
	}
}

func (o *Operation) walk(f func(*Operation)) {
	f(o)
	for _, d := range o.Deeds {
		for _, inner := range d.Within {
			inner.walk(f)
		}
	}
}
