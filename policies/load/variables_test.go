package load_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/load"
)

// setenv sets "NAME=value" variables until the test ends.
func setenv(t *testing.T, variables ...string) {
	t.Helper()
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

// If this fails, a variable means something else than it says.
func TestVariables(t *testing.T) {
	setenv(t,
		"HOLDFAST_RETRY_POLICY__ENABLED=FALSE", "HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=7", "HOLDFAST_RETRY_POLICY__MIN_WAIT=1.5",
		"HOLDFAST_RETRY_POLICY__MAX_WAIT=2m", "HOLDFAST_RETRY_POLICY__JITTER=none", "HOLDFAST_RETRY_POLICY__RETRY_ON=http.404, net.timeout",
		"HOLDFAST_CIRCUIT_BREAKER__FAILURE_THRESHOLD=never", "HOLDFAST_CIRCUIT_BREAKER__FAILURE_RATE=0.5", "HOLDFAST_CIRCUIT_BREAKER__WINDOW_CALLS= ",
		"HOLDFAST_TARGETS__X__TYPE=storage", "HOLDFAST_TARGETS__a.B__POOL__WORKERS=9", "HOLDFAST_OPERATION_TYPES__STORAGE__POOL__WORKERS=8",
	)
	file := load.Bytes("a.json", load.JSON, []byte(`{"targets": {"A-b": {}}, "retry_policy": {"max_attempts": 2}}`))
	set, err := load.Load(file, load.Env("HOLDFAST_"))
	require.NoError(t, err)
	x := target(t, set, "x")
	assert.Equal(t, policies.Storage, x.Type)
	assert.Equal(t, 8, x.Pool.Workers)
	assert.False(t, x.Retry.Enabled)
	assert.Equal(t, 7, x.Retry.MaxAttempts, "the later source")
	assert.Equal(t, 1500*time.Millisecond, x.Retry.MinWait)
	assert.Equal(t, 2*time.Minute, x.Retry.MaxWait)
	assert.Equal(t, policies.JitterNone, x.Retry.Jitter)
	assert.Equal(t, []string{"http.404", "net.timeout"}, x.Retry.RetryOn)
	assert.Equal(t, policies.Never, x.Breaker.FailureThreshold)
	assert.InDelta(t, 0.5, x.Breaker.FailureRate, 0)
	assert.Equal(t, 100, x.Breaker.WindowCalls, "an empty one says nothing")
	assert.Equal(t, 9, target(t, set, "A-b").Pool.Workers, "as the file spells it")

	set, err = load.Load(load.Env("HOLDFAST_"), file)
	require.NoError(t, err)
	assert.Equal(t, 2, target(t, set, "x").Retry.MaxAttempts, "the later source")
}

// If this fails, a bad value in a variable is taken, or another one is blamed.
func TestBadVariablesAreNamed(t *testing.T) {
	for _, tc := range []struct {
		variables []string
		want      []string
	}{
		{[]string{"HOLDFAST_RETRY_POLICY__ENABLED=yes"}, []string{`$HOLDFAST_RETRY_POLICY__ENABLED: retry_policy.enabled = "yes": must be true or false`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=010"}, []string{`$HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS: retry_policy.max_attempts = "010": must be a whole number`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=0x7"}, []string{`$HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS: retry_policy.max_attempts = "0x7": must be a whole number`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=never"}, []string{`$HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS: retry_policy.max_attempts = "never": must be a whole number`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS=1e300"}, []string{`$HOLDFAST_RETRY_POLICY__MAX_ATTEMPTS: retry_policy.max_attempts = "1e300": must be from 1 to 1000`}},
		{[]string{"HOLDFAST_CIRCUIT_BREAKER__FAILURE_THRESHOLD=2.5"}, []string{`$HOLDFAST_CIRCUIT_BREAKER__FAILURE_THRESHOLD: circuit_breaker.failure_threshold = "2.5": must be a whole number, or "never"`}},
		{[]string{"HOLDFAST_CIRCUIT_BREAKER__FAILURE_RATE=half"}, []string{`$HOLDFAST_CIRCUIT_BREAKER__FAILURE_RATE: circuit_breaker.failure_rate = "half": must be a number`}},
		{[]string{"HOLDFAST_CIRCUIT_BREAKER__FAILURE_RATE=nan"}, []string{`$HOLDFAST_CIRCUIT_BREAKER__FAILURE_RATE: circuit_breaker.failure_rate = "nan": must be a number`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MIN_WAIT=soon"}, []string{`$HOLDFAST_RETRY_POLICY__MIN_WAIT: retry_policy.min_wait = "soon": must be a number of seconds, or text with a unit such as "1.5s" or "200ms"`}},
		{[]string{"HOLDFAST_RETRY_POLICY__RETRY_ON=http.404,,http.50"}, []string{
			`$HOLDFAST_RETRY_POLICY__RETRY_ON: retry_policy.retry_on[1] = "": must name an error condition, not be empty`,
			`$HOLDFAST_RETRY_POLICY__RETRY_ON: retry_policy.retry_on[2]: unknown error condition "http.50", did you mean "http.500"?`}},
		{[]string{"HOLDFAST_RETRY_POLICY__MAX_ATEMPTS=5"}, []string{`$HOLDFAST_RETRY_POLICY__MAX_ATEMPTS: retry_policy.max_atempts: unknown key; did you mean "max_attempts"?`}},
		{[]string{"HOLDFAST_RETRY_POLICY=s3cr3t"}, []string{`$HOLDFAST_RETRY_POLICY: retry_policy: must be a block of keys and values, not text`}},
		{[]string{"HOLDFAST_TARGETS__X=s3cr3t"}, []string{`$HOLDFAST_TARGETS__X: targets.x: must be a block of keys and values, not text`}},
		{[]string{"HOLDFAST_POOL__WORKERS=1", "HOLDFAST_Pool__Workers=2"}, []string{
			`$HOLDFAST_Pool__Workers: pool.workers: $HOLDFAST_POOL__WORKERS sets the same; keep one`}},
		{[]string{"HOLDFAST_RETRY_POLICY=1", "HOLDFAST_RETRY_POLICY__ENABLED=true"}, []string{
			`$HOLDFAST_RETRY_POLICY: retry_policy: must be a block of keys and values, not text`,
			`$HOLDFAST_RETRY_POLICY__ENABLED: retry_policy.enabled: $HOLDFAST_RETRY_POLICY sets the same; keep one`}},
		{[]string{"HOLDFAST_TARGETS__A_B__POOL__WORKERS=1", "HOLDFAST_TARGETS__A-B__POOL__WORKERS=2"}, []string{
			`$HOLDFAST_TARGETS__A_B__POOL__WORKERS: targets.a-b.pool.workers: $HOLDFAST_TARGETS__A-B__POOL__WORKERS sets the same; keep one`}},
	} {
		t.Run(strings.Join(tc.variables, " "), func(t *testing.T) {
			setenv(t, tc.variables...)
			assert.Equal(t, tc.want, problems(t, load.Env("HOLDFAST_")))
		})
	}
}

// If this fails, a variable that nobody reads changes nothing, and nobody is
// told.
func TestVariablesThatMustBeSlips(t *testing.T) {
	for variable, want := range map[string]string{
		"RETRY_POLICY_MAX_ATTEMPTS":                       "RETRY_POLICY__MAX_ATTEMPTS",
		"RETRY_POLCY__MAX_ATTEMPTS":                       "RETRY_POLICY__MAX_ATTEMPTS",
		"retry_policy_max_attempts":                       "RETRY_POLICY__MAX_ATTEMPTS",
		"RETRY__MAX_ATTEMPTS":                             "RETRY_POLICY__MAX_ATTEMPTS",
		"MAX_ATTEMPTS":                                    "RETRY_POLICY__MAX_ATTEMPTS",
		"MAX_ATEMPTS":                                     "RETRY_POLICY__MAX_ATTEMPTS",
		"RETRY_ENABLED":                                   "RETRY_POLICY__ENABLED",
		"BREAKER__ENABLED":                                "CIRCUIT_BREAKER__ENABLED",
		"CIRCUIT_BREAKER_RECOVERY_TIMEOUT":                "CIRCUIT_BREAKER__RECOVERY_TIMEOUT",
		"MAX_RECOVERY_TIMEOUT":                            "CIRCUIT_BREAKER__MAX_RECOVERY_TIMEOUT",
		"POOL_WORKERS":                                    "POOL__WORKERS",
		"RETRY_POLCY__SIZE":                               "RETRY_POLICY__SIZE",
		"OPERATION_TYPE__API__POOL__WORKERS":              "OPERATION_TYPES__API__POOL__WORKERS",
		"TARGETES__X__POOL__SIZE":                         "TARGETS__X__POOL__SIZE",
		"API_MAX_ATTEMPTS":                                "OPERATION_TYPES__API__RETRY_POLICY__MAX_ATTEMPTS",
		"API__MAX_ATEMPTS":                                "OPERATION_TYPES__API__RETRY_POLICY__MAX_ATTEMPTS",
		"API__RETRY_POLICY__MAX_ATTEMPTS":                 "OPERATION_TYPES__API__RETRY_POLICY__MAX_ATTEMPTS",
		"STORAGE_POOL_WORKERS":                            "OPERATION_TYPES__STORAGE__POOL__WORKERS",
		"PAYMENTS__RETRY_POLICY__MAX_ATTEMPTS":            "TARGETS__PAYMENTS__RETRY_POLICY__MAX_ATTEMPTS",
		"OPERATION_TYPES_API_RETRY_POLICY_MAX_WAIT":       "OPERATION_TYPES__API__RETRY_POLICY__MAX_WAIT",
		"TARGETS_PAYMENT_GATEWAY_RETRY_POLICY_MIN_WAIT":   "TARGETS__PAYMENT_GATEWAY__RETRY_POLICY__MIN_WAIT",
		"TARGET__PAYMENT_GATEWAY__RETRY_POLICY__MIN_WAIT": "TARGETS__PAYMENT_GATEWAY__RETRY_POLICY__MIN_WAIT",
		"PAYMENT_GATEWAY__MAX_PENDING":                    "POOL__MAX_PENDING",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("HOLDFAST_"+variable, "s3cr3t")
			assert.Equal(t, []string{"$HOLDFAST_" + variable + ": unknown variable; did you mean HOLDFAST_" + want + "?"}, problems(t, load.Env("HOLDFAST_")))
		})
	}
}

// If this fails, a program doesn't start because of a variable of its own.
func TestVariablesThatAreNotOurs(t *testing.T) {
	own := []string{
		"HOME", "LOG_LEVEL", "DEBUG_ENABLED", "TARGET_URL", "CONFIG__WORKERS", "CONFIG__POOL__SIZE", "RETRY", "_", "__", "POOL", "RESTART", "TARGETS", "TARGET", "HEDGE",
		"DELAY", "WINDOW", "ENABLED", "WORKERS", "TYPE", "API_KEY", "API_URL", "WORKER_COUNT", "POOLS__SIZE", "CHAOS", "KEYED", "FALLBACK",
	}
	for _, name := range own {
		for _, prefix := range []string{"HOLDFAST_", "MYAPP_", ""} {
			t.Run(prefix+name, func(t *testing.T) {
				t.Setenv(prefix+name, "main")
				_, err := load.Load(load.Env(prefix))
				assert.NoError(t, err)
			})
		}
	}
	for _, name := range []string{"MAX_ATTEMPTS", "RETRY__MAX_ATTEMPTS", "POOL_WORKERS", "POOL_WORKRES", "FALLBACK_TARGET", "RETRY_POLICY", "RETRY_POLICY_MAX_ATTEMPTS", "RETRY_POLCY__ENABLED", "TARGETS_A_POOL_WORKERS"} {
		for _, prefix := range []string{"MYAPP_", ""} {
			t.Run(prefix+name, func(t *testing.T) {
				t.Setenv(prefix+name, "main")
				_, err := load.Load(load.Env(prefix))
				assert.NoError(t, err)
			})
		}
	}
	t.Setenv("MYAPP_POOL__SIZE", "s3cr3t")
	assert.Len(t, problems(t, load.Env("MYAPP_")), 1, "two underscores are our own way to write")
}

// If this fails, a variable that a Python user brings along is ignored, or wins
// over the agent's file.
func TestBindusVariables(t *testing.T) {
	setenv(t, "RETRY__API_MAX_ATTEMPTS=7", "RETRY__STORAGE_MIN_WAIT=0.25", "RETRY__api_max_wait=20", "RETRY__LOG=x", "RETRY__BACKEND_URL=x")
	set, err := load.Load(
		load.Bytes("a.json", load.JSON, []byte(`{"operation_types": {"api": {"retry_policy": {"max_wait": 30}}}}`)), load.BinduEnv())
	require.NoError(t, err)
	api := set.Defaults(policies.API)
	assert.Equal(t, 7, api.Retry.MaxAttempts)
	assert.Equal(t, 30*time.Second, api.Retry.MaxWait, "the file wins, also where the variables come later")
	assert.Equal(t, 250*time.Millisecond, set.Defaults(policies.Storage).Retry.MinWait)
	assert.Equal(t, 3, set.Defaults(policies.Worker).Retry.MaxAttempts)
	set, err = load.Load(load.BinduEnv(), load.Bytes("a.json", load.JSON, []byte(`{"retry_policy": {"max_attempts": 5}}`)), load.BinduEnv())
	require.NoError(t, err)
	assert.Equal(t, 5, set.Defaults(policies.API).Retry.MaxAttempts, "what a file says for all targets wins too")

	for variable, want := range map[string]string{
		"API_MAX_ATEMPTS":      "did you mean RETRY__API_MAX_ATTEMPTS?",
		"STORGE_MIN_WAIT":      "did you mean RETRY__STORAGE_MIN_WAIT?",
		"BROWSER_MAX_ATTEMPTS": "known operation types are WORKER, STORAGE, API, SCHEDULER",
		"MAX_WAIT":             "known operation types are WORKER, STORAGE, API, SCHEDULER",
		"API_ENABLED":          "known after RETRY__API_ are MAX_ATTEMPTS, MIN_WAIT, MAX_WAIT",
	} {
		t.Run(variable, func(t *testing.T) {
			t.Setenv("RETRY__"+variable, "s3cr3t")
			assert.Equal(t, []string{"$RETRY__" + variable + ": unknown variable; " + want}, problems(t, load.BinduEnv()))
		})
	}
}

// If this fails, a flag that was not set overrules a file, or one of the
// program's own is taken for ours.
func TestFlags(t *testing.T) {
	flags := func(args ...string) load.Source {
		fs := flag.NewFlagSet("x", flag.ContinueOnError)
		fs.Int("retry_policy.max-attempts", 99, "")
		fs.Duration("retry-policy.min_wait", time.Hour, "")
		fs.String("targets.Payment.Gateway.pool.workers", "", "")
		fs.String("restart", "", "")
		fs.String("tool.path", "", "")
		fs.String("target.url", "", "")
		fs.String("pools.size", "", "")
		fs.String("retry_polcy.max_attempts", "", "")
		fs.String("circuit-braker.other", "", "")
		fs.String("pol.workers", "", "")
		require.NoError(t, fs.Parse(args))
		return load.Flags(fs)
	}
	set, err := load.Load(load.Bytes("a.json", load.JSON, []byte(`{"targets": {"Payment.Gateway": {"pool": {"workers": 1}}}, "retry_policy": {"max_attempts": 5}}`)),
		flags("-retry-policy.min_wait=2s", "-targets.Payment.Gateway.pool.workers=7", "-restart=x", "-tool.path=x", "-target.url=x", "-pools.size=x"))
	require.NoError(t, err)
	p := target(t, set, "Payment.Gateway")
	assert.Equal(t, 5, p.Retry.MaxAttempts, "left at its default")
	assert.Equal(t, 2*time.Second, p.Retry.MinWait)
	assert.Equal(t, 7, p.Pool.Workers)
	fields, err := set.Explain("Payment.Gateway")
	require.NoError(t, err)
	assert.Equal(t, policies.Origin{Source: "-retry-policy.min_wait", Path: "retry_policy.min_wait"}, fields[3].Origin)

	assert.Equal(t, []string{
		`-circuit-braker.other: unknown flag; did you mean -circuit_breaker.other?`,
		`-pol.workers: unknown flag; did you mean -pool.workers?`,
		`-retry_polcy.max_attempts: unknown flag; did you mean -retry_policy.max_attempts?`,
	}, problems(t, flags("-retry_polcy.max_attempts=s3cr3t", "-circuit-braker.other=s3cr3t", "-pol.workers=s3cr3t")))
	assert.Equal(t, []string{`-retry_policy.max-attempts: retry_policy.max_attempts = "0": must be from 1 to 1000`}, problems(t, flags("-retry_policy.max-attempts=0")))
	assert.Equal(t, []string{"flags: the flag set is nil; pass flag.CommandLine or one of your own"}, problems(t, load.Flags(nil)))
}

// If this fails, a program doesn't start because of a flag of its own, or one
// that is meant for us does nothing.
func TestFlagsThatAreNotSettings(t *testing.T) {
	for name, want := range map[string]string{
		"pool.size": "", "restart.delay": "", "hedge.fund": "", "pool.a.b": "", "targets.file": "", "pool": "", "retry_policy": "", "target.a.url": "",
		"retry.enabled": "", "api.key": "", "api.v1.url": "", "x.pool.workers": "", "a.b.pool.workers": "",
		"pool.worker":                     `-pool.worker: pool.worker: unknown key; did you mean "workers"?`,
		"retry_policy.size":               `-retry_policy.size: retry_policy.size: unknown key; known are `,
		"targets.a.url":                   `-targets.a.url: targets.a.url: unknown key; known are `,
		"operation_types.browser":         `-operation_types.browser: operation_types.browser: unknown operation type; known are `,
		"retry.max_attempts":              `-retry.max_attempts: unknown flag; did you mean -retry_policy.max_attempts?`,
		"breaker.recovery_timeout":        `-breaker.recovery_timeout: unknown flag; did you mean -circuit_breaker.recovery_timeout?`,
		"target.a.pool.workers":           `-target.a.pool.workers: unknown flag; did you mean -targets.a.pool.workers?`,
		"operation_type.api.pool.workers": `-operation_type.api.pool.workers: unknown flag; did you mean -operation_types.api.pool.workers?`,
		"api.pool.workers":                `-api.pool.workers: unknown flag; did you mean -operation_types.api.pool.workers?`,
	} {
		t.Run(name, func(t *testing.T) {
			fs := flag.NewFlagSet("x", flag.ContinueOnError)
			fs.String(name, "", "")
			require.NoError(t, fs.Parse([]string{"-" + name + "=s3cr3t"}))
			if want == "" {
				_, err := load.Load(load.Flags(fs))
				assert.NoError(t, err, "it is left alone")
				return
			}
			got := problems(t, load.Flags(fs))
			require.Len(t, got, 1)
			assert.Contains(t, got[0], want)
			assert.NotContains(t, got[0], "s3cr3t")
		})
	}
}

// The tests of variables must not see those of whoever runs them.
func TestMain(m *testing.M) {
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if (strings.HasPrefix(name, "HOLDFAST_") && name != "HOLDFAST_TEST_UNREADABLE") || strings.HasPrefix(name, "RETRY__") {
			_ = os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}
