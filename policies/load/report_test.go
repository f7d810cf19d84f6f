package load

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// If this fails, a text full of slips fills the memory and the log, or hides
// how many there are.
func TestErrorsBeyondTheBoundAreCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("{\"pool\": {\n")
	for i := range 1_500 {
		fmt.Fprintf(&b, "\"k%d\": 1,\n", i)
	}
	b.WriteString("\"workers\": 0}}")
	_, err := Load(Bytes("a.json", JSON, []byte(b.String())))
	var all policies.Errors
	require.ErrorAs(t, err, &all)
	require.Len(t, all, 1_001)
	assert.Equal(t, "pool.k0", all[0].Path, "those on the first lines are kept")
	assert.Equal(t, "pool.k999", all[999].Path)
	assert.Equal(t, policies.FieldError{Problem: "501 more are not listed; mend these first", Omitted: 501}, *all[1000])
	lines := strings.Split(err.Error(), "\n")
	assert.Equal(t, "1501 bad settings:", lines[0])
	assert.Equal(t, "  and 1401 more", lines[len(lines)-1])
}

// If this fails, [10] is told of before [2].
func TestPathsAreSortedAsPeopleCount(t *testing.T) {
	paths := []string{"a[10]", "a[2]", "a[02]", "a", "b", "a[2]x", "", "a[100]", "a[0]", "k10", "k9", "a[00000000000000000000000000000003]"}
	slices.SortFunc(paths, comparePaths)
	assert.Equal(t, []string{"", "a", "a[0]", "a[2]", "a[02]", "a[2]x", "a[00000000000000000000000000000003]", "a[10]", "a[100]", "b", "k9", "k10"}, paths)

	names := make([]string, 12)
	for i := range names {
		names[i] = "x"
	}
	_, err := Load(Provider("p", values{"retry_policy": map[string]any{"retry_on": names}}, nil))
	var all policies.Errors
	require.ErrorAs(t, err, &all)
	for i, e := range all {
		assert.Equal(t, fmt.Sprintf("retry_policy.retry_on[%d]", i), e.Path)
	}
}

// values is a provider of values.
type values map[string]any

func (v values) Read() (map[string]any, error) { return v, nil }
func (v values) ReadBytes() ([]byte, error)    { panic("not asked for") }
