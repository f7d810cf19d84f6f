package conformance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
	"github.com/holdfast-go/holdfast/policies/classify"
	"github.com/holdfast-go/holdfast/policies/load"
	"github.com/holdfast-go/holdfast/supervisor"
)

// errBusy is a sentinel that configuration names "app.busy".
var errBusy = errors.New("busy")

func TestMain(m *testing.M) {
	// Before anything is classified, as Register asks.
	if err := classify.Register("app.busy", func(err error) bool { return errors.Is(err, errBusy) }); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// loaded is the set of one JSON document.
func loaded(t *testing.T, document string) *policies.Set {
	t.Helper()
	set, err := load.Load(load.Bytes("agent_config.json", load.JSON, []byte(document)))
	require.NoError(t, err)
	return set
}

// assertBuiltIn checks that set holds nothing but the defaults.
func assertBuiltIn(t *testing.T, set *policies.Set) {
	t.Helper()
	for _, of := range policies.OperationTypes() {
		assert.Equal(t, policies.Default(of), set.Defaults(of), of)
	}
}

// If this fails, a program without configuration does something of its own.
func TestConformance10_ConfigDefaults(t *testing.T) {
	set, err := load.Load()
	require.NoError(t, err)
	assertBuiltIn(t, set)
	for _, of := range policies.OperationTypes() {
		assert.True(t, set.Defaults(of).Retry.Enabled)
		assert.Empty(t, set.Defaults(of).Retry.CustomExceptions)
	}
}

// If this fails, a policy built in code is changed on its way into force.
func TestConformance11_AConstructorKeepsCustomValues(t *testing.T) {
	p := policies.Default(policies.API)
	p.Retry.Enabled = false
	p.Retry.MaxAttempts = 9
	p.Retry.MinWait, p.Retry.MaxWait = 250*time.Millisecond, 33*time.Second
	p.Retry.CustomExceptions = []string{"http.418", "TimeoutError"}
	inBubble(t, oneTarget(t, p), func(t *testing.T, sup *supervisor.Supervisor) {
		assert.Equal(t, p, sup.Target(gateway).Policy())
	})
}

// If this fails, saying nothing about retries changes them.
func TestConformance12_EmptyGivesDefaults(t *testing.T) {
	for _, document := range []string{`{}`, `{"retry_policy": {}}`, `{"circuit_breaker": {}, "targets": {}}`} {
		assertBuiltIn(t, loaded(t, document))
	}
}

// If this fails, a setting in a user's file has no effect.
func TestConformance13_AllFourFieldsLoad(t *testing.T) {
	set := loaded(t, `{"retry_policy": {
		"enabled": false, "max_attempts": 10, "min_wait": 2.5, "max_wait": 120.0, "custom_exceptions": ["requests.Timeout"]}}`)
	for _, of := range policies.OperationTypes() {
		want := policies.Default(of)
		want.Retry.Enabled = false
		want.Retry.MaxAttempts = 10
		want.Retry.MinWait, want.Retry.MaxWait = 2500*time.Millisecond, 2*time.Minute
		want.Retry.CustomExceptions = []string{"requests.Timeout"}
		assert.Equal(t, want, set.Defaults(of), of)
	}
}

// If this fails, a file that names Python exceptions does not load any more.
func TestConformance14_ExceptionNamesResolve(t *testing.T) {
	names := []string{
		"requests.Timeout", "requests.ConnectionError", "requests.RequestException",
		"requests.exceptions.Timeout", "requests.exceptions.ConnectionError", "requests.exceptions.RequestException",
		"ConnectionError", "TimeoutError", "OSError", "asyncio.TimeoutError",
		"builtins.ConnectionError", "builtins.TimeoutError", "builtins.OSError",
		"httpx.TimeoutException", "httpx.ConnectTimeout", "httpx.ReadTimeout", "httpx.WriteTimeout", "httpx.PoolTimeout",
		"*net.OpError", "net/url.Error", "app.busy", "http.503", "grpc.Unavailable", "net.timeout",
	}
	list, err := json.Marshal(names)
	require.NoError(t, err)
	set := loaded(t, fmt.Sprintf(`{"retry_policy": {"custom_exceptions": %s}}`, list))
	inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
		assert.Equal(t, names, sup.Target("api").Policy().Retry.CustomExceptions)
	})
}

