package main

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/holdfast-go/holdfast/policies"
)

// Two files with the same short name would make an origin worthless.
func TestShortNamesTellFilesApart(t *testing.T) {
	for _, tc := range []struct{ files, want string }{
		{"/srv/conf/agent.json", "agent.json"},
		{"agent.json", "agent.json"},
		{"../agent.json", "agent.json"},
		{"/a/x.json /b/y.json", "x.json y.json"},
		{"/a/x.json /b/x.json", "a/x.json b/x.json"},
		{"/a/c/x.json /b/c/x.json /b/c/y.json", "a/c/x.json b/c/x.json y.json"},
		{"x.json conf/x.json", "x.json conf/x.json"},
		{"/x.json /conf/x.json", "/x.json conf/x.json"},
		{"/a/my-x.json /a/x.json", "my-x.json x.json"},
		{"/a/x.json /a/x.json", "x.json x.json"},
		{"./x.json x.json", "x.json x.json"},
	} {
		t.Run(tc.files, func(t *testing.T) {
			files := strings.Fields(filepath.FromSlash(tc.files))
			short := shortNames(files)
			var got []string
			for _, file := range files {
				got = append(got, short[file])
			}
			assert.Equal(t, filepath.FromSlash(tc.want), strings.Join(got, " "))
		})
	}
}

// Line and column are why an origin is shown: a long path must not hide them.
func TestOriginIsShort(t *testing.T) {
	path := filepath.Join("/srv", strings.Repeat("long", 40), "agent.json")
	n := shortNames([]string{path})
	for _, tc := range []struct {
		origin policies.Origin
		want   string
	}{
		{policies.Origin{}, "default"},
		{policies.Origin{Source: policies.FromCode}, "code"},
		{policies.Origin{Source: "$HOLDFAST_POOL__WORKERS"}, "$HOLDFAST_POOL__WORKERS"},
		{policies.Origin{Source: path, Line: 7, Column: 5}, "agent.json:7:5"},
		{policies.Origin{Source: path, Line: 7, Column: 5, Follows: "retry_policy.min_wait"}, "agent.json:7:5 (follows min_wait)"},
	} {
		assert.Equal(t, tc.want, n.origin(tc.origin))
	}
}

func TestCutFrontKeepsTheEnd(t *testing.T) {
	assert.Equal(t, "a.json:7:5", cutFront("a.json:7:5", 10))
	assert.Equal(t, "…json:7:5", cutFront("a.json:7:5", 9))
	assert.Equal(t, "…ü:7:5", cutFront("öäü:7:5", 6))
}

// A list that is cut must say so, and how much is gone.
func TestShortListCountsWhatItLeavesOut(t *testing.T) {
	const list = "http.503, net.timeout, http.429, sql.40001"
	for _, tc := range []struct {
		columns int
		want    string
	}{
		{42, list}, {41, "http.503, net.timeout, http.429, +1"}, {34, "http.503, net.timeout, +2"},
		{24, "http.503, +3"}, {12, "http.503, +3"}, {11, "http.5…, +3"},
	} {
		got := shortList(list, tc.columns)
		assert.Equal(t, tc.want, got)
		assert.LessOrEqual(t, utf8.RuneCountInString(got), tc.columns)
	}
	assert.Equal(t, "decor…", shortList("decorrelated", 6))
}
