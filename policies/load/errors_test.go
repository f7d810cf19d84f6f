package load_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// problems returns each error on its line, without the columns.
func problems(t *testing.T, sources ...load.Source) []string {
	t.Helper()
	set, err := load.Load(sources...)
	require.Error(t, err)
	assert.Nil(t, set, "no set comes with an error")
	assert.ErrorIs(t, err, policies.ErrInvalid)
	var all policies.Errors
	require.ErrorAs(t, err, &all)
	lines := make([]string, len(all))
	for i, e := range all {
		e.Column = 0
		lines[i] = e.Error()
	}
	return lines
}

// blocks lists the blocks of a policy as messages do.
var blocks = func() string {
	var all []string
	for _, s := range policies.Settings() {
		if name, _, nested := strings.Cut(s.Path, "."); nested && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}()

// If this fails, a wrong setting is taken, or the user can't tell which it is.
func TestBadJSONIsNamed(t *testing.T) {
	const (
		aWhole   = "must be a whole number, without quotes"
		orNever  = aWhole + `, or "never"`
		aBoolean = "must be true or false, without quotes"
		aBlock   = "must be a block of keys and values, not "
		aTime    = `must be a number of seconds, or text such as "1.5s"`
	)
	for _, tc := range []struct{ data, want string }{
		// types
		{`{"retry_policy": {"enabled": "false"}}`, `retry_policy.enabled = "false": ` + aBoolean},
		{`{"retry_policy": {"enabled": 1}}`, `retry_policy.enabled = 1: ` + aBoolean},
		{`{"retry_policy": {"max_attempts": "5"}}`, `retry_policy.max_attempts = "5": ` + aWhole},
		{`{"retry_policy": {"max_attempts": 3.5}}`, `retry_policy.max_attempts = 3.5: ` + aWhole},
		{`{"retry_policy": {"max_attempts": true}}`, `retry_policy.max_attempts = true: ` + aWhole},
		{`{"retry_policy": {"max_attempts": [3]}}`, `retry_policy.max_attempts: ` + aWhole + ", not a list"},
		{`{"retry_policy": {"max_attempts": "never"}}`, `retry_policy.max_attempts = "never": ` + aWhole},
		{`{"retry_policy": {"max_attempts": 1e12}}`, `retry_policy.max_attempts = 1000000000000: must be from 1 to 1000`},
		{`{"circuit_breaker": {"failure_threshold": "Never"}}`, `circuit_breaker.failure_threshold = "Never": ` + orNever},
		{`{"circuit_breaker": {"failure_rate": "0.5"}}`, `circuit_breaker.failure_rate = "0.5": must be a number, without quotes`},
		{`{"retry_policy": {"jitter": 1}}`, `retry_policy.jitter = 1: must be text`},
		{`{"retry_policy": {"min_wait": "5"}}`, `retry_policy.min_wait = "5": a number in quotes has no unit; write it without quotes for seconds, or "5s"`},
		{`{"retry_policy": {"min_wait": "0"}}`, `retry_policy.min_wait = "0": a number in quotes has no unit; write it without quotes for seconds, or "0s"`},
		{`{"retry_policy": {"min_wait": "soon"}}`, `retry_policy.min_wait = "soon": must be a number of seconds, or text with a unit such as "1.5s" or "200ms"`},
		{`{"retry_policy": {"min_wait": false}}`, `retry_policy.min_wait = false: ` + aTime},
		{`{"retry_policy": {"max_elapsed": 1e300}}`, `retry_policy.max_elapsed = 1e+300: is out of range: a time of more than 292 years`},
		{`{"retry_policy": {"max_elapsed": -1e300}}`, `retry_policy.max_elapsed = -1e+300: is out of range: a time of more than 292 years`},
		{`{"retry_policy": {"max_elapsed": 1e-12}}`, `retry_policy.max_elapsed = 1e-12: is shorter than a nanosecond; write 0 if that is meant`},
		{`{"retry_policy": {"max_elapsed": 1e999}}`, `retry_policy.max_elapsed = "1e999": the number is out of range`},
		{`{"retry_policy": {"custom_exceptions": "http.503"}}`, `retry_policy.custom_exceptions = "http.503": must be a list of names`},
		{`{"retry_policy": {"custom_exceptions": ["http.503", 5]}}`, `retry_policy.custom_exceptions[1] = 5: must be text, the name of an error condition`},
		{`{"retry_policy": []}`, `retry_policy: ` + aBlock + "a list"},
		{`{"retry_policy": "off"}`, `retry_policy: ` + aBlock + "text"},
		{`{"operation_types": 1}`, `operation_types: ` + aBlock + "a number"},
		{`{"operation_types": {"api": 1}}`, `operation_types.api: ` + aBlock + "a number"},
		{`{"targets": ["x"]}`, `targets: ` + aBlock + "a list"},
		{`{"targets": {"x": true}}`, `targets.x: ` + aBlock + "a boolean"},
		// ranges
		{`{"retry_policy": {"max_attempts": 0}}`, `retry_policy.max_attempts = 0: must be from 1 to 1000`},
		{`{"retry_policy": {"min_wait": -1}}`, `retry_policy.min_wait = -1s: must not be negative`},
		{`{"operation_types": {"storage": {"retry_policy": {"max_wait": 1e6}}}}`, `operation_types.storage.retry_policy.max_wait = 277h46m40s: must be at most 24h0m0s`},
		{`{"targets": {"a.b": {"circuit_breaker": {"failure_rate": 1.5}}}}`, `targets["a.b"].circuit_breaker.failure_rate = 1.5: must be a number from 0 to 1`},
		{`{"retry_policy": {"jitter": "ful"}}`, `retry_policy.jitter = "ful": did you mean "full"? It must be one of full, equal, none, decorrelated`},
		{`{"targets": {"x": {"type": "apu"}}}`, `targets.x.type = "apu": did you mean "api"? It must be one of worker, storage, api, scheduler`},
		{`{"targets": {"storage": {"type": "api"}}}`, `targets.storage.type = "api": must be storage: the target named after an operation type holds that type's policy`},
		// names
		{`{"retry_polcy": {}}`, `retry_polcy: unknown key; did you mean "retry_policy"?`},
		{`{"retryPolicy": true}`, `retryPolicy: unknown key; did you mean "retry_policy"?`},
		{`{"circut_breaker": {}}`, `circut_breaker: unknown key; did you mean "circuit_breaker"?`},
		{`{"Circuit_Breaker": {}}`, `Circuit_Breaker: unknown key; did you mean "circuit_breaker"?`},
		{`{"operation_type": {}}`, `operation_type: unknown key; did you mean "operation_types"?`},
		{`{"target": {}}`, `target: unknown key; did you mean "targets"?`},
		{`{"Pool": {}}`, `Pool: unknown key; did you mean "pool"?`},
		{`{"retry_policy": {"max_atempts": 3}}`, `retry_policy.max_atempts: unknown key; did you mean "max_attempts"?`},
		{`{"retry_policy": {"Max_Attempts": 3}}`, `retry_policy.Max_Attempts: unknown key; did you mean "max_attempts"?`},
		{`{"restart": {"threads": 3}}`, `restart.threads: unknown key; known are max_restarts, within, exceeded`},
		{`{"operation_types": {"workers": {}}}`, `operation_types.workers: unknown operation type; did you mean "worker"?`},
		{`{"operation_types": {"api": {"type": "api"}}}`, "operation_types.api.type: unknown key; known are " + blocks},
		{`{"targets": {"x": {"retry": {}}}}`, "targets.x.retry: unknown key; known are type, " + blocks},
		{`{"targets": {"a/b": {}}}`, `targets["a/b"]: a target's name must not contain "/"`},
		{`{"targets": {"": {}}}`, `targets[""]: a target needs a name of 1 to 128 bytes`},
		{`{"targets": {"a\u0000b": {}}}`, `targets["a\x00b"]: a target's name must not contain control characters`},
		// the file
		{`{"restart": {"a\"\u0041": 1}}`, `restart["a\"A"]: unknown key; known are max_restarts, within, exceeded`},
		{`{"retry_policy": {"max_attempts": 3, "max_attempts": 4}}`, `retry_policy.max_attempts: the key appears twice, first on line 1; keep one`},
		{`[]`, `the top level must be a mapping of keys to values`},
		{`"retry"`, `the top level must be a mapping of keys to values`},
		{`{"retry_policy": }`, `is not valid JSON: invalid character '}' looking for beginning of value`},
		{`{} {}`, `is not valid JSON: invalid character '{' after top-level value`},
		{strings.Repeat(`[`, 20_000), `is not valid JSON: invalid character '[' exceeded max depth`},
		{"{\"name\": \"\xff\"}", `is not UTF-8 text; save the file as UTF-8`},
	} {
		t.Run(tc.data[:min(len(tc.data), 80)], func(t *testing.T) {
			assert.Equal(t, []string{"a.json:1: " + tc.want}, problems(t, load.Bytes("a.json", load.JSON, []byte(tc.data))))
		})
	}
}

// If this fails, a slip that only YAML allows is taken.
func TestBadYAMLIsNamed(t *testing.T) {
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := '1'; i <= '8'; i++ {
		below := "*a" + string(i-1)
		bomb += "a" + string(i) + ": &a" + string(i) + " [" + below + strings.Repeat(","+below, 9) + "]\n"
	}
	for _, tc := range []struct{ data, want string }{
		{"retry_policy:\n  min_wait: .nan", `a.yaml:2: retry_policy.min_wait = NaN: must be a number of seconds, or text such as "1.5s"`},
		{"retry_policy:\n  min_wait: .inf", `a.yaml:2: retry_policy.min_wait = +Inf: is out of range: a time of more than 292 years`},
		{"retry_policy:\n  max_attempts: .inf", `a.yaml:2: retry_policy.max_attempts = +Inf: must be from 1 to 1000`},
		{"circuit_breaker: {failure_rate: .nan}", `a.yaml:1: circuit_breaker.failure_rate = NaN: must be a number from 0 to 1`},
		{"retry_policy: {max_attempts: 18446744073709551615}", `a.yaml:1: retry_policy.max_attempts = 18446744073709551615: must be from 1 to 1000`},
		{"retry_policy: {enabled: yes}", `a.yaml:1: retry_policy.enabled = "yes": must be true or false, without quotes`},
		{"retry_policy: {max_wait: 2024-01-01}", `a.yaml:1: retry_policy.max_wait = 2024-01-01 00:00:00 +0000 UTC: must be a number of seconds, or text such as "1.5s"`},
		{"targets: {1: {pool: 3}}", `a.yaml:1: targets.1.pool: must be a block of keys and values, not a number`},
		{"x: &x {workrs: 1}\npool: *x", `a.yaml:2: pool.workrs: unknown key; did you mean "workers"?`},
		{"{}\n---\n{}", `a.yaml:2: a second YAML document begins; keep one document in a file`},
		{"{}\n---\n[", `a.yaml:3: is not valid YAML: did not find expected node content`},
		{"- a", `a.yaml:1: the top level must be a mapping of keys to values`},
		{"a: [", `a.yaml:1: is not valid YAML: did not find expected node content`},
		{"a: &a {workers: 1, workers: 2}\npool: *a", `a.yaml:1: a: the key appears twice, first on line 1; keep one`},
		{"pool: {workers: 1}\npool: {workers: 2}", `a.yaml:2: pool: the key appears twice, first on line 1; keep one`},
		{"a: &a [*a]", `a.yaml:1: is not valid YAML: the alias is part of what it stands for`},
		{bomb, `a.yaml: is not valid YAML: document contains excessive aliasing`},
		{"x:\n  y: {" + strings.Repeat("k,", 5_001) + "}", `a.yaml:2: a YAML mapping has more than 5000 keys; divide it, or use JSON`},
		{strings.Repeat("[", 20_000), `a.yaml:1: is not valid YAML: exceeded max depth of 10000`},
	} {
		t.Run(tc.data[:min(len(tc.data), 80)], func(t *testing.T) {
			assert.Equal(t, []string{tc.want}, problems(t, load.Bytes("a.yaml", load.YAML, []byte(tc.data))))
		})
	}
}

// If this fails, users find their mistakes one start at a time.
func TestEveryErrorOfEverySourceIsReportedAtOnce(t *testing.T) {
	first := load.Bytes("first.json", load.JSON, []byte(`{
  "retry_polcy": {},
  "retry_policy": {
    "max_attempts": 0,
    "enabled": "false",
    "custom_exceptions": ["http.503", "no.such.condition", "neither.this"]
  },
  "targets": {
    "a b": {"pool": {"workers": -1, "workres": 2}}
  }
}`))
	second := load.Bytes("second.yaml", load.YAML, []byte("pool:\n  workers: 3.5\n\nrestart:\n  within: 0\n"))
	got := problems(t, first, load.Target("", "browser"), second, load.Source{}, load.Bytes("c", load.Format(9), []byte("x")))

	assert.Contains(t, got[3], `first.json:6: retry_policy.custom_exceptions[1]: unknown error condition "no.such.condition"`)
	assert.Contains(t, got[4], `first.json:6: retry_policy.custom_exceptions[2]: unknown error condition "neither.this"`)
	assert.Equal(t, []string{
		`first.json:2: retry_polcy: unknown key; did you mean "retry_policy"?`,
		`first.json:4: retry_policy.max_attempts = 0: must be from 1 to 1000`,
		`first.json:5: retry_policy.enabled = "false": must be true or false, without quotes`,
		`first.json:9: targets["a b"].pool.workers = -1: must be from 1 to 1000000`,
		`first.json:9: targets["a b"].pool.workres: unknown key; did you mean "workers"?`,
		`targets[""]: a target needs a name of 1 to 128 bytes`,
		`targets[""].type = "browser": must be one of worker, storage, api, scheduler`,
		`second.yaml:2: pool.workers = 3.5: must be a whole number, without quotes`,
		`second.yaml:5: restart.within = 0s: must be over 0`,
		`an empty load.Source; make one with load.File or another function of package load`,
		`c: Format(9) is not a known format; use load.JSON, load.YAML or load.TOML`,
	}, append(got[:3:3], got[5:]...))
}

// If this fails, a number that the parser can't hold hides every other error.
func TestANumberOutOfRangeHidesNothing(t *testing.T) {
	assert.Equal(t, []string{
		`a.json:1: retry_policy.max_attempts = "1e999": the number is out of range`,
		`a.json:2: retry_policy.min_wait = -1s: must not be negative`,
		`a.json:3: pool.workers = "-1e999": the number is out of range`,
		`a.json:3: pool.workres: unknown key; did you mean "workers"?`,
	}, problems(t, load.Bytes("a.json", load.JSON, []byte(`{"retry_policy": {"max_attempts": 1e999,
"min_wait": -1}, "x": 1e999,
"pool": {"workers": -1e999, "workres": 1}}`))))
}

// If this fails, a setting that an alias brings from a foreign block is one of
// two, and nobody can tell which.
func TestADroppedDuplicateMayStillBeAnchored(t *testing.T) {
	set, err := load.Load(load.Bytes("a.yaml", load.YAML, []byte("x: {a: 1}\nx: &x {workers: 3}\npool: *x")))
	require.NoError(t, err)
	assert.Equal(t, 3, set.Defaults(policies.API).Pool.Workers)
	assert.Equal(t, []string{`a.yaml:2: x: the key appears twice, first on line 2; keep one`},
		problems(t, load.Bytes("a.yaml", load.YAML, []byte("x: {a: 1}\nx: &x {workers: 3, workers: 4}\npool: *x"))))
	assert.Equal(t, []string{`a.yaml:2: ["<<"]: the key appears twice, first on line 1; keep one`},
		problems(t, load.Bytes("a.yaml", load.YAML, []byte("<<: {pool: {workers: 3}}\n<<: {pool: {workers: 4}}"))))
}

// A bad value of an earlier source is one the user should see, also where a
// later source hides it.
func TestOverriddenErrorIsReported(t *testing.T) {
	got := problems(t,
		load.Bytes("a.json", load.JSON, []byte(`{"pool": {"workers": 0}}`)),
		load.Bytes("b.json", load.JSON, []byte(`{"pool": {"workers": 5}}`)))
	assert.Equal(t, []string{`a.json:1: pool.workers = 0: must be from 1 to 1000000`}, got)
}

// If this fails, one slip is reported for every target that inherits it, or at
// a setting that nobody wrote.
func TestContradictionIsReportedWhereItWasWritten(t *testing.T) {
	for name, tc := range map[string]struct {
		data string
		want []string
	}{
		"in one block": {
			"retry_policy:\n  min_wait: 5\n  max_wait: 2\ntargets: {a: , b: }",
			[]string{`a.yaml:3: retry_policy.max_wait = 2s: must be at least min_wait, which is 5s`},
		},
		"with an outer block": {
			"circuit_breaker: {max_recovery_timeout: 90}\ntargets:\n  a.b:\n    circuit_breaker:\n      recovery_timeout: 100",
			[]string{`a.yaml:5: targets["a.b"].circuit_breaker.recovery_timeout = 1m40s: must be at most max_recovery_timeout, which is 1m30s from circuit_breaker.max_recovery_timeout`},
		},
		"not with a value that is wrong itself": {
			"retry_policy:\n  min_wait: 12\n  max_wait: soon",
			[]string{`a.yaml:3: retry_policy.max_wait = "soon": must be a number of seconds, or text with a unit such as "1.5s" or "200ms"`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, problems(t, load.Bytes("a.yaml", load.YAML, []byte(tc.data))))
		})
	}
}