// If this fails, custom_exceptions loads but is not acted on.
func TestConformance14_ExceptionNamesAddToWhatIsRetried(t *testing.T) {
	teapot := &classify.StatusError{Method: "GET", StatusCode: 418}
	plain := setOf(t, nil)
	custom := loaded(t, `{"retry_policy": {"custom_exceptions": ["app.busy", "http.418", "net/url.Error"]}}`)
	for _, tc := range []struct {
		err         error
		plain, more int
	}{
		{errBusy, 1, 2},
		{fmt.Errorf("submit: %w", errBusy), 1, 2},
		{teapot, 1, 2},
		{&classify.StatusError{Method: "GET", StatusCode: 404}, 1, 1},
		{errRefused, 2, 2}, // never removes
		{errUnknown, 1, 1},
	} {
		for set, want := range map[*policies.Set]int{plain: tc.plain, custom: tc.more} {
			inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
				op := scripted(tc.err)
				_, _ = supervisor.Do(context.Background(), sup, "api", op.run)
				assert.Equal(t, want, op.calls(), "%v", tc.err)
			})
		}
	}
}

// If this fails, a key that is not set hides the default of the type.
func TestConformance15_GettersGiveTheDefaultWhenUnset(t *testing.T) {
	set := loaded(t, `{"retry_policy": {"max_wait": 99}}`)
	for _, of := range policies.OperationTypes() {
		got, builtIn := set.Defaults(of).Retry, policies.Default(of).Retry
		assert.Equal(t, builtIn.MaxAttempts, got.MaxAttempts, of)
		assert.Equal(t, builtIn.MinWait, got.MinWait, of)
		assert.True(t, got.Enabled, of)
		assert.Equal(t, 99*time.Second, got.MaxWait, of)
	}
}

// If this fails, the flat retry_policy does not reach every operation type.
func TestConformance16_GettersGiveTheValueWhenSet(t *testing.T) {
	set := loaded(t, `{"retry_policy": {"max_attempts": 6, "min_wait": 0.25}, "targets": {"weather": {}}}`)
	for _, name := range set.Names() {
		p, err := set.Target(name)
		require.NoError(t, err)
		assert.Equal(t, 6, p.Retry.MaxAttempts, name)
		assert.Equal(t, 250*time.Millisecond, p.Retry.MinWait, name)
	}
}

// If this fails, settings are laid over each other in another order than the
// documentation says. Here the more specific wins, whatever file it stands in:
// built-in, then agent-wide, then the operation type's, then the target's. It
// is the one place where Python differs: there an agent's retry_policy beats
// what the app settings say for a type.
func TestConformance16_PrecedenceIsFromTheGeneralToTheSpecific(t *testing.T) {
	app := load.File("testdata/app_settings.yaml")
	agent := load.Bytes("agent_config.json", load.JSON, []byte(`{
		"retry_policy": {"max_attempts": 5, "max_wait": 30},
		"targets": {"weather": {"retry_policy": {"min_wait": 3}}}
	}`))
	for _, order := range [][]load.Source{{app, agent}, {agent, app}} {
		set, err := load.Load(order...)
		require.NoError(t, err)

		api := set.Defaults(policies.API).Retry
		assert.Equal(t, 7, api.MaxAttempts, "the type's settings beat the agent-wide ones")
		assert.Equal(t, 2*time.Second, api.MinWait, "and what is built in")
		assert.Equal(t, 20*time.Second, api.MaxWait)
		assert.Equal(t, 2, set.Defaults(policies.Storage).Retry.MaxAttempts)
		assert.Equal(t, 30*time.Second, set.Defaults(policies.Storage).Retry.MaxWait, "the agent-wide ones beat what is built in")

		worker := set.Defaults(policies.Worker).Retry
		assert.Equal(t, 5, worker.MaxAttempts)
		assert.Equal(t, time.Second, worker.MinWait, "built in")

		weather, err := set.Target("weather")
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, weather.Retry.MinWait, "the target's beat all")
		assert.Equal(t, 7, weather.Retry.MaxAttempts)
	}
	// The same key in two sources: the later one wins.
	set, err := load.Load(app, load.Bytes("more.json", load.JSON, []byte(`{"operation_types": {"api": {"retry_policy": {"max_attempts": 9}}}}`)))
	require.NoError(t, err)
	assert.Equal(t, 9, set.Defaults(policies.API).Retry.MaxAttempts)
	assert.Equal(t, 2*time.Second, set.Defaults(policies.API).Retry.MinWait, "key by key")
}

