package explorer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
	"github.com/holdfast-go/holdfast/tests/scenarios"
)

// Stats counts what the programs reached, by kind and name. It is safe for
// concurrent use.
type Stats struct {
	mu sync.Mutex
	// Counts is by kind ("events") and name ("BreakerChanged").
	Counts map[string]map[string]int
}

// kinds are those of Stats, in the order in which they are printed.
var kinds = []string{"runs", "ways", "steps", "attempts", "outcomes", "events", "transitions"}

func newStats() *Stats { return &Stats{Counts: map[string]map[string]int{}} }

func (s *Stats) add(kind, name string, n int) {
	if s.Counts[kind] == nil {
		s.Counts[kind] = map[string]int{}
	}
	s.Counts[kind][name] += n
}

// Take adds one run.
func (s *Stats) Take(l *scenarios.Ledger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add("runs", "schedules", 1)
	s.add("runs", "operations", len(l.Ops))
	s.add("runs", "events", len(l.Events))
	if l.Quiet {
		s.add("runs", "came to rest", 1)
	}
	for _, op := range l.Ops {
		way := string(op.Call.Way)
		if op.Within != nil {
			way += " within an attempt"
		}
		s.add("ways", way, 1)
		s.add("runs", "attempts", len(op.Attempts))
		if len(op.Call.Keys) > 0 {
			s.add("ways", "with keys", 1)
		}
		for _, a := range op.Attempts {
			s.add("attempts", fault(a), 1)
		}
		for _, o := range op.Outcomes {
			s.add("outcomes", outcome(o), 1)
		}
	}
	for _, c := range l.Controls {
		s.add("steps", strings.TrimSpace(string(c.Step.Verb)+" "+c.Step.Manner), 1)
	}
	for _, e := range l.Events {
		s.add("events", strings.TrimPrefix(fmt.Sprintf("%T", e.Event), "actors."), 1)
		if changed, ok := e.Event.(actors.BreakerChanged); ok {
			t := changed.Transition
			s.add("transitions", fmt.Sprintf("%s -> %s: %s", t.From, t.To, t.Reason), 1)
		}
	}
}

// fault is what an attempt was made to do.
func fault(a *scenarios.Attempt) string {
	name := a.Deed.Result
	if a.Deed.Deaf && a.Deed.Takes > 0 {
		name += ", deaf"
	}
	return name
}

// outcome is the kind of an operation's end.
func outcome(o scenarios.Outcome) string {
	switch e := o.Err.(type) {
	case nil:
		if o.Exited {
			return "goroutine ended"
		}
		return "success"
	case *supervisor.ExhaustedError:
		return "exhausted: " + string(e.Reason)
	case *supervisor.OpenError:
		switch {
		case e.Probing:
			return "refused: half-open"
		case e.Recovering:
			return "refused: ramp"
		case e.Reason == breaker.ReasonExternalWall:
			return "refused: wall"
		}
		return "refused: open"
	case *supervisor.RejectedError:
		return "rejected: " + reason(e.Err)
	}
	return fmt.Sprintf("%T", o.Err)
}

// reason names the sentinel of a rejection.
func reason(err error) string {
	for name, is := range map[string]error{
		"shutdown": supervisor.ErrShutdown, "target stopped": supervisor.ErrTargetStopped, "overloaded": supervisor.ErrOverloaded,
		"max elapsed": supervisor.ErrMaxElapsed, "queue wait": supervisor.ErrQueueWait, "rate limited": supervisor.ErrRateLimited,
		"too many abandoned": supervisor.ErrTooManyAbandoned, "too many keys": supervisor.ErrTooManyKeys,
	} {
		if errors.Is(err, is) {
			return name
		}
	}
	return "the caller left"
}

// Join adds the counts of another.
func (s *Stats) Join(other *Stats) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, names := range other.Counts {
		for name, n := range names {
			s.add(kind, name, n)
		}
	}
}

// String is a table of all counts.
func (s *Stats) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "%s:", kind)
		for i, name := range slices.Sorted(maps.Keys(s.Counts[kind])) {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, " %s %d", name, s.Counts[kind][name])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// Unreached gives what a long run must have reached and has not, as "kind: name".
func (s *Stats) Unreached() (all []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range kinds {
		for _, name := range reached[kind] {
			if s.Counts[kind][name] == 0 {
				all = append(all, kind+": "+name)
			}
		}
	}
	return all
}
