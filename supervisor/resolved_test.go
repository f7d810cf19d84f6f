package supervisor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
)

// If it failed, a target would be judged by another one's lists.
func TestPoliciesWithTheSameListsShareTheirRules(t *testing.T) {
	notFound, all := &classify.StatusError{StatusCode: 404}, resolving{}
	retries := func(edit func(*policies.Policy)) bool {
		r, err := all.resolve(policy(edit))
		require.NoError(t, err)
		return classify.Classify(notFound, nil, time.Time{}, r.rules).Retryable
	}
	retryOn := func(names ...string) func(*policies.Policy) {
		return func(p *policies.Policy) { p.Retry.RetryOn = names }
	}
	assert.False(t, retries(noWaits))
	assert.True(t, retries(retryOn("http.404")))
	assert.True(t, retries(retryOn("http.404")))
	assert.False(t, retries(func(p *policies.Policy) { p.Retry.NeverRetry = []string{"http.404"} }), "another list")
	assert.False(t, retries(retryOn("http.405")))
	assert.False(t, retries(retryOn()))
	_, err := all.resolve(policy(unknownCondition))
	assert.Error(t, err)
	_, err = all.resolve(policy(unknownCondition))
	assert.Error(t, err, "once more")
	assert.Len(t, all, 4)
}

// If it failed, the test would take many times as long: each of the targets would look up
// the names that all inherit.
func TestManyTargetsInheritLongLists(t *testing.T) {
	states := make([]string, 1_000)
	for i := range states {
		states[i] = fmt.Sprintf("sql.%05d", i)
	}
	many := targets{}
	for i := range 2_000 {
		many[fmt.Sprintf("t%d", i)] = policy(func(p *policies.Policy) {
			p.Retry.RetryOn, p.Retry.NeverRetry, p.Breaker.Ignore = states, states, states
		})
	}
	s := start(t, many)
	assert.NoError(t, s.Apply(setOf(t, many)))
}
