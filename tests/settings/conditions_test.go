package settings_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies/classify"
)

// If this fails, the page or the editor offers the name of an error condition
// that a file can't have, or leaves one out.
func TestEveryErrorConditionIsListed(t *testing.T) {
	var known []string
	for _, f := range classify.Families() {
		known = append(known, f.Names...)
	}
	require.NotEmpty(t, known)

	_, section, _ := strings.Cut(string(read(t, "docs/settings.md")), "\n### ")
	var onPage []string
	for _, line := range strings.Split(section, "\n") {
		if !strings.HasPrefix(line, "`") && !strings.HasPrefix(line, "| `") {
			continue
		}
		for _, name := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(line, -1) {
			onPage = append(onPage, name[1])
		}
	}
	assert.ElementsMatch(t, known, onPage)

	var schema struct {
		Defs struct {
			Condition struct{ Examples []string } `json:"error_condition"`
		} `json:"$defs"`
	}
	require.NoError(t, json.Unmarshal(read(t, "docs/holdfast.schema.json"), &schema))
	assert.ElementsMatch(t, known, schema.Defs.Condition.Examples)

	checked := compiled(t)
	for _, name := range known {
		data := fmt.Appendf(nil, `{"retry_policy": {"retry_on": [%q]}}`, name)
		_, err := loadJSON(data)
		assert.NoError(t, err, name)
		assert.NoError(t, check(checked, data), name)
	}
}
