package settings

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// If this fails, the page and the editor show Go's names where a file has
// others, or turn English words into keys.
func TestCommentsHaveTheNamesOfAFile(t *testing.T) {
	own := names{"Workers": {text: "workers"}, "Within": {text: "within"}}
	all := names{
		"Workers": {text: "workers"}, "Within": {text: "within"}, "MaxWait": {text: "max_wait"},
		"JitterFull": {text: "full", isWord: true}, "Park": {text: "park", isWord: true}, "Retry": {text: "retry_policy"},
	}
	for _, tc := range []struct{ text, want string }{
		{"Workers are many.", "`workers` are many."},
		{"Workers are many. Workers start on demand.", "`workers` are many. Workers start on demand."},
		{"Workers are many.\nWorkers start on demand.", "`workers` are many.\nWorkers start on demand."},
		{"Workers counted within Within.", "`workers` counted within `within`."},
		{"Workers wait for [Workers, MaxWait]. MaxWait ends it.", "`workers` wait for [`workers`, `max_wait`]. `max_wait` ends it."},
		{"Workers: default [JitterFull], or JitterFull.", "`workers`: default `\"full\"`, or `\"full\"`."},
		{"Workers [Park] the car in the Park (Retry-After).", "`workers` `\"park\"` the car in the Park (Retry-After)."},
		{"Workers of the API.\n", "`workers` of the API."},
	} {
		got, err := comment{of: "Workers", text: tc.text, own: own, all: all}.in(markdownStyle)
		assert.NoError(t, err)
		assert.Equal(t, tc.want, got)
	}
	for _, text := range []string{"", "Many of them.", "WorkersToo are many.", "Workers are [Unheard] of."} {
		_, err := comment{of: "Workers", text: text, own: own, all: all}.in(plainStyle)
		assert.ErrorContains(t, err, "the comment of Workers", text)
	}
}
