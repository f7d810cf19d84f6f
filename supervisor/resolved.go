package supervisor

import (
	"strings"

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
	chaos  bool // faults are injected
	// windowed says that the breaker looks at rates over a window of time.
	windowed bool
	// brief says that an operation need not be made before its first attempt.
	brief bool
}

func resolve(p policies.Policy) (*resolved, error) { return resolving{}.resolve(p) }

// resolving makes many policies ready, and looks the names in their lists up
// only once for all that have the same: targets inherit them by the thousand.
type resolving map[string]classify.Rules

func (r resolving) resolve(p policies.Policy) (*resolved, error) {
	lists := listsOf(p)
	rules, known := r[lists]
	if !known {
		var err error
		if rules, err = classify.RulesOf(p); err != nil {
			return nil, err
		}
		r[lists] = rules
	}
	return &resolved{Policy: p, rules: rules, watched: p.Retry.AttemptTimeout > 0, hedged: p.Hedge.On(), chaos: p.Chaos.Enabled,
		windowed: p.Breaker.WindowDuration > 0 && (p.Breaker.FailureRate > 0 || p.Breaker.SlowCallRate > 0),
		brief:    p.Retry.MaxElapsed == 0 && !p.Chaos.Enabled}, nil
}

// listsOf tells the lists of policies apart.
func listsOf(p policies.Policy) string {
	lists := [][]string{p.Retry.CustomExceptions, p.Retry.RetryOn, p.Retry.NeverRetry, p.Breaker.Ignore, p.Breaker.TripOn}
	size := len(lists)
	for _, names := range lists {
		for _, name := range names {
			size += len(name) + 1
		}
	}
	var b strings.Builder
	b.Grow(size)
	for _, names := range lists {
		for _, name := range names {
			b.WriteString(name)
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}

func (r *resolved) maxAttempts() int {
	if !r.Retry.Enabled {
		return 1
	}
	return r.Retry.MaxAttempts
}
