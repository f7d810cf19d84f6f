package load_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

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

// If this fails, two lists that can't both hold are taken, or the user can't
// tell which name is in both.
func TestContradictoryListsAreNamed(t *testing.T) {
	assert.Equal(t, []string{
		`a.yaml:2: targets.x.circuit_breaker.ignore = [http.404]: must not name "http.404", as trip_on does`,
		`a.yaml:3: targets.y.retry_policy.never_retry = [http.500 http.503]: must not name "http.503", as retry_on from retry_policy.retry_on does`,
	}, problems(t, load.Bytes("a.yaml", load.YAML, []byte(`
retry_policy: {retry_on: [http.503]}
targets: {x: {circuit_breaker: {trip_on: [http.404], ignore: [http.404]}},
  y: {retry_policy: {never_retry: [http.500, http.503]}}}`)[1:])))
}

// If this fails, a pool whose bounds exclude each other is taken, or the user
// isn't told which one to change.
func TestAPoolOfFewerThanItsLeastIsNamed(t *testing.T) {
	assert.Equal(t, []string{
		`a.yaml:2: targets.x.pool.min_workers = 9: must be at most workers, which is 8 from pool.workers`,
	}, problems(t, load.Bytes("a.yaml", load.YAML, []byte("pool: {workers: 8}\ntargets: {x: {pool: {min_workers: 9}}}"))))
}
