package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

const (
	succeed  = policies.Success
	fail     = policies.Failure
	ignore   = policies.Ignored
	throttle = policies.Throttled
	walls    = policies.Walled
)

// rig is a machine with a clock that only the test moves, and no jitter
// unless a test sets rnd.
type rig struct {
	*Machine
	t   *testing.T
	now time.Time
	rnd float64
}

// start is any moment; nothing may depend on which.
var start = time.Date(2024, 2, 29, 23, 59, 59, 0, time.UTC)

func newRig(t *testing.T, change ...func(*policies.Breaker)) *rig {
	t.Helper()
	return &rig{Machine: New(settings(change...), start), t: t, now: start}
}

// settings are the defaults with a threshold of 3 and no jitter.
func settings(change ...func(*policies.Breaker)) policies.Breaker {
	s := policies.DefaultBreaker()
	s.FailureThreshold = 3
	s.RecoveryJitter = 0
	for _, c := range change {
		c(&s)
	}
	return s
}

func (r *rig) pass(d time.Duration) { r.now = r.now.Add(d) }

func (r *rig) admit() Permit {
	r.t.Helper()
	p, ok := r.Admit(r.now)
	require.True(r.t, ok, "refused in state %s", r.State())
	return p
}

func (r *rig) refused() {
	r.t.Helper()
	_, ok := r.Admit(r.now)
	require.False(r.t, ok, "admitted in state %s", r.State())
}

func (r *rig) settle(p Permit, o policies.Outcome) Effect {
	return r.Settle(r.now, r.rnd, p, o, 0)
}

// call admits and settles calls one after the other and returns the last effect.
func (r *rig) call(outcomes ...policies.Outcome) (e Effect) {
	r.t.Helper()
	for _, o := range outcomes {
		e = r.settle(r.admit(), o)
	}
	return e
}

func (r *rig) slowCall(o policies.Outcome) Effect {
	r.t.Helper()
	return r.Settle(r.now, r.rnd, r.admit(), o, r.Settings().SlowCallDuration)
}

func (r *rig) counts() Counts { return r.Counts(r.now) }

// open trips a closed machine.
func (r *rig) open() *rig {
	r.t.Helper()
	_, ok := r.Trip(r.now, r.rnd, ReasonRestartIntensity)
	require.True(r.t, ok)
	return r
}

// halfOpen trips a closed machine and waits its open time out.
func (r *rig) halfOpen() *rig {
	r.t.Helper()
	r.open()
	r.tickAtNext()
	require.Equal(r.t, HalfOpen, r.State())
	return r
}

func (r *rig) tickAtNext() Transition {
	r.t.Helper()
	next, ok := r.NextTick()
	require.True(r.t, ok, "nothing to tick for in state %s", r.State())
	r.now = next
	tr, ok := r.Tick(r.now, r.rnd)
	require.True(r.t, ok)
	return tr
}
