package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/actors"
	"github.com/holdfast-go/holdfast/policies"
)

// Who edits a file wants to see the old value, the new one and the line that
// it took; what is said for all targets is said once.
func TestAppliedTellsWhatHasChanged(t *testing.T) {
	const file = "/srv/agents/agent_config.json"
	at := func(line int) policies.Origin { return policies.Origin{Source: file, Line: line, Column: 5} }
	change := func(target, path, before, after string, line int) policies.Change {
		return policies.Change{Target: target, Path: path, Old: before, New: after, Origin: at(line)}
	}
	lines := shortNames([]string{file}).applied(actors.PoliciesApplied{Changes: []policies.Change{
		change("api", "retry_policy.max_attempts", "4", "6", 3),
		change("model_api", "retry_policy.max_attempts", "4", "6", 3),
		change("model_api", "pool.workers", "256", "64", 4),
		change("scheduler", "retry_policy.max_attempts", "3", "6", 3),
		{Target: "weather", New: "api"},
		{Target: "payment", Old: "api"},
		{Target: "storage", Path: "circuit_breaker.ignore", Old: "none", New: "http.404, http.422, http.409"},
	}})
	assert.Equal(t, []string{
		"model_api, api: retry_policy.max_attempts 4 -> 6",
		"  (agent_config.json:3:5)",
		"pool.workers 256 -> 64 (agent_config.json:4:5)",
		"scheduler: retry_policy.max_attempts 3 -> 6",
		"  (agent_config.json:3:5)",
		"weather added",
		"payment removed",
		"storage: circuit_breaker.ignore none -> http.404, http.422,",
		"  +1 (default)",
	}, lines)
}

// A file with a thousand targets must not flood the terminal.
func TestAppliedIsBounded(t *testing.T) {
	var e actors.PoliciesApplied
	for i := range shownChanges {
		e.Changes = append(e.Changes, policies.Change{Target: fmt.Sprint("added-", i), New: "api"})
	}
	lines := fileNames{}.applied(e)
	assert.Len(t, lines, shownChanges)
	assert.Equal(t, "added-5 added", lines[5])

	long := strings.Repeat("long ", 50)
	for i := range 1000 {
		e.Changes = append(e.Changes, policies.Change{
			Target: fmt.Sprint("target-", i, long), Path: "retry_policy.retry_on", Old: long, New: fmt.Sprint(i, long), Origin: policies.Origin{Source: "/" + strings.Repeat("long/", 50)},
		})
	}
	lines = fileNames{}.applied(e)
	assert.LessOrEqual(t, len(lines), shownChanges*errorLines)
	assert.Equal(t, "and 1001 more changes", lines[len(lines)-1])
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), textWidth)
	}
}

// The first errors must be whole, with their places; how many more there are
// must be said.
func TestRejectedTellsTheFirstErrors(t *testing.T) {
	const file = "/srv/agents/agent_config.json"
	var all policies.Errors
	for i := range 5 {
		all = append(all, &policies.FieldError{
			Source: file, Line: i + 1, Column: 5, Path: "retry_policy.max_attempts", Value: 0, Problem: "must be from 1 to 1000",
		})
	}
	n := shortNames([]string{file})
	assert.Equal(t, []string{
		"rejected, the policies stay as they were: 5 bad settings",
		"agent_config.json:1:5: retry_policy.max_attempts = 0: must",
		"  be from 1 to 1000",
		"agent_config.json:2:5: retry_policy.max_attempts = 0: must",
		"  be from 1 to 1000",
		"agent_config.json:3:5: retry_policy.max_attempts = 0: must",
		"  be from 1 to 1000",
		"and 2 more, which -check lists",
	}, n.rejected(actors.PoliciesRejected{Err: fmt.Errorf("load: %w", all)}))
	assert.Equal(t, file, all[0].Source, "the event is others' too")

	lines := n.rejected(actors.PoliciesRejected{Err: all[:1]})
	assert.Equal(t, "rejected, the policies stay as they were: 1 bad setting", lines[0])
	assert.Len(t, lines, 3)
}

func TestHangingIsBounded(t *testing.T) {
	assert.Equal(t, []string{"short"}, hanging("short"))
	lines := hanging(strings.Repeat("long ", 100))
	assert.Len(t, lines, errorLines)
	assert.True(t, strings.HasSuffix(lines[errorLines-1], "…"))
	lines = fileNames{}.rejected(actors.PoliciesRejected{Err: errors.New(strings.Repeat("long\n", 100))})
	assert.Len(t, lines, errorLines)
	for _, line := range lines {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), textWidth)
	}
}
