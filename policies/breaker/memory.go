package breaker

import (
	"errors"
	"fmt"
	"time"

	"github.com/holdfast-go/holdfast/policies"
)

// Memory is what a machine must not forget, as plain data: it can be kept while
// nobody uses the breaker, or stored so that it survives a restart of the
// program. [Machine.Memory] takes it, [Restore] makes a machine of it.
//
// Permits and cumulative counts are not part of it. A probe that was out is
// over: its slot is free in the restored machine, and its outcome is stale. A
// ramp is over too.
//
// In one process times keep their monotonic reading. One that was stored as text
// has only the wall clock's, and is as right as that clock.
type Memory struct {
	// At is when it was taken.
	At time.Time `json:"at"`
	// State is the state the machine was in, since Since.
	State State     `json:"state"`
	Since time.Time `json:"since"`
	// Until is [Machine.Until].
	Until      time.Time `json:"until,omitzero"`
	Generation uint64    `json:"generation"`
	// Enabled is what the settings in force said.
	Enabled bool `json:"enabled"`
	// ConsecutiveFailures, ProbeSuccesses and Reopens are those of [Counts].
	ConsecutiveFailures int `json:"consecutive_failures,omitempty"`
	ProbeSuccesses      int `json:"probe_successes,omitempty"`
	Reopens             int `json:"reopens,omitempty"`
	// Probes is how many probes there have been, so that no two are confused.
	Probes uint64 `json:"probes,omitempty"`
	// Window holds the calls in the window of the two rates: two bits a call,
	// or for a window of time the counts of its buckets. Empty if no rate is
	// set or no call in it failed or was slow.
	Window []byte `json:"window,omitempty"`
	// Costs holds the costs in the window of the rule failure_cost. Empty if
	// there is no such rule, or none.
	Costs []byte `json:"costs,omitempty"`
}

// ErrMemory is what errors.Is finds in the error of [Restore].
var ErrMemory = errors.New("not the memory of a circuit breaker")

// Memory returns what the machine must not forget, as of now. It changes nothing.
func (m *Machine) Memory(now time.Time) Memory {
	memory := Memory{
		At:                  now,
		State:               m.state,
		Since:               m.counts.LastTransition,
		Until:               m.until,
		Generation:          m.generation,
		Enabled:             m.settings.Enabled,
		ConsecutiveFailures: m.counts.ConsecutiveFailures,
		ProbeSuccesses:      m.counts.ProbeSuccesses,
		Reopens:             m.counts.Reopens,
		Probes:              m.probes.seq,
		Window:              m.window.encode(now),
		Costs:               m.costs.encode(now),
	}
	if m.state == Closed {
		memory.Reopens = 0 // of a ramp that is under way
	}
	return memory
}

// Empty reports whether there is nothing to remember: a new machine is as good.
func (m *Memory) Empty() bool {
	if m.State == Disabled {
		return !m.Enabled // by the settings, which will say so again
	}
	return m.State == Closed && m.ConsecutiveFailures == 0 && len(m.Window) == 0 && len(m.Costs) == 0
}

// Refuses reports whether a machine with this memory refuses calls now, or lets
// only probes through.
func (m *Memory) Refuses() bool {
	return m.State == Open || m.State == HalfOpen || m.State == ForcedOpen
}

// Expires returns when the memory means nothing any more, false if it always
// will: what somebody did by hand holds until somebody undoes it. The rest is
// worth keeping for MaxRecoveryTimeout, the longest time the settings let a
// target rest: after the end of an open time, and otherwise after it was taken.
// Calls of a window of time count for WindowDuration if that is longer, and
// costs for CostWindow.
func (m *Memory) Expires(s *policies.Breaker) (time.Time, bool) {
	switch m.State {
	case ForcedClosed, Disabled:
		return time.Time{}, false
	case Open, ForcedOpen:
		return m.Until.Add(s.MaxRecoveryTimeout), !m.Until.IsZero()
	}
	keep := s.MaxRecoveryTimeout
	if len(m.Window) > 0 {
		keep = max(keep, s.WindowDuration)
	}
	if len(m.Costs) > 0 {
		keep = max(keep, s.CostWindow)
	}
	return m.At.Add(keep), true
}

// Restore returns a machine that goes on from the memory under the settings,
// which may be other ones than before: it is then as if [Machine.Configure] had
// been called. Restore does not tick: what is due since is done by the next
// [Machine.Tick], with its transition.
//
// A memory that can't be one is an [ErrMemory].
func Restore(s policies.Breaker, memory Memory, now time.Time) (*Machine, error) {
	if err := memory.check(); err != nil {
		return nil, err
	}
	w, err := decodeWindow(memory.Window, memory.At)
	if err != nil {
		return nil, err
	}
	costs, err := decodeCosts(memory.Costs, memory.At)
	if err != nil {
		return nil, err
	}
	m := &Machine{
		state:      memory.State,
		generation: memory.Generation,
		until:      memory.Until,
		counts: Counts{
			ConsecutiveFailures: memory.ConsecutiveFailures,
			ProbeSuccesses:      memory.ProbeSuccesses,
			Reopens:             memory.Reopens,
			LastTransition:      memory.Since,
		},
		window: w,
		costs:  costs,
		probes: probes{seq: memory.Probes},
	}
	m.settings.Enabled = memory.Enabled
	m.Configure(now, s)
	return m, nil
}

func (m *Memory) check() error {
	switch {
	case int(m.State) >= len(stateNames):
		return fmt.Errorf("%w: there is no state %d", ErrMemory, m.State)
	case m.Generation == 0:
		return fmt.Errorf("%w: its generation is 0", ErrMemory)
	case m.ConsecutiveFailures < 0 || m.ProbeSuccesses < 0 || m.Reopens < 0:
		return fmt.Errorf("%w: it has a negative count", ErrMemory)
	case m.State == Open && m.Until.IsZero():
		return fmt.Errorf("%w: it is open without an end", ErrMemory)
	}
	return nil
}