// If this fails, a file that gives one of two bounds, as Python's may, does not
// load unless it gives the other.
func TestDefaultsGiveWay(t *testing.T) {
	set, err := load.Load(load.Bytes("a.yaml", load.YAML, []byte("retry_policy:\n  min_wait: 12\n"+
		"circuit_breaker:\n  window_calls: 10\n  recovery_timeout: 1h\n"+
		"operation_types: {api: {retry_policy: {min_wait: 0.5}}}\n"+
		"targets: {quick: {type: storage, retry_policy: {min_wait: 0, max_wait: 0.1}}}")))
	require.NoError(t, err)
	worker, err := set.Target("worker")
	require.NoError(t, err)
	assert.Equal(t, 12*time.Second, worker.Retry.MinWait)
	assert.Equal(t, 12*time.Second, worker.Retry.MaxWait, "no less than min_wait")
	assert.Equal(t, 10, worker.Breaker.MinimumCalls, "no more than window_calls")
	assert.Equal(t, time.Hour, worker.Breaker.MaxRecoveryTimeout, "no less than recovery_timeout")
	api, err := set.Target("api")
	require.NoError(t, err)
	assert.Equal(t, 15*time.Second, api.Retry.MaxWait, "the default holds where it can")
	quick, err := set.Target("quick")
	require.NoError(t, err)
	assert.Equal(t, 100*time.Millisecond, quick.Retry.MaxWait)
}

// If this fails, a program can't ask what is wrong, only print it.
func TestErrorsCanBeTakenApart(t *testing.T) {
	_, err := load.Load(load.Bytes("a.json", load.JSON, []byte("{\n\"pool\": {\"workers\": 0}}")))
	var field *policies.FieldError
	require.True(t, errors.As(err, &field))
	assert.Equal(t, policies.FieldError{
		Source: "a.json", Line: 2, Column: 10, Path: "pool.workers", Value: 0, Problem: "must be from 1 to 1000000",
	}, *field)
}
