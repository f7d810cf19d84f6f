package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, an error sends the user to a file that is fine, and doesn't
// say where the other value is.
func TestAContradictionNamesTheOtherSource(t *testing.T) {
	file := load.Bytes("a.yaml", load.YAML, []byte("retry_policy:\n  max_wait: 3"))
	t.Setenv("HOLDFAST_RETRY_POLICY__MIN_WAIT", "17")
	assert.Equal(t,
		[]string{`a.yaml:2: retry_policy.max_wait = 3s: must be at least min_wait, which is 17s from $HOLDFAST_RETRY_POLICY__MIN_WAIT`},
		problems(t, file, load.Env("HOLDFAST_")))

	t.Setenv("RETRY__API_MIN_WAIT", "5")
	assert.Equal(t,
		[]string{`a.yaml:2: retry_policy.max_wait = 3s: must be at least min_wait, which is 5s from $RETRY__API_MIN_WAIT`},
		problems(t, file, load.BinduEnv()))

	over := load.Bytes("b.json", load.JSON, []byte(`{"targets": {"x": {"retry_policy": {"min_wait": 4}}}}`))
	assert.Equal(t,
		[]string{`b.json:1: targets.x.retry_policy.min_wait = 4s: must be at most max_wait, which is 3s from a.yaml:2:3`},
		problems(t, file, over))
}

// If this fails, a slip in one block is taken, or the user can't tell which name
// is in both lists.
func TestContradictoryListsAreNamed(t *testing.T) {
	assert.Equal(t, []string{
		`a.yaml:1: targets.x.circuit_breaker.ignore[1] = "http.404": is in trip_on as well; keep it in one of them`,
		`a.yaml:2: retry_policy.never_retry[0] = "http.503": is in retry_on as well; keep it in one of them`,
		`a.yaml:2: retry_policy.never_retry[2] = "OSError": is in custom_exceptions as well; keep it in one of them`,
	}, problems(t, load.Bytes("a.yaml", load.YAML, []byte(`
targets: {x: {circuit_breaker: {trip_on: [http.404], ignore: [http.400, http.404, http.404]}}, y: {}, z: {}}
retry_policy: {never_retry: [http.503, http.500, OSError], retry_on: [http.503], custom_exceptions: [OSError]}`)[1:])))
}

// If this fails, a target can't make an exception from what is said for all, or
// a later source from what an earlier one says, although the documentation says
// which list wins.
func TestListsOfDifferentBlocksMayDiffer(t *testing.T) {
	set, err := load.Load(
		load.Bytes("a.yaml", load.YAML, []byte(`
retry_policy: {retry_on: [http.404, http.409]}
circuit_breaker: {trip_on: [http.401]}
operation_types: {storage: {retry_policy: {never_retry: [http.409]}}}
targets:
  x: {retry_policy: {never_retry: [http.404]}, circuit_breaker: {ignore: [http.401]}}
  y: {type: storage, retry_policy: {retry_on: [http.503]}}`)),
		load.Bytes("b.yaml", load.YAML, []byte(`targets: {y: {retry_policy: {never_retry: [http.503]}}}`)))
	require.NoError(t, err)

	x := target(t, set, "x")
	assert.Equal(t, []string{"http.404", "http.409"}, x.Retry.RetryOn)
	assert.Equal(t, []string{"http.404"}, x.Retry.NeverRetry)
	assert.Equal(t, []string{"http.401"}, x.Breaker.TripOn)
	assert.Equal(t, []string{"http.401"}, x.Breaker.Ignore)
	y := target(t, set, "y")
	assert.Equal(t, []string{"http.503"}, y.Retry.NeverRetry, "of the later source")
	_, err = set.With("z", y)
	assert.NoError(t, err, "what was loaded is right in code as well")

	rules, err := classify.RulesOf(x)
	require.NoError(t, err)
	v := classify.Classify(&classify.StatusError{StatusCode: 404}, nil, time.Time{}, rules)
	assert.False(t, v.Retryable, "never_retry holds whatever else is said")
	v = classify.Classify(&classify.StatusError{StatusCode: 401}, nil, time.Time{}, rules)
	assert.Equal(t, policies.Ignored, v.Outcome, "ignore wins over trip_on")
}

// If this fails, a pool whose bounds exclude each other is taken, or the user
// isn't told which one to change.
func TestAPoolOfFewerThanItsLeastIsNamed(t *testing.T) {
	assert.Equal(t, []string{
		`a.yaml:2: targets.x.pool.min_workers = 9: must be at most workers, which is 8 from pool.workers`,
	}, problems(t, load.Bytes("a.yaml", load.YAML, []byte("pool: {workers: 8}\ntargets: {x: {pool: {min_workers: 9}}}"))))
}