// If this fails, an agent that configures nothing can't start.
func TestConformance17_EmptyAgentConfig(t *testing.T) {
	set, err := load.Load(load.File("testdata/empty_agent_config.json"))
	require.NoError(t, err)
	assertBuiltIn(t, set)
	inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
		v, err := supervisor.Do(context.Background(), sup, "worker", answering(1))
		require.NoError(t, err)
		assert.Equal(t, 1, v)
	})
}

// If this fails, a Python user's file does not load unchanged.
func TestConformance18_FullAgentConfigWithAuthorAndName(t *testing.T) {
	set, err := load.Load(load.File("testdata/agent_config.json"))
	require.NoError(t, err)
	for _, of := range policies.OperationTypes() {
		want := policies.Default(of)
		want.Retry.MaxAttempts = 5
		want.Retry.MinWait, want.Retry.MaxWait = 1500*time.Millisecond, time.Minute
		want.Retry.CustomExceptions = []string{"requests.RequestException", "ConnectionError", "asyncio.TimeoutError"}
		assert.Equal(t, want, set.Defaults(of), of)
	}
	inBubble(t, set, func(t *testing.T, sup *supervisor.Supervisor) {
		op := always(1000, errRefused)
		_, err := supervisor.Do(context.Background(), sup, "worker", op.run)
		require.ErrorIs(t, err, errRefused)
		assert.Equal(t, 5, op.calls())
	})
}

// If this fails, retries that were switched off happen, or wrap the error.
func TestConformance19_DisabledIsOneCallAndTheErrorPropagates(t *testing.T) {
	set := loaded(t, `{"retry_policy": {"enabled": false}, "targets": {"payment_gateway": {"circuit_breaker": {"failure_threshold": 2}}}}`)
	inEachWay(t, set, func(t *testing.T, sup *supervisor.Supervisor, call caller) {
		op := always(2, errRefused)
		before := time.Now()
		for range 2 {
			_, err := call(context.Background(), gateway, op.run)
			assert.Same(t, errRefused, err, "the error as it is")
		}
		assert.Equal(t, 2, op.calls())
		assert.Zero(t, time.Since(before))

		_, err := call(context.Background(), gateway, op.run)
		assert.ErrorIs(t, err, supervisor.ErrOpen, "the breaker still guards")
		assert.Equal(t, 2, op.calls())
	})
}

// If this fails, a policy from a file allows another number of attempts.
func TestConformance20_EnabledWithThreeAttemptsTheThirdSucceeds(t *testing.T) {
	set := loaded(t, `{"retry_policy": {"enabled": true, "max_attempts": 3, "min_wait": 0.1, "max_wait": 0.5}}`)
	inEachWay(t, set, func(t *testing.T, _ *supervisor.Supervisor, call caller) {
		for _, of := range policies.OperationTypes() {
			op := always(2, errTimeout)
			v, err := call(context.Background(), string(of), op.run)
			require.NoError(t, err)
			assert.Equal(t, 42, v)
			assert.Equal(t, 3, op.calls())
		}
	})
}
