package supervisor

import (
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// resolved is a policy made ready for use. It is immutable.
type resolved struct {
	policies.Policy
	rules classify.Rules
	// watched says that attempts run apart from their operations, hedged that
	// those do that may run twice.
	watched, hedged bool
	// budget is what the root gives it, nil without a retry budget.
	budget *retryBudget
}

func resolve(p policies.Policy) (*resolved, error) {
	rules, err := classify.RulesOf(p)
	if err != nil {
		return nil, err
	}
	return &resolved{Policy: p, rules: rules, watched: p.Retry.AttemptTimeout > 0, hedged: p.Hedge.On()}, nil
}

func (r *resolved) maxAttempts() int {
	if !r.Retry.Enabled {
		return 1
	}
	return r.Retry.MaxAttempts
}
