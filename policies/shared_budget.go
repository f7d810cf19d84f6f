package policies

import (
	"fmt"
	"maps"
	"slices"
)

// SharedBudgets returns, by the name of each shared retry budget, the names of
// the targets that draw from it, sorted.
func SharedBudgets(targets map[string]*Policy) map[string][]string {
	var shared map[string][]string
	for name, p := range targets {
		if b := &p.RetryBudget; b.Enabled && b.Shared != "" {
			if shared == nil {
				shared = map[string][]string{}
			}
			shared[b.Shared] = append(shared[b.Shared], name)
		}
	}
	for _, names := range shared {
		slices.Sort(names)
	}
	return shared
}

// SharedBudgetSettings lists the settings on which targets that share a retry
// budget must agree.
func SharedBudgetSettings() []string {
	return []string{"retry_budget.ratio", "retry_budget.min_per_second", "retry_budget.window"}
}

// sharedContradictions reports what targets say otherwise than the first that
// shares their retry budget. A target whose value is wrong by itself was
// reported already, but is compared as well: its partners show what is meant.
func sharedContradictions(targets map[string]*Policy) Errors {
	shared := SharedBudgets(targets)
	var found Errors
	for _, budget := range slices.Sorted(maps.Keys(shared)) {
		first, others := shared[budget][0], shared[budget][1:]
		for _, other := range others {
			for _, path := range SharedBudgetSettings() {
				s := settings[slices.IndexFunc(settings, func(s Setting) bool { return s.Path == path })]
				want, have := s.Value(targets[first]), s.Value(targets[other])
				if s.same(want, have) {
					continue
				}
				related := FieldPath("targets", first) + "." + path
				found = append(found, &FieldError{
					Path: FieldPath("targets", other) + "." + path, Value: have.Interface(), Related: related,
					Problem: fmt.Sprintf("must be %v, as %s is: they share the retry budget %s", want, related, quote(budget)),
				})
			}
		}
	}
	return found
}
