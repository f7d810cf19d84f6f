package load_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// If this fails, a policy that was written in code is overruled by a file.
func TestPolicyInCodeBeatsTheTargetsOwnBlock(t *testing.T) {
	file := load.Bytes("a.json", load.JSON, []byte(`{"targets": {"x": {"type": "storage", "pool": {"workers": 3}}, "y": {}}}`))
	first, last := policies.Default(policies.API), policies.Default(policies.Worker)
	first.Pool.Workers, last.Pool.Workers = 4, 5
	last.Retry.NeverRetry = []string{"http.500"}
	set, err := load.Load(load.Policy("x", first), load.Policy("x", last), file)
	require.NoError(t, err)
	assert.Equal(t, last, target(t, set, "x"), "of two the later, wherever the file stands")

	fields, err := set.Explain("x")
	require.NoError(t, err)
	for _, f := range fields {
		assert.Equal(t, policies.Origin{Source: policies.FromCode}, f.Origin, f.Path)
	}
}

// If this fails, a slip in code is found only when the supervisor starts, or the
// target does.
func TestBadCodeIsNamed(t *testing.T) {
	p := policies.Default(policies.API)
	p.Pool.Workers = 0
	p.Retry.RetryOn = []string{"http.503", "no.such.condition", " "}
	p.Breaker.Ignore = []string{"http.50"}
	assert.Equal(t, []string{
		`targets["a.b"].circuit_breaker.ignore[0]: unknown error condition "http.50", did you mean "http.500"?`,
		`targets["a.b"].pool.workers = 0: must be from 1 to 1000000`,
		`targets["a.b"].retry_policy.retry_on[1]: unknown error condition "no.such.condition": name a condition (net.timeout, http.503, grpc.Unavailable), a Go type (*net.OpError), a Python exception (requests.Timeout), or register it with classify.Register`,
		`targets["a.b"].retry_policy.retry_on[2] = " ": must name an error condition, not be empty`,
		`targets.worker.type = "api": must be worker: the target named after an operation type holds that type's policy`,
	}, problems(t, load.Policy("a.b", p), load.Policy("worker", policies.Default(policies.API))))
}
