package supervisor

import (
	"cmp"
	"slices"
	"time"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/breaker"
	"github.com/holdfast-go/holdfast/policies/worth"
)

// Snapshot is the supervision tree at one moment. It is the caller's own.
type Snapshot struct {
	// At is when it was taken.
	At time.Time
	// Root is the id of the root's PID.
	Root string
	// Targets are the running targets, by name, keyed ones included.
	Targets []TargetSnapshot
	// Keyed are the keyed targets by template, passivated ones included.
	Keyed []KeyedSnapshot
	// StreamDropped is how many events did not reach the event stream.
	StreamDropped uint64
}

// TargetSnapshot is one target's supervisor and what is below it.
type TargetSnapshot struct {
	Name string
	// Template and Keys are what a keyed target was asked for by.
	Template string
	Keys     []Key
	// PID is the id of the supervisor's PID.
	PID     string
	Type    policies.OperationType
	Breaker BreakerSnapshot
	// Concurrency is how many attempts may run now, where that follows
	// latency (pool.adaptive). It is zero elsewhere.
	Concurrency ConcurrencySnapshot
	// Workers are the target's workers, by PID.
	Workers []WorkerSnapshot

	// Succeeded and Failed count the operations that ran and have their
	// outcome. Refused were turned away by the breaker, Rejected for
	// another reason.
	Succeeded, Failed, Refused, Rejected uint64
	// Skipped counts the retries that were not made because they would hardly
	// have succeeded, and Health says how the target has been doing. Both are
	// of targets with adaptive retries.
	Skipped uint64
	Health  worth.Health
	// Fallbacks counts the operations that went on elsewhere when they had
	// failed here.
	Fallbacks uint64
	// Hedges counts the attempts that were begun beside another, HedgesWon
	// those of them that brought their operation's success.
	Hedges, HedgesWon uint64
	// PausedUntil is when a pause ends that the target's server asked for,
	// zero if there is none.
	PausedUntil time.Time
	// Abandoned counts the attempts that were left behind at attempt_timeout,
	// StillRunning those of them whose functions have not returned.
	Abandoned    uint64
	StillRunning int
	// Retries counts scheduled attempts after the first, Restarts workers
	// that were replaced.
	Retries, Restarts uint64
	// CostSpent is the sum of what its attempts reported to have cost (see
	// [ReportCost]), CostBurned the part of it that went into failures.
	CostSpent, CostBurned float64
	// Chaos counts what was injected on purpose.
	Chaos ChaosSnapshot
	// LateFailures counts failures that came after their operation had
	// succeeded; see [SettleLater].
	LateFailures uint64
	// InBackoff, Parked and Queued count the operations that wait now: for
	// time to pass, for the breaker, for a worker.
	InBackoff, Parked, Queued int
	// RetryBudget is nil for a target without one.
	RetryBudget *RetryBudgetSnapshot
	// Probe is the target's own probe, nil without [WithProbe].
	Probe *ProbeSnapshot
}

// BreakerSnapshot is one breaker.
type BreakerSnapshot struct {
	PID        string
	State      breaker.State
	Generation uint64
	// Since is when it entered the state, Until when it leaves it by itself
	// (zero if it doesn't).
	Since, Until time.Time
	// Reason says why it entered the state, empty for its first.
	Reason breaker.Reason
	// Cause is the failure, or the external wall, that it is open or half-open for.
	Cause  error
	Counts breaker.Counts
}

// WorkerSnapshot is one worker.
type WorkerSnapshot struct {
	PID string
	// Busy workers have an attempt, of the operation named.
	Busy      bool
	Operation string
	// Incarnation counts from 1, Attempts over all incarnations.
	Incarnation int
	Attempts    uint64
	// Abandoned workers run an attempt that was left behind, and end with it.
	Abandoned bool
}

// Snapshot shows the supervision tree now. It asks every running target's
// breaker, so with very many keyed targets it takes its time. Under load its numbers may be a
// moment apart; when nothing runs they add up.
func (s *Supervisor) Snapshot() Snapshot {
	snap := Snapshot{At: time.Now(), Root: s.root.ID(), StreamDropped: s.bus.StreamDropped(), Keyed: s.keyed()}
	for _, t := range s.running() {
		snap.Targets = append(snap.Targets, t.snapshot())
	}
	return snap
}

func (t *Target) snapshot() TargetSnapshot {
	m := t.known()
	snap := TargetSnapshot{
		Name:         t.name,
		PID:          t.ref.ID(),
		Type:         t.policy.Load().Type,
		Failed:       t.counts.failed.Load(),
		Refused:      t.refused.Load() + t.refusedTold.Load(),
		Rejected:     t.counts.rejected.Load(),
		Abandoned:    m.abandoned.Load(),
		Skipped:      m.skipped.Load(),
		Health:       t.health(),
		Fallbacks:    m.fallbacks.Load(),
		Hedges:       m.hedges.Load(),
		HedgesWon:    m.hedgesWon.Load(),
		StillRunning: int(m.left.Load()),
		Retries:      t.counts.retries.Load(),
		Restarts:     t.counts.restarts.Load(),
		InBackoff:    int(m.inBackoff.Load()),
		Parked:       int(m.parked.Load()),
		Queued:       int(m.queued.Load()),
		Probe:        m.probe.Load().copy(),
	}
	if until := t.pausedUntil.Load(); until != nil && until.After(time.Now()) {
		snap.PausedUntil = *until
	}
	if t.keyed != nil {
		snap.Template, snap.Keys = t.keyed.space.name, keysOf(t.keyed.id)
	}
	snap.Workers = t.pool.snapshot()
	snap.Succeeded = t.pool.counted()
	snap.RetryBudget = t.budgetSnapshot()
	snap.Concurrency = t.pool.concurrency()
	snap.CostSpent, snap.CostBurned = m.spent.sum(), m.burned.sum()
	snap.Chaos = m.injected.snapshot()
	snap.LateFailures = m.lateFailures.Load()
	view := t.breaker.View()
	b := Breaker{target: t}
	snap.Breaker = BreakerSnapshot{PID: t.ref.ID() + "/" + actors.BreakerActor, State: view.State, Generation: view.Generation,
		Since: t.breaker.Since(view), Reason: view.Reason, Counts: b.Counts()}
	if view.Refusal != nil {
		snap.Breaker.Cause = view.Refusal.Cause
	}
	snap.Breaker.Until = snap.Breaker.Counts.OpenUntil
	return snap
}

func (p *pool) snapshot() (workers []WorkerSnapshot) {
	p.lock()
	defer p.unlock()
	for id, w := range p.workers {
		ws := WorkerSnapshot{PID: id, Incarnation: w.incarnation, Attempts: w.attempts, Abandoned: w.left}
		if w.holds != nil {
			ws.Busy = true
			ws.Operation = w.holds.untyped().id()
		}
		workers = append(workers, ws)
	}
	slices.SortFunc(workers, func(a, b WorkerSnapshot) int { return cmp.Compare(a.PID, b.PID) })
	return workers
}
