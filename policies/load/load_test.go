package load_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

func target(t *testing.T, set *policies.Set, name string) policies.Policy {
	t.Helper()
	p, err := set.Target(name)
	require.NoError(t, err)
	return p
}

func loadJSON(t *testing.T, data string) *policies.Set {
	t.Helper()
	set, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(data)))
	require.NoError(t, err)
	return set
}

// If this fails, an agent without settings behaves other than the table of
// defaults in the documentation says.
func TestNothingGivenIsBuiltIn(t *testing.T) {
	for name, sources := range map[string][]load.Source{
		"no sources":     nil,
		"empty object":   {load.Bytes("a.json", load.JSON, []byte(`{}`))},
		"null":           {load.Bytes("a.json", load.JSON, []byte(`null`))},
		"null blocks":    {load.Bytes("a.json", load.JSON, []byte(`{"retry_policy": null, "circuit_breaker": null, "targets": null, "operation_types": null}`))},
		"empty blocks":   {load.Bytes("a.json", load.JSON, []byte(`{"retry_policy": {}, "pool": {}, "operation_types": {"api": {}, "worker": null}}`))},
		"null values":    {load.Bytes("a.json", load.JSON, []byte(`{"retry_policy": {"max_attempts": null, "custom_exceptions": null}}`))},
		"byte order":     {load.Bytes("a.json", load.JSON, []byte("\xef\xbb\xbf{}"))},
		"toml comment":   {load.Bytes("a.toml", load.TOML, []byte("# nothing yet\n"))},
		"yaml comment":   {load.Bytes("a.yaml", load.YAML, []byte("# nothing yet\n"))},
		"yaml null":      {load.Bytes("a.yaml", load.YAML, []byte("---\n~\n"))},
		"yaml ends":      {load.Bytes("a.yaml", load.YAML, []byte("---\nname: x\n...\n"))},
		"foreign only":   {load.Bytes("a.json", load.JSON, []byte(`{"author": "a", "tools": {"x": {}}, "port": 1, "poll": 5, "target": "eu", "start": {}, "Retry": {}}`))},
		"foreign repeat": {load.Bytes("a.json", load.JSON, []byte(`{"author": "a", "author": {"b": 1, "b": [1e999]}}`))},
		"yaml repeat":    {load.Bytes("a.yaml", load.YAML, []byte("author: a\nauthor: {b: 1, b: [{c: 1, c: 2}]}\nx: [{c: 1, c: 2}]\n"))},
		"toml repeat":    {load.Bytes("a.toml", load.TOML, []byte("author = 'a'\nauthor.b = 1\n[x]\nc = [{d = 99999999999999999999, d = 2}]\n[x]\n"))},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := load.Load(sources...)
			require.NoError(t, err)
			assert.Equal(t, []string{"api", "scheduler", "storage", "worker"}, set.Names())
			for _, of := range policies.OperationTypes() {
				assert.Equal(t, policies.Default(of), set.Defaults(of))
			}
		})
	}
}

// If this fails, a Python user's agent_config.json does not load unchanged.
func TestExamplesOfTheRetryEnhancementsLoadUnchanged(t *testing.T) {
	set, err := load.Load(load.File("testdata/agent_config.json"))
	require.NoError(t, err)
	for _, of := range policies.OperationTypes() {
		want := policies.Default(of)
		want.Retry.MaxAttempts = 10
		want.Retry.MinWait = 2 * time.Second
		want.Retry.MaxWait = 2 * time.Minute
		want.Retry.CustomExceptions = []string{"requests.Timeout", "requests.ConnectionError"}
		assert.Equal(t, want, set.Defaults(of))
	}

	set, err = load.Load(load.File("testdata/my_agent.json"))
	require.NoError(t, err)
	assert.Equal(t, 5, set.Defaults(policies.API).Retry.MaxAttempts)
	assert.Equal(t, []string{"requests.RequestException"}, set.Defaults(policies.API).Retry.CustomExceptions)
}

