package model_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If it failed, a requirement would stand in ARCHITECTURE.md that nothing checks,
// or the model would check one that nobody can read.
func TestEveryRequirementIsCheckedAndHasAPlainTest(t *testing.T) {
	text, err := os.ReadFile("../../ARCHITECTURE.md")
	require.NoError(t, err)
	model, machine := everything(t, "*_test.go"), everything(t, "../../policies/breaker/*_test.go")
	named := map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (R\d+) \| .+ \| (Test\w+) \|$`).FindAllStringSubmatch(string(text), -1) {
		named[row[1]] = true
		assert.Regexp(t, `\b`+row[1]+`\b`, model, "the model does not name it")
		assert.Contains(t, machine, "func "+row[2]+"(", row[1])
	}
	assert.GreaterOrEqual(t, len(named), 26)
	for _, r := range regexp.MustCompile(`\bR\d+\b`).FindAllString(model, -1) {
		assert.True(t, named[r], "%s is not in ARCHITECTURE.md", r)
	}
}

func everything(t *testing.T, glob string) (text string) {
	t.Helper()
	files, err := filepath.Glob(glob)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		source, err := os.ReadFile(f)
		require.NoError(t, err)
		text += string(source)
	}
	return text
}
