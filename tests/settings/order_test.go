package settings_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/holdfast-go/holdfast/policies"
)

// governs says whether a key of a stage, a block's or a single one, is that of
// the setting.
func governs(key, setting string) bool { return key == setting || strings.HasPrefix(setting, key+".") }

// If this fails, a policy acts at a place that the list of the order doesn't
// have, or the list names what there is not.
func TestEverySettingHasItsStage(t *testing.T) {
	for _, s := range policies.Settings() {
		if s.Path == "type" {
			continue // picks defaults
		}
		found := false
		for _, stage := range policies.Order() {
			for _, key := range stage.Settings {
				found = found || governs(key, s.Path)
			}
		}
		assert.True(t, found, s.Path)
	}
	for _, stage := range policies.Order() {
		for _, key := range stage.Settings {
			found := false
			for _, s := range policies.Settings() {
				found = found || governs(key, s.Path)
			}
			assert.True(t, found, "%s of %s", key, stage.Policy)
		}
	}
}

// If this fails, the picture in ARCHITECTURE.md shows another order than the
// list in code.
func TestThePictureShowsTheOrder(t *testing.T) {
	text := string(read(t, "ARCHITECTURE.md"))
	_, picture, found := strings.Cut(text, "## The order of the policies")
	require.True(t, found)
	picture, _, _ = strings.Cut(picture, "\n## ")
	for _, stage := range policies.Order() {
		_, rest, shown := strings.Cut(picture, stage.Policy)
		require.True(t, shown, "%s is missing, or not in its place", stage.Policy)
		picture = rest
	}
}

// If this fails, a reader of README's table finds an example or a key that there
// is not.
func TestTheTableOfPoliciesIsRight(t *testing.T) {
	text := string(read(t, "README.md"))
	_, table, found := strings.Cut(text, "### Policies")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n**")
	rows := 0
	for _, line := range strings.Split(table, "\n") {
		cells := strings.Split(line, " | ")
		if len(cells) != 4 || !strings.Contains(line, "](") {
			continue
		}
		rows++
		for _, key := range regexp.MustCompile("`([a-z_.]+)`").FindAllStringSubmatch(cells[1], -1) {
			known := false
			for _, s := range policies.Settings() {
				known = known || governs(key[1], s.Path)
			}
			assert.True(t, known, "%s of %s", key[1], cells[0])
		}
		example := regexp.MustCompile(`\[(Example\w*)\]\(([^)]+)\)`).FindStringSubmatch(cells[3])
		require.NotNil(t, example, line)
		source, err := os.ReadFile(filepath.Join("../..", example[2]))
		require.NoError(t, err)
		_, body, there := strings.Cut(string(source), "func "+example[1]+"() {")
		require.True(t, there, "%s in %s", example[1], example[2])
		body, _, _ = strings.Cut(body, "\n}\n")
		assert.Contains(t, body, "// Output:", "%s is not checked", example[1])
	}
	assert.GreaterOrEqual(t, rows, 20)
}
