package supervisor

import (
	"errors"
	"sync"
	"time"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/budget"
	"github.com/holdfast-go/holdfast/policies/retry"
)

// ErrRetryBudget is what errors.Is finds when an operation was not retried
// because the calls of late allow no more retries. It is the Cause of an
// *[ExhaustedError], beside the last attempt's own error.
var ErrRetryBudget = errors.New("the retry budget is exhausted")

// retryBudget is a retry budget that several targets may draw from. It is made
// and configured by the root, and safe for concurrent use. Its lock is held for
// a few additions, and calls nothing.
type retryBudget struct {
	name string // of a shared one, empty for a target's own

	mu     sync.Mutex
	counts *budget.Budget
}

func newRetryBudget(s policies.RetryBudget) *retryBudget {
	return &retryBudget{name: s.Shared, counts: budget.New(s, time.Now())}
}

// call counts the first attempt of an operation.
func (b *retryBudget) call() {
	b.mu.Lock()
	b.counts.Call(time.Now())
	b.mu.Unlock()
}

// called counts an operation whose first attempt begins.
func (b *retryBudget) called() {
	if b != nil {
		b.call()
	}
}

// take counts a further attempt, if the calls allow one.
func (b *retryBudget) take() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts.Take(time.Now())
}

func (b *retryBudget) balance() budget.Balance {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.counts.Balance(time.Now())
}

func (b *retryBudget) configure(s policies.RetryBudget) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts.Configure(s, time.Now())
}

// withBudget gives a policy the budget it asks for: the one that is shared by
// that name, or the target's own, which it has from old, its policy before. The
// counts stay, whatever the numbers are.
func (r *rootActor) withBudget(policy, old *resolved) *resolved {
	s := policy.RetryBudget
	if !s.Enabled {
		return policy
	}
	b := r.budgets[s.Shared]
	if s.Shared == "" && old != nil && old.budget != nil && old.budget.name == "" {
		b = old.budget
	}
	if b == nil {
		b = newRetryBudget(s)
		if s.Shared != "" {
			r.budgets[s.Shared] = b
		}
	} else {
		b.configure(s)
	}
	with := *policy
	with.budget = b
	return &with
}

// dropBudgets forgets the shared budgets that no running target draws from.
func (r *rootActor) dropBudgets() {
	used := map[*retryBudget]bool{}
	for _, t := range r.children {
		used[t.policy.Load().budget] = true
	}
	r.sup.keyspaces.Range(func(_ string, k *keyspace) bool {
		used[k.policy.Load().budget] = true
		return true
	})
	for name, b := range r.budgets {
		if !used[b] {
			delete(r.budgets, name)
		}
	}
}

// affordable turns a decision for another attempt into one against it if the
// budget doesn't allow it. That is found out before the wait, and nothing is
// taken for an attempt that would be refused for another reason.
func (a *targetActor) affordable(op *operation, d retry.Decision) retry.Decision {
	if !d.Retry || op.policy.budget == nil || a.halted != nil || op.gone() != nil || (d.Wait > 0 && a.full()) {
		return d
	}
	if a.afford(op) {
		return d
	}
	return retry.Decision{Reason: retry.BudgetExhausted}
}

// afford takes one attempt beside an operation's first from its budget. Without
// a budget there is always one.
func (a *targetActor) afford(op *operation) bool {
	b := op.policy.budget
	if b == nil || b.take() {
		return true
	}
	a.noteOverspent(b)
	return false
}

// RetryBudgetSnapshot is a retry budget, and what it has meant for one target.
type RetryBudgetSnapshot struct {
	// Name is that of a shared budget, empty for the target's own.
	Name string
	// Calls and Retries are those of the budget's window, of all the targets
	// that share it, hedges among the retries. Available is how many more it
	// allows now.
	Calls, Retries, Available int
	// Exhausted counts the retries and hedges of this target that were not
	// made because there was none available, since the target started.
	Exhausted uint64
}

func (t *Target) budgetSnapshot() *RetryBudgetSnapshot {
	b := t.policy.Load().budget
	if b == nil {
		return nil
	}
	now := b.balance()
	return &RetryBudgetSnapshot{Name: b.name, Calls: now.Calls, Retries: now.Retries, Available: now.Available,
		Exhausted: t.known().overspent.Load()}
}
