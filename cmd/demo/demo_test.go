package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// rehearsal is a demo that writes to buffers.
func rehearsal(t *testing.T, o options) (d *demo, stdout, stderr *bytes.Buffer) {
	t.Helper()
	set, err := loadSet(o.config)
	require.NoError(t, err)
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	d = &demo{options: o, set: set, stdout: stdout, stderr: stderr, out: stdout}
	if o.json {
		d.out = stderr
	}
	return d, stdout, stderr
}

// The whole of it, with a real service, on its shortest schedule. How much
// better Holdfast does is for the tests in a bubble's time.
func TestTheBuiltInRunShowsARecovery(t *testing.T) {
	if testing.Short() {
		t.Skip("takes two runs of 3 s")
	}
	d, stdout, stderr := rehearsal(t, options{seed: 1, duration: shortestRun, json: true})
	require.Equal(t, exitOK, d.run(t.Context()), stderr)

	var r report
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &r))
	assert.Equal(t, r.Unprotected.Operations, r.Protected.Operations)
	assert.Equal(t, r.Protected.Operations, r.Protected.Succeeded+r.Protected.Failed)
	assert.Equal(t, r.Unprotected.Operations, r.Unprotected.Succeeded+r.Unprotected.Failed)
	assert.Less(t, r.Protected.CallsWhileDown, r.Unprotected.CallsWhileDown)
	for _, p := range []phase{slow, down, overloaded, recovering} {
		assert.Equal(t, 2, strings.Count(stderr.String(), describe(p)), "%s is announced in each run", p)
	}
}

// With a service of one's own there is no outage to demand a recovery from.
func TestOwnTarget(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	defer server.Close()
	d, stdout, stderr := rehearsal(t, options{target: server.URL, seed: 1, duration: 300 * time.Millisecond})
	require.Equal(t, exitOK, d.run(t.Context()), stderr)
	assert.Contains(t, stdout.String(), server.URL)
	assert.Regexp(t, `calls that could not connect +0 +0\n`, stdout.String())
	assert.EqualValues(t, 2*len(plan(1, 300*time.Millisecond)), calls.Load())
}

// A target that isn't there is the user's to know; the demo shows it.
func TestOwnTargetThatIsDown(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	d, stdout, stderr := rehearsal(t, options{target: server.URL, seed: 1, duration: 600 * time.Millisecond, json: true})
	require.Equal(t, exitOK, d.run(t.Context()), stderr)
	var r report
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &r))
	assert.Equal(t, r.Unprotected.Operations, r.Unprotected.Failed)
	assert.Positive(t, r.Unprotected.CallsWhileDown)
	assert.Positive(t, r.Protected.CallsWhileDown)
	require.NotEmpty(t, r.Transitions)
	assert.Equal(t, "open", r.Transitions[0].To)
}

// Ctrl-C must leave a table, not a stack of goroutines.
func TestInterruptedBeforeTheFirstOperation(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, stdout, stderr := rehearsal(t, options{seed: 1, duration: shortestRun})
	assert.Equal(t, exitInterrupted, d.run(ctx))
	assert.Empty(t, stderr.String())
	assert.Contains(t, stdout.String(), "Interrupted")
	assert.Regexp(t, `operations +0 +-\n`, stdout.String())
}

// interrupter cancels the demo as soon as a line contains a text.
type interrupter struct {
	bytes.Buffer
	at     string
	cancel func()
}

func (i *interrupter) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(i.at)) {
		i.cancel()
	}
	return i.Buffer.Write(p)
}

func TestInterruptedInTheSecondRun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d, _, stderr := rehearsal(t, options{target: server.URL, seed: 1, duration: 300 * time.Millisecond})
	out := &interrupter{at: "Run 2 of 2", cancel: cancel}
	d.out = out
	assert.Equal(t, exitInterrupted, d.run(ctx), stderr)
	assert.Regexp(t, `operations +[1-9][0-9]* +0\n`, out.String())
}

func TestHeading(t *testing.T) {
	never := policies.Default(policies.API)
	never.Breaker.FailureThreshold, never.Breaker.FailureRate = policies.Never, 0.5
	off := policies.Default(policies.API)
	off.Breaker.Enabled = false
	for _, tc := range []struct {
		policy policies.Policy
		says   []string
	}{
		{policies.Default(policies.API), []string{"4 attempts, waits of 1s to 15s", "opens after 5 failures in a row", "probes after 1m0s", "note"}},
		{never, []string{"opens by rate"}},
		{off, []string{"disabled by the policy"}},
	} {
		set, err := policies.NewSet(map[string]policies.Policy{modelAPI: tc.policy})
		require.NoError(t, err)
		d, stdout, _ := rehearsal(t, options{seed: 1, duration: defaultRun})
		d.set = set
		require.NoError(t, d.heading())
		for _, part := range tc.says {
			assert.Contains(t, stdout.String(), part)
		}
		for line := range strings.Lines(stdout.String()) {
			assert.LessOrEqual(t, len(line), width+1)
		}
	}
}

// A demo that doesn't show what it is there for must not look like a success.
func TestBuiltInRunWithoutARecoveryFails(t *testing.T) {
	set, err := policies.NewSet(map[string]policies.Policy{modelAPI: impatient()})
	require.NoError(t, err)
	d, stdout, stderr := rehearsal(t, options{seed: 1, duration: 300 * time.Millisecond})
	d.set = set
	assert.Equal(t, exitFailed, d.run(t.Context()))
	assert.Contains(t, stderr.String(), errNoRecovery.Error())
	assert.Contains(t, stdout.String(), "operations")
}

// A file or a variable that has a say in the policy may well keep the breaker
// closed: that is no failure of the demo.
func TestOnlyTheBuiltInConfigurationOwesARecovery(t *testing.T) {
	ours := func(o options) bool {
		d, _, _ := rehearsal(t, o)
		ours, err := d.builtIn()
		require.NoError(t, err)
		return ours
	}
	assert.True(t, ours(options{}))
	assert.False(t, ours(options{target: "http://127.0.0.1:1/"}))
	assert.False(t, ours(options{config: []string{written(t, builtInName, `{"retry_policy": {}}`)}}))
	t.Setenv("RETRY__API_MAX_ATTEMPTS", "9")
	t.Setenv("HOLDFAST_TARGETS__WEATHER__CIRCUIT_BREAKER__ENABLED", "false")
	assert.True(t, ours(options{}), "neither has a say in the policy of model_api")
	t.Setenv("HOLDFAST_CIRCUIT_BREAKER__ENABLED", "false")
	assert.False(t, ours(options{}))
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

// A report that could not be written is a failure, even of an interrupted run.
func TestReportThatCannotBeWritten(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d, _, stderr := rehearsal(t, options{seed: 1, duration: shortestRun, json: true})
	d.stdout = brokenPipe{}
	assert.Equal(t, exitFailed, d.run(ctx))
	assert.Contains(t, stderr.String(), "broken pipe")
}

// The service must not outlive a client that could not be made.
func TestMeasureWithoutAClient(t *testing.T) {
	d, _, _ := rehearsal(t, options{seed: 1, duration: shortestRun})
	broken := errors.New("no client")
	var url string
	_, err := d.side().measure(t.Context(), func(_ context.Context, s *side) (client, error) {
		url = s.endpoint.url
		return nil, broken
	})
	require.ErrorIs(t, err, broken)
	_, err = get(t, url)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
