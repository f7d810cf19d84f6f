package invariants_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/supervisor"
)

// newSupervisor is start for those that fail to.
func newSupervisor(all targets, options ...supervisor.Option) (*supervisor.Supervisor, error) {
	set, err := policies.NewSet(all)
	if err != nil {
		return nil, err
	}
	return supervisor.New(set, options...)
}

// Broken: two supervisors in one actor system disturb each other.
func TestFault_TwoSupervisorsInOneSystem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := actors.NewSystem()
		defer system.Shutdown()
		a := start(t, targets{"x": target()}, supervisor.WithSystem(system), supervisor.WithName("a"))
		b := start(t, targets{"x": target()}, supervisor.WithSystem(system), supervisor.WithName("b"))
		works(t, a, "x")
		works(t, b, "x")
		a.Breaker("x").ForceOpen()
		works(t, b, "x")
		require.NoError(t, a.Shutdown(context.Background()))
		works(t, b, "x")
		_, err := supervisor.Do(context.Background(), a, "x", succeed)
		require.ErrorIs(t, err, supervisor.ErrShutdown)
	})
}

// Broken: a second supervisor of the same name takes the first one's place,
// or leaves something of itself behind when it is refused.
func TestFault_TwoSupervisorsOfOneName(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := actors.NewSystem()
		defer system.Shutdown()
		a := start(t, targets{"x": target()}, supervisor.WithSystem(system))
		_, err := newSupervisor(targets{"x": target()}, supervisor.WithSystem(system))
		require.ErrorContains(t, err, "holdfast", "the error names the name")
		works(t, a, "x")
		require.NoError(t, a.Shutdown(context.Background()))
		c := start(t, targets{"x": target()}, supervisor.WithSystem(system))
		works(t, c, "x")
	})
}

// Broken: the end of a supervisor ends an actor system that is not its own.
func TestFault_ShutdownLeavesABorrowedSystem(t *testing.T) {
	bubble(t, func(t *testing.T) {
		system := actors.NewSystem()
		defer system.Shutdown()
		box := openInbox(system)
		sup := start(t, targets{"x": target()}, supervisor.WithSystem(system))
		works(t, sup, "x")
		require.NoError(t, sup.Shutdown(context.Background()))
		require.False(t, system.IsStopped())
		system.Root.Send(box.pid, "hello")
		require.Equal(t, "hello", soon(t, box.replies, "the user's own actor"))
	})
}

// Broken: New takes what it can't use, or its error doesn't say what is wrong.
func TestFault_NewRefusesWhatItCannotUse(t *testing.T) {
	_, err := supervisor.New(nil)
	require.ErrorContains(t, err, "nil")
	_, err = newSupervisor(targets{}, supervisor.WithName(""))
	require.ErrorContains(t, err, "WithName")
	_, err = newSupervisor(targets{"x": target(func(p *policies.Policy) { p.Retry.CustomExceptions = []string{"no.such.condition"} })})
	require.ErrorContains(t, err, "no.such.condition")
	bubble(t, func(t *testing.T) {
		start(t, targets{}, nil, supervisor.WithLogger(nil), supervisor.WithSystem(nil))
	})
}

// Broken: a value that is out of range is taken, or clamped, or hides others.
func TestFault_PoliciesOutOfRange(t *testing.T) {
	for path, edit := range map[string]func(*policies.Policy){
		"retry_policy.max_attempts":           func(p *policies.Policy) { p.Retry.MaxAttempts = 0 },
		"retry_policy.min_wait":               func(p *policies.Policy) { p.Retry.MinWait = -1 },
		"retry_policy.max_wait":               func(p *policies.Policy) { p.Retry.MaxWait = -1 },
		"retry_policy.jitter":                 func(p *policies.Policy) { p.Retry.Jitter = "loads" },
		"retry_policy.max_elapsed":            func(p *policies.Policy) { p.Retry.MaxElapsed = -1 },
		"retry_policy.when_open":              func(p *policies.Policy) { p.Retry.WhenOpen = "wait" },
		"retry_policy.idempotent":             func(p *policies.Policy) { p.Retry.Idempotent = "perhaps" },
		"circuit_breaker.failure_threshold":   func(p *policies.Policy) { p.Breaker.FailureThreshold = 0 },
		"circuit_breaker.recovery_timeout":    func(p *policies.Policy) { p.Breaker.RecoveryTimeout = 0 },
		"circuit_breaker.half_open_max_calls": func(p *policies.Policy) { p.Breaker.HalfOpenMaxCalls = 0 },
		"circuit_breaker.success_threshold":   func(p *policies.Policy) { p.Breaker.SuccessThreshold = 0 },
		"circuit_breaker.probe_lease":         func(p *policies.Policy) { p.Breaker.ProbeLease = 0 },
		"circuit_breaker.failure_rate":        func(p *policies.Policy) { p.Breaker.FailureRate = 1.5 },
		"pool.workers":                        func(p *policies.Policy) { p.Pool.Workers = 0 },
		"pool.max_pending":                    func(p *policies.Policy) { p.Pool.MaxPending = -1 },
		"pool.min_workers":                    func(p *policies.Policy) { p.Pool.MinWorkers = 0 },
		"pool.latency_tolerance":              func(p *policies.Policy) { p.Pool.LatencyTolerance = 1 },
		"restart.max_restarts":                func(p *policies.Policy) { p.Restart.MaxRestarts = 0 },
		"restart.within":                      func(p *policies.Policy) { p.Restart.Within = 0 },
		"restart.exceeded":                    func(p *policies.Policy) { p.Restart.Exceeded = "explode" },
		"type":                                func(p *policies.Policy) { p.Type = "thing" },
	} {
		_, err := newSupervisor(targets{"x": target(edit, func(p *policies.Policy) { p.Retry.MaxServerWait = -1 })})
		require.ErrorIs(t, err, policies.ErrInvalid, path)
		require.ErrorContains(t, err, "targets.x."+path)
		require.ErrorContains(t, err, "targets.x.retry_policy.max_server_wait", "all are told at once")
	}
}