// The behaviours Bindu's own tests assert of its configuration (10 to 20), and
// what was weak there. If this fails, a user who comes from Python notices.
func TestConformanceOfAgentConfig(t *testing.T) {
	t.Run("12 and 17 an empty config gives defaults", func(t *testing.T) {
		assert.True(t, loadJSON(t, `{}`).Defaults(policies.API).Retry.Enabled)
	})
	t.Run("11, 13 and 16 all fields load", func(t *testing.T) {
		r := loadJSON(t, `{"retry_policy": {"enabled": false, "max_attempts": 7, "min_wait": 0.25, "max_wait": 9}}`).Defaults(policies.Worker).Retry
		assert.False(t, r.Enabled)
		assert.Equal(t, 7, r.MaxAttempts)
		assert.Equal(t, 250*time.Millisecond, r.MinWait)
		assert.Equal(t, 9*time.Second, r.MaxWait)
	})
	t.Run("14 exception names resolve", func(t *testing.T) {
		names := []string{"ConnectionError", "TimeoutError", "OSError", "asyncio.TimeoutError", "requests.RequestException", "*net.OpError", "http.503", "grpc.Unavailable"}
		set := loadJSON(t, `{"retry_policy": {"custom_exceptions": ["ConnectionError", "TimeoutError", "OSError", "asyncio.TimeoutError", "requests.RequestException", "*net.OpError", "http.503", "grpc.Unavailable"]}}`)
		assert.Equal(t, names, set.Defaults(policies.Scheduler).Retry.CustomExceptions)
	})
	t.Run("10 and 15 what is not given is the type's default", func(t *testing.T) {
		set := loadJSON(t, `{"retry_policy": {"max_attempts": 2}}`)
		for _, of := range policies.OperationTypes() {
			want := policies.Default(of)
			want.Retry.MaxAttempts = 2
			assert.Equal(t, want, set.Defaults(of))
		}
	})
	t.Run("18 author and name stand beside it", func(t *testing.T) {
		set := loadJSON(t, `{"author": "user@example.com", "name": "my_agent", "retry_policy": {"max_attempts": 5}}`)
		assert.Equal(t, 5, set.Defaults(policies.API).Retry.MaxAttempts)
	})
	t.Run("19 disabled leaves the breaker on", func(t *testing.T) {
		p := loadJSON(t, `{"retry_policy": {"enabled": false}}`).Defaults(policies.API)
		assert.False(t, p.Retry.Enabled)
		assert.True(t, p.Breaker.Enabled)
	})
	t.Run("20 enabled with three attempts", func(t *testing.T) {
		r := loadJSON(t, `{"retry_policy": {"enabled": true, "max_attempts": 3}}`).Defaults(policies.API).Retry
		assert.True(t, r.Enabled)
		assert.Equal(t, 3, r.MaxAttempts)
	})
	t.Run("null does not crash", func(t *testing.T) {
		assert.Equal(t, policies.Default(policies.API), loadJSON(t, `{"retry_policy": null}`).Defaults(policies.API))
	})
	for name, data := range map[string]string{
		"false in quotes is not true":  `{"retry_policy": {"enabled": "false"}}`,
		"no attempts is not one":       `{"retry_policy": {"max_attempts": 0}}`,
		"fewer than none is not one":   `{"retry_policy": {"max_attempts": -3}}`,
		"a threshold of zero":          `{"circuit_breaker": {"failure_threshold": 0}}`,
		"a name is not run as code":    `{"retry_policy": {"custom_exceptions": ["__import__('os').system('id')"]}}`,
		"an unknown operation type":    `{"targets": {"x": {"type": "browser"}}}`,
		"an unknown type of operation": `{"operation_types": {"browser": {}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(data)))
			assert.ErrorIs(t, err, policies.ErrInvalid)
		})
	}
}

// If this fails, a YAML file means something else than it says.
func TestYAMLFile(t *testing.T) {
	set, err := load.Load(load.File("testdata/agent_config.yaml"))
	require.NoError(t, err)
	assert.Equal(t, []string{"api", "gpt-4.1", "orders.db", "payment_gateway", "scheduler", "storage", "worker"}, set.Names())

	everywhere := func(of policies.OperationType) policies.Policy {
		p := policies.Default(of)
		p.Retry.MaxAttempts, p.Retry.MinWait, p.Retry.MaxWait = 6, 500*time.Millisecond, 90*time.Second
		return p
	}
	assert.Equal(t, everywhere(policies.API), target(t, set, "gpt-4.1"))

	payment := everywhere(policies.API)
	payment.Breaker.FailureThreshold, payment.Breaker.RecoveryTimeout = 3, 30*time.Second
	payment.Retry.Idempotent = policies.IdempotentNo
	assert.Equal(t, payment, target(t, set, "payment_gateway"))

	storage := everywhere(policies.Storage)
	storage.Retry.MaxAttempts, storage.Retry.Jitter = 2, policies.JitterNone
	assert.Equal(t, storage, set.Defaults(policies.Storage))
	storage.Pool.Workers = 64
	assert.Equal(t, storage, target(t, set, "orders.db"))
}

// If this fails, a setting is taken from the wrong place.
func TestPrecedence(t *testing.T) {
	base := load.Bytes("base.yaml", load.YAML, []byte(`
retry_policy: {max_attempts: 20, custom_exceptions: [http.503, net.timeout]}
circuit_breaker: {failure_threshold: 20}
operation_types: {api: {retry_policy: {max_attempts: 30}, pool: {workers: 30}}}
targets: {a.b: {retry_policy: {max_attempts: 40}}}
`))
	over := load.Bytes("over.json", load.JSON, []byte(`{
		"retry_policy": {"max_attempts": 21, "max_wait": null, "custom_exceptions": ["http.502"]},
		"operation_types": {"api": {"pool": {"workers": 31}}},
		"targets": {"a": {"type": "worker"}, "a.b": {"pool": {"workers": 41}}}
	}`))
	set, err := load.Load(base, over)
	require.NoError(t, err)

	assert.Equal(t, 40, target(t, set, "a.b").Retry.MaxAttempts, "the target's, of the earlier source")
	assert.Equal(t, 41, target(t, set, "a.b").Pool.Workers, "the target's, of the later source")
	assert.Equal(t, 20, target(t, set, "a.b").Breaker.FailureThreshold, "agent-wide")
	assert.Equal(t, policies.API, target(t, set, "a.b").Type, "targets are called, unless they say otherwise")
	assert.Equal(t, 21, target(t, set, "a").Retry.MaxAttempts, "agent-wide, of the later source")
	assert.Equal(t, 256, target(t, set, "a").Pool.Workers, "built in: it is no api")
	assert.Equal(t, 30, set.Defaults(policies.API).Retry.MaxAttempts, "the type's, over agent-wide")
	assert.Equal(t, 31, set.Defaults(policies.API).Pool.Workers, "the type's, of the later source")
	assert.Equal(t, []string{"http.502"}, set.Defaults(policies.API).Retry.CustomExceptions, "a list as a whole")
	assert.Equal(t, 15*time.Second, set.Defaults(policies.API).Retry.MaxWait, "null says nothing")
}

// If this fails, a target declared in code has other settings than the files
// give it.
func TestTargetDeclaredInCode(t *testing.T) {
	file := load.Bytes("a.json", load.JSON, []byte(`{
		"retry_policy": {"max_attempts": 9},
		"targets": {"browser": {"type": "worker"}, "cache": {"pool": {"workers": 3}}, "storage": {"pool": {"workers": 4}}}
	}`))
	set, err := load.Load(file, load.Target("browser", policies.Storage), load.Target("cache", policies.Storage), load.Target("weather", policies.API))
	require.NoError(t, err)

	want := policies.Default(policies.API)
	want.Retry.MaxAttempts = 9
	assert.Equal(t, want, target(t, set, "weather"), "declared in code alone")
	assert.Equal(t, policies.Worker, target(t, set, "browser").Type, "the file's type wins, wherever it stands")
	assert.Equal(t, policies.Storage, target(t, set, "cache").Type, "the file gives no type")
	assert.Equal(t, 3, target(t, set, "cache").Pool.Workers)
	assert.Equal(t, policies.Storage, target(t, set, "storage").Type, "the type's own target")
	assert.Equal(t, 4, target(t, set, "storage").Pool.Workers)
}

// If this fails, a value is read with another unit, or not at all.
func TestValues(t *testing.T) {
	for _, tc := range []struct {
		yaml string
		want func(p *policies.Policy)
	}{
		{`retry_policy: {min_wait: 0}`, func(p *policies.Policy) { p.Retry.MinWait = 0 }},
		{`retry_policy: {max_elapsed: 0.1}`, func(p *policies.Policy) { p.Retry.MaxElapsed = 100 * time.Millisecond }},
		{`retry_policy: {max_elapsed: 90}`, func(p *policies.Policy) { p.Retry.MaxElapsed = 90 * time.Second }},
		{`retry_policy: {max_elapsed: 1h30m}`, func(p *policies.Policy) { p.Retry.MaxElapsed = 90 * time.Minute }},
		{`retry_policy: {max_elapsed: 1.5s}`, func(p *policies.Policy) { p.Retry.MaxElapsed = 1500 * time.Millisecond }},
		{`retry_policy: {max_attempts: 3.0}`, func(p *policies.Policy) { p.Retry.MaxAttempts = 3 }},
		{`retry_policy: {when_open: park, jitter: decorrelated}`, func(p *policies.Policy) {
			p.Retry.WhenOpen, p.Retry.Jitter = policies.Park, policies.JitterDecorrelated
		}},
		{`retry_policy: {custom_exceptions: []}`, func(p *policies.Policy) { p.Retry.CustomExceptions = []string{} }},
		{`circuit_breaker: {failure_threshold: never}`, func(p *policies.Policy) { p.Breaker.FailureThreshold = policies.Never }},
		{`circuit_breaker: {failure_rate: 1}`, func(p *policies.Policy) { p.Breaker.FailureRate = 1 }},
		{`circuit_breaker: {slow_call_rate: 0.5, enabled: false}`, func(p *policies.Policy) { p.Breaker.SlowCallRate, p.Breaker.Enabled = 0.5, false }},
		{`pool: {max_pending: 0}`, func(p *policies.Policy) { p.Pool.MaxPending = 0 }},
		{`pool: {adaptive: true, latency_tolerance: 2}`, func(p *policies.Policy) { p.Pool.Adaptive, p.Pool.LatencyTolerance = true, 2 }},
		{`pool: {min_workers: 300}`, func(p *policies.Policy) { p.Pool.MinWorkers, p.Pool.Workers = 300, 300 }},
		{`restart: {max_restarts: 5, within: 30, exceeded: stop_target}`, func(p *policies.Policy) {
			p.Restart = policies.Restart{MaxRestarts: 5, Within: 30 * time.Second, Exceeded: policies.StopTarget}
		}},
	} {
		t.Run(tc.yaml, func(t *testing.T) {
			set, err := load.Load(load.Bytes("a.yaml", load.YAML, []byte(tc.yaml)))
			require.NoError(t, err)
			want := policies.Default(policies.API)
			tc.want(&want)
			assert.True(t, policies.Equal(want, set.Defaults(policies.API)), "%+v", set.Defaults(policies.API))
		})
	}
}
