package supervisor

import (
	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// resolved is a policy made ready for use. It is immutable.
type resolved struct {
	policies.Policy
	conditions classify.Conditions
}

func resolve(p policies.Policy) (*resolved, error) {
	conditions, err := classify.ParseConditions(p.Retry.CustomExceptions)
	if err != nil {
		return nil, err
	}
	return &resolved{Policy: p, conditions: conditions}, nil
}

func (r *resolved) maxAttempts() int {
	if !r.Retry.Enabled {
		return 1
	}
	return r.Retry.MaxAttempts
}
