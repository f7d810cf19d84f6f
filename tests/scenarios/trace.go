package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/supervisor"
)

// trace writes down what happens for people to read. What happens at the same
// moment is put in an order that is the same in every run: operations by their
// names, each with its attempts in the order in which they began and its outcome
// last, then events by target. Its methods do nothing on a nil trace.
type trace struct {
	from  time.Time
	mu    sync.Mutex
	steps []string // what has happened after each step
	lines []line
}

type line struct {
	at    time.Duration
	group int // 0 operations, 1 events, 2 tallies that timers of their own tell, 3 the rest
	key   string
	place int // among the lines of one operation
	text  string
}

// operationID is an operation's id, whose first part is drawn at random.
var operationID = regexp.MustCompile(`op-[0-9a-f]+-(\d+)`)

func (t *trace) add(group int, key string, place int, text string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, line{time.Since(t.from), group, key, place, operationID.ReplaceAllString(text, "op-$1")})
}

// flush writes what has happened since the last step.
func (t *trace) flush() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.SortStableFunc(t.lines, func(a, b line) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.group, b.group), cmp.Compare(a.key, b.key), cmp.Compare(a.place, b.place))
	})
	var text strings.Builder
	for _, l := range t.lines {
		fmt.Fprintf(&text, "%8s  %s\n", short(l.at), l.text)
	}
	t.steps = append(t.steps, text.String())
	t.lines = nil
}

func (s *Stage) note(op *Op, place int, format string, args ...any) {
	if s.trace == nil {
		return
	}
	s.trace.add(0, op.Call.ID, place, op.Call.ID+": "+fmt.Sprintf(format, args...))
}

func (s *Stage) noteAttempt(a *Attempt, format string, args ...any) {
	s.note(a.Op, a.Place, "attempt %d "+format, append([]any{a.Info.Number}, args...)...)
}

func (s *Stage) noteStep(format string, args ...any) {
	s.trace.add(3, "", 0, fmt.Sprintf(format, args...))
}

func (s *Stage) noteOutcome(op *Op, o Outcome) {
	switch {
	case s.trace == nil:
	case o.Exited:
		s.note(op, math.MaxInt, "=> its goroutine is gone")
	case o.Err != nil:
		s.note(op, math.MaxInt, "=> %s", kind(o.Err))
	case o.Value == resorted:
		s.note(op, math.MaxInt, "=> what its own fallback gives")
	default:
		s.note(op, math.MaxInt, "=> ok")
	}
}

// kind is an error's type and text, whatever its methods do. An operation's id is left out:
// it is drawn at random.
func kind(err error) string {
	name := strings.TrimPrefix(strings.TrimPrefix(fmt.Sprintf("%T", err), "*supervisor."), "*actors.")
	if e, ok := err.(*supervisor.ExhaustedError); ok {
		text := fmt.Sprintf("%s: %s after %d attempts and %s", name, e.Reason, e.Attempts, short(e.Waited))
		if e.Err != nil {
			text += ", the last one's error: " + firstLine(e.Err)
		}
		if e.Cause != nil {
			text += "; cause: " + firstLine(e.Cause)
		}
		return text
	}
	if e, ok := err.(*supervisor.FallbackError); ok {
		parts := make([]string, len(e.Targets))
		for i, target := range e.Targets {
			parts[i] = fmt.Sprintf("on %s %s", target, kind(e.Errs[i]))
		}
		return name + ": " + strings.Join(parts, "; ")
	}
	if strings.HasPrefix(name, "*") || !strings.Contains(name, "Error") || strings.Contains(name, ".") {
		return firstLine(err)
	}
	return name + ": " + firstLine(err)
}

// noteEvent writes an event, without what is drawn at random.
func (s *Stage) noteEvent(e actors.Event) {
	if s.trace == nil {
		return
	}
	target := e.About().Target
	text, group := "", 1
	switch e := e.(type) {
	case actors.AttemptFailed, actors.OperationFailed:
		return // the operation's own lines say it
	case actors.RetryScheduled:
		text = fmt.Sprintf("attempt %d follows in %s (%s)", e.Attempt, short(e.Wait), e.Source)
	case actors.BreakerChanged:
		t := e.Transition
		text = fmt.Sprintf("breaker %s -> %s: %s", t.From, t.To, t.Reason)
		if t.To == breaker.Open || t.To == breaker.ForcedOpen {
			if t.Until.IsZero() {
				text += ", until somebody closes it"
			} else {
				text += ", until " + short(t.Until.Sub(s.trace.from))
			}
		}
	case actors.WorkerRestarted:
		text = "a worker restarted" // which one may depend on the machine's cores
	case actors.WorkerStopped:
		text = "a worker stopped"
	case actors.AttemptAbandoned:
		text = fmt.Sprintf("attempt %d left behind after %s, %d run on", e.Attempt, short(e.After), e.Running)
	case actors.AttemptReturned:
		text = fmt.Sprintf("attempt %d, left behind, has returned after %s, %d run on", e.Attempt, short(e.Ran), e.Running)
	case actors.OperationParked:
		text = fmt.Sprintf("operation parked before attempt %d", e.Attempt)
	case actors.OperationFellBack:
		text = "operation goes on elsewhere: " + cmp.Or(e.To, "its own fallback")
	case actors.HedgeStarted:
		text = fmt.Sprintf("attempt %d begins beside another after %s", e.Attempt, short(e.After))
	case actors.TargetPaused:
		text = "target paused by its server until " + short(e.Until.Sub(s.trace.from))
	case actors.RampStarted:
		text = fmt.Sprintf("ramp from %d to %d until %s", e.From, e.To, short(e.Until.Sub(s.trace.from)))
	case actors.StaleOutcome:
		text = fmt.Sprintf("stale outcome: %s", e.Outcome)
	case actors.PoliciesApplied:
		text = "policies applied"
		for _, c := range e.Changes {
			text += fmt.Sprintf("; %s: %s %s -> %s", c.Target, c.Path, c.Old, c.New)
		}
	case actors.CallsRefused, actors.OperationsShed, actors.RetryBudgetExhausted, actors.ConcurrencyChanged:
		text, group = e.String(), 2
	case actors.RetrySkipped:
		text = "a retry is not made, for it would hardly succeed"
	default:
		text = e.String()
	}
	s.trace.add(group, target, 0, fmt.Sprintf("[%s] %s", cmp.Or(target, "all"), text))
}

func (s *Stage) noteSnapshot(all supervisor.Snapshot) {
	if s.trace == nil {
		return
	}
	for _, t := range all.Targets {
		text := fmt.Sprintf("%s: %s; succeeded %d, failed %d, refused %d, rejected %d; retries %d, restarts %d; in backoff %d, parked %d, queued %d",
			t.Name, t.Breaker.State, t.Succeeded, t.Failed, t.Refused, t.Rejected, t.Retries, t.Restarts, t.InBackoff, t.Parked, t.Queued)
		s.trace.add(3, t.Name, 0, text)
	}
	for _, k := range all.Keyed {
		s.trace.add(3, k.Template, 0, fmt.Sprintf("%s/...: %d run, %d remembered, %d of them refusing; passivated %d, evicted %d",
			k.Template, k.Live, k.Remembered, k.Refusing, k.Passivated, k.Evicted))
	}
}
