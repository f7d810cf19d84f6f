package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// teller passes each line of the event stream on.
type teller chan string

func (l teller) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// until returns the lines up to the first that has the text.
func (l teller) until(t *testing.T, text string) string {
	t.Helper()
	var seen strings.Builder
	deadline := time.After(time.Minute)
	for {
		select {
		case line := <-l:
			seen.WriteString(line)
			if strings.Contains(line, text) {
				return seen.String()
			}
		case <-deadline:
			require.Fail(t, "the change was not shown", "%q in:\n%s", text, seen.String())
		}
	}
}

// replace puts a file in the place of another at once, as most editors do.
func replace(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path+"~", []byte(content), 0o600))
	require.NoError(t, os.Rename(path+"~", path))
}

// The run through Holdfast must take over what changes in the file, keep its
// policies where the file is wrong, and tell of both.
func TestTheGuardedRunFollowsItsFile(t *testing.T) {
	file := written(t, "agent_config.yaml", "retry_policy: {max_attempts: 4}\n")
	d, _, _ := rehearsal(t, options{config: []string{file}})
	s := d.side()
	out := make(teller, 100)
	s.stream = newStream(out, palette{}, time.Now())
	s.endpoint = newEndpoint("http://unused/", func() bool { return false }, http.DefaultTransport)
	c, err := guardedClient(t.Context(), s)
	require.NoError(t, err)

	replace(t, file, "retry_policy: {max_attempts: 6}\n")
	assert.Contains(t, out.until(t, "(agent_config.yaml:1:16)"), "reload  model_api, +4: retry_policy.max_attempts 4 -> 6\n")
	replace(t, file, "retry_policy: {max_attempts: 0}\n")
	out.until(t, "rejected")
	assert.Contains(t, out.until(t, "from 1 to 1000"), "invalid agent_config.yaml:1:16: retry_policy.max_attempts = 0:")
	replace(t, file, "retry_policy: {max_attempts: 6}\n")
	out.until(t, "valid again")

	require.NoError(t, c.close(t.Context()))
	assert.Equal(t, reloads{Applied: 2, Rejected: 1}, s.record.reloads)
}

// With files the report says how often they changed, and without it doesn't,
// as nothing is followed then. The heading tells which files those are.
func TestReportOfARunWithFiles(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	o := options{target: server.URL, seed: 1, duration: 300 * time.Millisecond, json: true}
	for _, tc := range []struct {
		files []string
		want  *reloads
	}{
		{nil, nil},
		{[]string{written(t, "agent_config.yaml", "retry_policy: {max_attempts: 4}\n")}, &reloads{}},
	} {
		o.config = tc.files
		d, stdout, stderr := rehearsal(t, o)
		require.Equal(t, exitOK, d.run(t.Context()), stderr)
		var r report
		require.NoError(t, json.Unmarshal(stdout.Bytes(), &r))
		assert.Equal(t, tc.want, r.Reloads)
		assert.Equal(t, tc.files != nil, strings.Contains(stderr.String(), "model_api in agent_config.yaml\n  reload "))
	}
}
